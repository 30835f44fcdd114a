import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { takePage } from './paging.ts';
import { AwsError } from './service.ts';

const invalidToken = () => new AwsError('InvalidNextToken', 'no');
const page = (items: readonly string[], limit: number, token?: string) =>
  takePage(items, (item) => item, { limit, token, invalidToken });

it('gives every item once, in order, whatever the size of a page', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 7 }), (items, limit) => {
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const next = page(items, limit, token);
        expect(next.items.length).toBeLessThanOrEqual(limit);
        seen.push(...next.items);
        token = next.nextToken;
      } while (token !== undefined);
      expect(seen).toEqual(items);
    }),
  );
});

it('neither repeats nor hides an item when others come and go between two pages', () => {
  const { nextToken } = page(['a', 'b', 'c', 'd'], 2);
  expect(page(['b', 'c', 'd', 'e'], 10, nextToken).items).toEqual(['c', 'd', 'e']);
});

it('refuses a token that it did not issue', () => {
  expect(() => page(['a'], 1, 'nonsense')).toThrow(AwsError);
  expect(() => page(['a'], 1, '')).toThrow(AwsError);
});
