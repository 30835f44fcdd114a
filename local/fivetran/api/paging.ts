import type { Json } from '../../json.ts';
import { invalid, type Call } from './router.ts';

const defaultLimit = 100;
const largestLimit = 1000;

/**
 * One page of a list: `cursor` names the last item of the page before. `next_cursor` is absent on the last page.
 *
 * @throws ApiError 400 for a limit outside 1..1000 or a cursor that Fivetran has not given
 */
export function page<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  toJson: (item: Item) => Json,
  { query }: Pick<Call, 'query'>,
): Json {
  const limit = Number(query.get('limit') ?? defaultLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > largestLimit) {
    throw invalid(`Parameter 'limit' must be between 1 and ${largestLimit}`);
  }
  const cursor = query.get('cursor');
  let start = 0;
  if (cursor !== null) {
    const last = Buffer.from(cursor, 'base64url').toString();
    start = items.findIndex((item) => idOf(item) === last) + 1;
    if (start === 0) throw invalid("Parameter 'cursor' is invalid");
  }
  const shown = items.slice(start, start + limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toJson),
    ...(last !== undefined && start + limit < items.length
      ? { next_cursor: Buffer.from(idOf(last)).toString('base64url') }
      : {}),
  };
}
