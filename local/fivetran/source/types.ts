import type { SourceColumn } from './tables.ts';

/** How one column travels: the text that PostgreSQL is asked for, and what the warehouse makes of it. */
export interface Transfer {
  /** SQL at the source, of type text. */
  read: (column: string) => string;
  /** The destination's type, as DuckDB names it. */
  type: string;
  /** SQL at the destination that makes a value of that type out of the text. */
  write: (text: string) => string;
}

const plain = (type: string): Transfer => ({
  read: (column) => `${column}::text`,
  type,
  write: (text) => `CAST(${text} AS ${type})`,
});

/** Values without a form at the destination (infinity, NaN, years above 9999) become null. */
const lenient = (type: string): Transfer => ({
  ...plain(type),
  write: (text) => `TRY_CAST(${text} AS ${type})`,
});

const text: Transfer = { read: (column) => `${column}::text`, type: 'VARCHAR', write: (value) => value };

const byType: Record<string, Transfer> = {
  int2: plain('SMALLINT'),
  int4: plain('INTEGER'),
  int8: plain('BIGINT'),
  oid: plain('BIGINT'),
  float4: plain('FLOAT'),
  float8: plain('DOUBLE'),
  bool: plain('BOOLEAN'),
  date: lenient('DATE'),
  timestamp: lenient('TIMESTAMP'),
  timestamptz: lenient('TIMESTAMP WITH TIME ZONE'),
  bytea: {
    read: (column) => `encode(${column}, 'hex')`,
    type: 'BLOB',
    write: (value) => `unhex(${value})`,
  },
};

const json: Transfer = { ...text, read: (column) => `to_json(${column})::text` };

/** A hashed column is a text that equals for equal values and tells nothing of them. */
export const hashed: Transfer = {
  ...text,
  read: (column) => `encode(sha256(convert_to(${column}::text, 'UTF8')), 'base64')`,
};

const widestDecimal = 38;

/** How a column is copied: https://fivetran.com/docs/connectors/databases/postgresql (type mappings). */
export function transferOf({ type, category, modifier }: SourceColumn): Transfer {
  if (category === 'A') return json;
  if (type === 'numeric') {
    const precision = ((modifier - 4) >> 16) & 0xffff;
    const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
    return modifier !== -1 && precision <= widestDecimal && scale >= 0 && scale <= precision
      ? lenient(`DECIMAL(${precision}, ${scale})`)
      : text;
  }
  return byType[type] ?? text;
}
