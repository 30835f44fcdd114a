import type { AwsError } from './service.ts';

/** One page of a list, and the token that asks for the next one. */
export interface Page<Item> {
  items: Item[];
  nextToken: string | undefined;
}

interface PageRequest {
  limit: number;
  token: string | undefined;
  /** What the service says to a token that it did not issue. */
  invalidToken: () => AwsError;
}

/**
 * The page that `token` asks for, out of items in a stable order. A token names the last item that was seen, so that
 * items which come or go between two requests neither repeat nor hide others.
 */
export function takePage<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { limit, token, invalidToken }: PageRequest,
): Page<Item> {
  const start = token === undefined ? 0 : positionAfter(items, keyOf, token, invalidToken);
  const page = items.slice(start, start + limit);
  const last = page.at(-1);
  const more = start + limit < items.length && last !== undefined;
  return { items: page, nextToken: more ? toToken(start + limit, keyOf(last)) : undefined };
}

function positionAfter<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  token: string,
  invalidToken: () => AwsError,
): number {
  const [, position, key] = /^(\d+):(.*)$/s.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (position === undefined || key === undefined || toToken(Number(position), key) !== token) {
    throw invalidToken();
  }
  const found = items.findIndex((item) => keyOf(item) === key);
  return found === -1 ? Number(position) : found + 1;
}

const toToken = (position: number, key: string): string =>
  Buffer.from(`${position}:${key}`).toString('base64url');
