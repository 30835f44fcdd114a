import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalValue, columnKind, sourceText } from './column-kind.ts';
import { canonicalKey, fingerprint, pickColumns, sameContent } from './fingerprint.ts';

describe('a value as both ends write it', () => {
  it.each([
    ['numeric', '4.990', '4.99'],
    ['numeric', '-0.00', '0'],
    ['numeric', '0012.50', '12.5'],
    ['integer', '-9223372036854775808', '-9223372036854775808'],
    ['boolean', 't', 'true'],
    ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['padded-text', 'ab    ', 'ab'],
    ['text', ' ab ', ' ab '],
    ['date', '2024-02-29', '2024-02-29'],
    ['timestamp', '1969-12-31 23:59:59.000001+00', '-999999'],
    ['timestamp', '2024-02-29 23:59:59', '1709251199000000'],
  ] as const)('%s %s is %s', (kind, text, canonical) => {
    expect(canonicalValue(kind, text, 'source')).toBe(canonical);
  });

  it.each([
    ['numeric', 'NaN'],
    ['date', 'infinity'],
    ['date', '0044-03-15 BC'],
    ['timestamp', '20000-01-01 00:00:00+00'],
  ] as const)('%s %s has no certain form', (kind, text) => {
    expect(canonicalValue(kind, text, 'source')).toBeUndefined();
  });

  it('a timestamp goes to canonical text and back without loss', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }), (micros) => {
        const text = sourceText('timestamp', micros.toString()).replace('T', ' ');
        expect(canonicalValue('timestamp', text, 'source')).toBe(micros.toString());
      }),
    );
  });

  it.each([
    ['numeric', -1, undefined],
    ['numeric', ((10 << 16) | 2) + 4, 'numeric'],
    ['numeric', ((50 << 16) | 2) + 4, undefined],
    ['float8', -1, undefined],
    ['timestamptz', -1, 'timestamp'],
  ])('a column of type %s with modifier %i is of kind %s', (type, modifier, kind) => {
    expect(columnKind(type, modifier)).toBe(kind);
  });
});

describe('a fingerprint', () => {
  const kinds = ['text', 'numeric', 'boolean'] as const;

  it('is the same however each end writes the values', () => {
    expect(fingerprint(kinds, ['a', '1.50', 't'], 'source')).toBe(
      fingerprint(kinds, ['a', '1.5', 'true'], 'destination'),
    );
  });

  it('tells null from the empty text and from the word', () => {
    const prints = [null, '', 'null'].map((value) => fingerprint(['text'], [value], 'source'));
    expect(new Set(prints).size).toBe(3);
  });

  it('differs whenever a text differs', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const same = sameContent(
          fingerprint(['text'], [one], 'source'),
          fingerprint(['text'], [other], 'destination'),
        );
        expect(same).toBe(one === other);
      }),
    );
  });

  it('compares the other columns where one value has no certain form', () => {
    const print = fingerprint(['date', 'text'], ['infinity', 'a'], 'source');
    expect(sameContent(print, fingerprint(['date', 'text'], [null, 'a'], 'destination'))).toBe(true);
    expect(sameContent(print, fingerprint(['date', 'text'], [null, 'b'], 'destination'))).toBe(false);
  });

  it('can be had for some of its columns', () => {
    const print = fingerprint(kinds, ['a', '1', 't'], 'source');
    expect(pickColumns(print, [0, 2])).toBe(fingerprint(['text', 'boolean'], ['a', 't'], 'source'));
  });

  it('of a key does not exist where a part has no certain form', () => {
    expect(canonicalKey(['integer', 'date'], ['1', 'infinity'], 'source')).toBeUndefined();
    expect(canonicalKey(['integer', 'text'], ['1', 'a'], 'source')).toEqual(['1', 'a']);
  });
});
