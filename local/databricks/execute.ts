import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError, translateError } from './sql-error.ts';
import { translate, type Parameter, type Tables } from './translate.ts';
import { withConnection, type Warehouse } from './warehouse.ts';

interface ResultColumn {
  name: string;
  position: number;
  type_name: string;
  type_text: string;
}

export interface Result {
  columns: ResultColumn[];
  /** Every value as text, as the format JSON_ARRAY has it. */
  rows: (string | null)[][];
}

export interface Query {
  sql: string;
  parameters: readonly Parameter[];
  /** Defaults for names with fewer than three parts. */
  catalog: string;
  schema: string;
  rowLimit: number | undefined;
  signal: AbortSignal;
}

/** INLINE results are limited: https://docs.databricks.com/api/workspace/statementexecution/executestatement */
const largestInlineResult = 25 * 1024 * 1024;

/**
 * Runs one query.
 *
 * @throws SqlError
 */
export async function execute(warehouse: Warehouse, query: Query): Promise<Result & { truncated: boolean }> {
  return withConnection(warehouse, async (connection) => {
    const interrupt = (): void => connection.interrupt();
    query.signal.addEventListener('abort', interrupt, { once: true });
    try {
      const sql = translate(query.sql, { ...query, tables: await readTables(connection, warehouse) });
      const reader = await connection.runAndReadAll(sql);
      const types = reader.columnTypes().map(String);
      const all = reader.getRowsJson();
      const rows = all
        .slice(0, query.rowLimit)
        .map((row) => row.map((value, index) => textOf(value, types[index] ?? '')));
      const size = rows.reduce(
        (sum, row) => sum + row.reduce((bytes, value) => bytes + (value?.length ?? 4), 0),
        0,
      );
      if (size > largestInlineResult) {
        throw new SqlError(
          'RESULT_TOO_LARGE',
          '54000',
          'The result is larger than the INLINE limit of 25 MiB.',
        );
      }
      return {
        columns: reader.columnNames().map((name, position) => column(name, position, types[position] ?? '')),
        rows,
        truncated: rows.length < all.length,
      };
    } catch (error) {
      throw translateError(error);
    } finally {
      query.signal.removeEventListener('abort', interrupt);
    }
  });
}

async function readTables(connection: DuckDBConnection, { catalog }: Warehouse): Promise<Tables> {
  const reader = await connection.runAndReadAll(
    `SELECT lower(database_name), lower(schema_name), lower(table_name) FROM duckdb_tables()`,
  );
  const names = new Set(reader.getRowsJson().map((row) => JSON.stringify(row)));
  return {
    catalogs: new Set([catalog.toLowerCase()]),
    has: (...parts) => names.has(JSON.stringify(parts.map((part) => part.toLowerCase()))),
  };
}

const typeNames: Record<string, string> = {
  VARCHAR: 'STRING',
  INTEGER: 'INT',
  BIGINT: 'LONG',
  HUGEINT: 'DECIMAL',
  SMALLINT: 'SHORT',
  TINYINT: 'BYTE',
  BLOB: 'BINARY',
  'TIMESTAMP WITH TIME ZONE': 'TIMESTAMP',
  TIMESTAMP: 'TIMESTAMP_NTZ',
};
const typeTexts: Record<string, string> = { LONG: 'BIGINT', SHORT: 'SMALLINT', BYTE: 'TINYINT' };

function column(name: string, position: number, duckType: string): ResultColumn {
  const base = duckType.replace(/\(.*/, '');
  const typeName = typeNames[base] ?? base;
  const text =
    base === 'DECIMAL'
      ? duckType
      : duckType === 'HUGEINT'
        ? 'DECIMAL(38,0)'
        : (typeTexts[typeName] ?? typeName);
  return { name, position, type_name: typeName, type_text: text };
}

/** Timestamps in JSON_ARRAY are ISO 8601 with milliseconds at least. */
function textOf(value: unknown, type: string): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') {
    if (!type.startsWith('TIMESTAMP')) return value;
    const [, day = '', time = '', fraction = ''] = /^(\S+) (\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(value) ?? [];
    const zone = type === 'TIMESTAMP' ? '' : 'Z';
    return day === '' ? value : `${day}T${time}.${fraction.padEnd(3, '0')}${zone}`;
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}
