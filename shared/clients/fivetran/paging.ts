import * as z from 'zod/mini';
import { describeIssues } from '../../contracts/parse.ts';
import { UnexpectedAnswerError } from '../../errors.ts';
import { parseJson, type FivetranHttp, type FivetranRequest } from './http.ts';

/** The most items that Fivetran gives a page: https://fivetran.com/docs/rest-api/api-reference/pagination */
const itemsPerPage = 1000;

const Rest = z.object({ items: z.array(z.unknown()), next_cursor: z.nullish(z.string()) });

/**
 * Every page of a list, one request at a time, and of a page one item at a time: a caller that stops early asks for
 * nothing more, and a fleet is never in memory whole.
 */
export async function* pagesOf<Item extends z.ZodMiniType>(
  http: FivetranHttp,
  request: Omit<FivetranRequest<z.ZodMiniType>, 'data' | 'method' | 'repeatable' | 'items'>,
  item: Item,
): AsyncGenerator<{ items: z.output<Item>[]; serverTime: Date }> {
  let cursor: string | undefined;
  do {
    let items: z.output<Item>[] = [];
    const { data, serverTime } = await http.send({
      ...request,
      method: 'GET',
      repeatable: true,
      query: { ...request.query, limit: itemsPerPage, cursor },
      data: Rest,
      items: {
        begin: () => (items = []),
        take: (json) => items.push(parseItem(item, json, request.path)),
      },
    });
    yield { items, serverTime };
    cursor = data.next_cursor ?? undefined;
  } while (cursor !== undefined && cursor !== '');
}

function parseItem<Item extends z.ZodMiniType>(item: Item, json: string, path: string): z.output<Item> {
  const result = z.safeParse(item, parseJson(json));
  if (result.success) return result.data;
  throw new UnexpectedAnswerError(
    `Fivetran's answer to GET ${path} is not as documented: of an item, ${describeIssues(result.error)}.`,
  );
}

/** All items of a list. */
export async function allOf<Item>(pages: AsyncIterable<{ items: Item[] }>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page.items);
  return items;
}
