import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { parse } from './parse.ts';

const refusal = (schema: z.ZodMiniType, value: unknown): string => {
  try {
    parse(schema, value, 'The input');
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : '';
  }
  return 'none';
};

test('answers what fits', () => {
  expect(parse(z.object({ count: z.number() }), { count: 3, more: true }, 'The input')).toEqual({ count: 3 });
});

test.each([
  [
    'every field that does not fit',
    z.object({ a: z.string(), b: z.number() }),
    {},
    'a: expected string; b: expected number',
  ],
  ['the whole value', z.object({}), null, 'the value: expected object'],
  [
    'a field within a field',
    z.object({ a: z.object({ b: z.string() }) }),
    { a: { b: 1 } },
    'a.b: expected string',
  ],
  [
    'a value that is demanded, whatever it is',
    z.object({ a: z.nonoptional(z.unknown()) }),
    {},
    'a: is missing',
  ],
  ['the words that are allowed', z.object({ a: z.enum(['x', 'y']) }), { a: 'z' }, 'a: expected one of x, y'],
  [
    'the modes that there are',
    z.discriminatedUnion('mode', [
      z.object({ mode: z.literal('begin') }),
      z.object({ mode: z.literal('progress') }),
    ]),
    { mode: 'other' },
    'mode: expected one of begin, progress',
  ],
  [
    'each form that the value could have',
    z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
    {},
    'the value: fits none of its forms (a: expected string – or b: expected string)',
  ],
])('names %s, and no value', (_what, schema, value, words) => {
  expect(refusal(schema, value)).toBe(`InvalidInputError: The input is not valid: ${words}`);
});
