import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../json.ts';
import { matchesPattern, validatePattern } from './pattern.ts';

const detail = (matchers: unknown[]): JsonObject => ({ detail: { field: matchers as string[] } });
const event = (field: unknown): JsonObject => ({
  detail: field === undefined ? {} : { field: field as string },
});

describe('an event pattern', () => {
  test.each<[string, unknown[], unknown, boolean]>([
    ['exact text', ['a', 'b'], 'b', true],
    ['exact text that differs in case', ['a'], 'A', false],
    ['an exact number', [5], 5, true],
    ['a number against text', [5], '5', false],
    ['null', [null], null, true],
    ['true', [true], true, true],
    ['any item of an array', ['b'], ['a', 'b'], true],
    ['a field that is not there', ['a'], undefined, false],
    ['prefix', [{ prefix: 'vpce-' }], 'vpce-1', true],
    ['prefix of a number', [{ prefix: '1' }], 12, false],
    ['prefix, ignoring case', [{ prefix: { 'equals-ignore-case': 'VPCE-' } }], 'vpce-1', true],
    ['suffix', [{ suffix: '.png' }], 'a.png', true],
    ['suffix that differs', [{ suffix: '.png' }], 'a.jpg', false],
    ['anything-but a value', [{ 'anything-but': 'a' }], 'b', true],
    ['anything-but that value', [{ 'anything-but': 'a' }], 'a', false],
    ['anything-but a list', [{ 'anything-but': ['a', 'b'] }], 'b', false],
    ['anything-but of a missing field', [{ 'anything-but': 'a' }], undefined, false],
    ['anything-but a prefix', [{ 'anything-but': { prefix: 'a' } }], 'abc', false],
    ['anything-but prefixes', [{ 'anything-but': { prefix: ['a', 'b'] } }], 'cba', true],
    ['anything-but a suffix', [{ 'anything-but': { suffix: 'c' } }], 'abd', true],
    ['anything-but a wildcard', [{ 'anything-but': { wildcard: 'a*c' } }], 'abc', false],
    ['anything-but, ignoring case', [{ 'anything-but': { 'equals-ignore-case': 'A' } }], 'a', false],
    ['numeric equality', [{ numeric: ['=', 5] }], 5, true],
    ['a numeric range', [{ numeric: ['>', 0, '<=', 5] }], 5, true],
    ['a numeric range, outside', [{ numeric: ['>', 0, '<=', 5] }], 0, false],
    ['numeric of text', [{ numeric: ['>', 0] }], '1', false],
    ['exists', [{ exists: true }], 'a', true],
    ['exists of a missing field', [{ exists: true }], undefined, false],
    ['exists: false of a missing field', [{ exists: false }], undefined, true],
    ['exists: false of a field', [{ exists: false }], 'a', false],
    ['a value or its absence', ['a', { exists: false }], undefined, true],
    ['equals-ignore-case', [{ 'equals-ignore-case': 'ABC' }], 'abc', true],
    ['wildcard', [{ wildcard: 'arn:*:execution:*' }], 'arn:aws:execution:a:b', true],
    ['wildcard with a literal asterisk', [{ wildcard: 'a\\*' }], 'a*', true],
    ['wildcard with a literal asterisk, otherwise', [{ wildcard: 'a\\*' }], 'ab', false],
    ['wildcard over characters that regular expressions know', [{ wildcard: 'a.(*' }], 'a.(b', true],
    ['cidr', [{ cidr: '10.0.0.0/24' }], '10.0.0.255', true],
    ['cidr, outside', [{ cidr: '10.0.0.0/24' }], '10.0.1.1', false],
    ['cidr of version 6', [{ cidr: '2001:db8::/32' }], '2001:db8::1', true],
    ['cidr of no address', [{ cidr: '10.0.0.0/24' }], 'host', false],
  ])('matches by %s', (_what, matchers, field, expected) => {
    expect(matchesPattern(detail(matchers), event(field))).toBe(expected);
  });

  test('needs every field that it names', () => {
    const pattern = { source: ['a'], detail: { x: [1], y: [2] } };
    expect(matchesPattern(pattern, { source: 'a', detail: { x: 1, y: 2 } })).toBe(true);
    expect(matchesPattern(pattern, { source: 'a', detail: { x: 1 } })).toBe(false);
  });

  test('needs one branch of $or beside its other fields', () => {
    const pattern = { source: ['a'], detail: { $or: [{ x: [1] }, { y: [2] }] } };
    expect(matchesPattern(pattern, { source: 'a', detail: { y: 2 } })).toBe(true);
    expect(matchesPattern(pattern, { source: 'a', detail: { y: 3 } })).toBe(false);
    expect(matchesPattern(pattern, { source: 'b', detail: { y: 2 } })).toBe(false);
  });

  test('looks into the objects of an array', () => {
    const pattern = { detail: { list: { id: ['b'] } } };
    expect(matchesPattern(pattern, { detail: { list: [{ id: 'a' }, { id: 'b' }] } })).toBe(true);
  });

  test.each<[string, JsonObject]>([
    ['nothing', {}],
    ['a value outside an array', { source: 'a' }],
    ['an empty array', { source: [] }],
    ['an operator that EventBridge does not know', { source: [{ like: 'a' }] }],
    ['two operators at once', { source: [{ prefix: 'a', suffix: 'b' }] }],
    ['$or with one branch', { $or: [{ source: ['a'] }] }],
    ['numeric without a number', { a: [{ numeric: ['>', 'x'] }] }],
    ['a range that is none', { a: [{ cidr: '10.0.0.0' }] }],
  ])('is refused when it has %s', (_what, pattern) => {
    expect(() => {
      validatePattern(pattern);
    }).toThrow();
  });
});
