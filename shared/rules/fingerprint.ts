import { hash } from 'node:crypto';
import { canonicalValue, type ColumnKind } from './column-kind.ts';

const digestLength = 8;
/** Stands for a value that has no certain form at the destination; equal to everything. */
const anything = '*'.repeat(digestLength);

/**
 * A digest of each value, one after the other: 48 bits a column, so that a column that the destination lacks can be
 * left out later, and so that the ledger holds no row content.
 *
 * @param values as the source or the destination wrote them, in the order of `kinds`
 */
export function fingerprint(
  kinds: readonly ColumnKind[],
  values: readonly (string | null)[],
  writtenBy: 'source' | 'destination',
): string {
  return kinds
    .map((kind, index) => {
      const value = values[index] ?? null;
      const canonical = value === null ? null : canonicalValue(kind, value, writtenBy);
      return canonical === undefined ? anything : digest(JSON.stringify(canonical));
    })
    .join('');
}

const digest = (text: string): string => hash('sha256', text, 'base64url').slice(0, digestLength);

/** The digests of the columns with these indexes only. */
export const pickColumns = (print: string, indexes: readonly number[]): string =>
  indexes.map((index) => print.slice(index * digestLength, (index + 1) * digestLength)).join('');

/** Whether two fingerprints over the same columns stand for the same content. */
export function sameContent(one: string, other: string): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let start = 0; start < one.length; start += digestLength) {
    const left = one.slice(start, start + digestLength);
    const right = other.slice(start, start + digestLength);
    if (left !== right && left !== anything && right !== anything) return false;
  }
  return true;
}

/** The key in canonical text, or `undefined` when a part has no certain form at the destination. */
export function canonicalKey(
  kinds: readonly ColumnKind[],
  values: readonly (string | null)[],
  writtenBy: 'source' | 'destination',
): string[] | undefined {
  const parts: string[] = [];
  for (const [index, kind] of kinds.entries()) {
    const value = values[index] ?? null;
    const canonical = value === null ? undefined : canonicalValue(kind, value, writtenBy);
    if (canonical === undefined) return undefined;
    parts.push(canonical);
  }
  return parts;
}
