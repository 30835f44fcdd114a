import * as z from 'zod/mini';
import type { FivetranHttp, FivetranRequest } from './http.ts';

/** The most items that Fivetran gives a page: https://fivetran.com/docs/rest-api/api-reference/pagination */
const itemsPerPage = 1000;

/**
 * Every page of a list, one request at a time: a caller that stops early asks for nothing more, and a fleet is
 * never in memory whole.
 */
export async function* pagesOf<Item extends z.ZodMiniType>(
  http: FivetranHttp,
  request: Omit<FivetranRequest<z.ZodMiniType>, 'data' | 'method' | 'repeatable'>,
  item: Item,
): AsyncGenerator<{ items: z.output<Item>[]; serverTime: Date }> {
  const page = z.object({ items: z.array(item), next_cursor: z.nullish(z.string()) });
  let cursor: string | undefined;
  do {
    const { data, serverTime } = await http.send({
      ...request,
      method: 'GET',
      repeatable: true,
      query: { ...request.query, limit: itemsPerPage, cursor },
      data: page,
    });
    yield { items: data.items, serverTime };
    cursor = data.next_cursor ?? undefined;
  } while (cursor !== undefined && cursor !== '');
}

/** All items of a list. */
export async function allOf<Item>(pages: AsyncIterable<{ items: Item[] }>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page.items);
  return items;
}
