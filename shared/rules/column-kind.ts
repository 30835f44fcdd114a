/**
 * The kinds of PostgreSQL columns whose values mean the same text at both ends once written canonically.
 * Everything else (floating point, json, arrays, enums, bytea, intervals …) is named as not compared.
 */
export type ColumnKind =
  'integer' | 'numeric' | 'text' | 'padded-text' | 'uuid' | 'boolean' | 'date' | 'timestamp';

const kinds: Record<string, ColumnKind> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'numeric',
  text: 'text',
  varchar: 'text',
  bpchar: 'padded-text',
  uuid: 'uuid',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
};

/** A numeric without a declared precision has no certain type at the destination. */
const widestDecimal = 38;

/**
 * The kind of a column, or `undefined` when its values cannot be compared.
 *
 * @param baseType `pg_type.typname`, domains already resolved to their base type
 * @param typeModifier `pg_attribute.atttypmod`; -1 when there is none
 */
export function columnKind(baseType: string, typeModifier: number): ColumnKind | undefined {
  const kind = kinds[baseType];
  if (kind !== 'numeric') return kind;
  return typeModifier !== -1 &&
    numericPrecision(typeModifier) <= widestDecimal &&
    numericScale(typeModifier) >= 0
    ? kind
    : undefined;
}

/** Precision and scale share `atttypmod` (src/backend/utils/adt/numeric.c, make_numeric_typmod). */
const numericPrecision = (typeModifier: number): number => ((typeModifier - 4) >> 16) & 0xffff;

/** Digits after the point that a numeric column keeps; PostgreSQL 15 allows negative ones. */
export const numericScale = (typeModifier: number): number => (((typeModifier - 4) & 0x7ff) ^ 1024) - 1024;

/**
 * One value as the text that both ends share, or `undefined` when this value has no certain form at the
 * destination (infinity, NaN, years outside 1 to 9999).
 *
 * PostgreSQL writes under DateStyle ISO and TimeZone UTC; the destination's statement casts every column to STRING
 * and timestamps to microseconds since 1970.
 */
export function canonicalValue(
  kind: ColumnKind,
  text: string,
  writtenBy: 'source' | 'destination',
): string | undefined {
  switch (kind) {
    case 'integer':
      return text;
    case 'numeric':
      return canonicalDecimal(text);
    case 'text':
      return text;
    case 'padded-text':
      return text.replace(/ +$/, '');
    case 'uuid':
      return text.toLowerCase();
    case 'boolean':
      return text === 't' ? 'true' : text === 'f' ? 'false' : text;
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : undefined;
    case 'timestamp':
      return writtenBy === 'source' ? epochMicroseconds(text) : text;
  }
}

function canonicalDecimal(text: string): string | undefined {
  const match = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  const digits = `${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
  return digits === '0' ? '0' : `${sign}${digits}`;
}

function epochMicroseconds(text: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:\+00)?$/.exec(text);
  if (match === null) return undefined;
  const [, day = '', time = '', fraction = ''] = match;
  const milliseconds = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(milliseconds)) return undefined;
  return (BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0'))).toString();
}

/** A canonical value as text that PostgreSQL casts back to the column's type. */
export function sourceText(kind: ColumnKind, canonical: string): string {
  if (kind !== 'timestamp') return canonical;
  const microseconds = BigInt(canonical);
  const second = 1_000_000n;
  const fraction = ((microseconds % second) + second) % second;
  const seconds = (microseconds - fraction) / second;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${text}.${fraction.toString().padStart(6, '0')}+00`;
}
