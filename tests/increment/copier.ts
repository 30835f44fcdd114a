import type pg from 'pg';
import { literal, quote, withConnection, type Warehouse } from '../../local/databricks/warehouse.ts';

/** What a sync has to do for one row. */
export type Change = 'insert' | 'update' | 'delete';

/** Decides that one change does not arrive. */
export type Loss = (change: Change, key: string) => boolean;

type Row = Record<string, string | null>;

/** A table that the copier keeps equal at both ends. */
export interface CopiedTable {
  schema: string;
  table: string;
  key: readonly string[];
}

const typeOf: Record<string, string> = {
  int2: 'INTEGER',
  int4: 'INTEGER',
  int8: 'BIGINT',
  bool: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  float8: 'DOUBLE',
};

/**
 * Stands for a sync: reads a table, compares it with what it delivered before, and writes the difference into the
 * warehouse as Fivetran does (soft deletion, `_fivetran_synced`). What it was made to lose it believes delivered.
 */
export function createCopier(source: pg.Client, warehouse: Warehouse, destinationSchema: string) {
  const delivered = new Map<string, Map<string, string>>();
  let clock = Date.parse('2026-01-01T00:00:00Z');

  async function columnsOf({ schema, table }: CopiedTable): Promise<{ name: string; type: string }[]> {
    const { rows } = await source.query<Row>(
      `SELECT a.attname AS name, CASE WHEN t.typname = 'numeric' AND a.atttypmod > 0
           THEN 'DECIMAL' || substr(format_type(a.atttypid, a.atttypmod), 8) ELSE t.typname END AS type
       FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
       WHERE a.attrelid = format('%I.%I', $1::text, $2::text)::regclass AND a.attnum > 0 AND NOT a.attisdropped
       ORDER BY a.attnum`,
      [schema, table],
    );
    return rows.map(({ name, type }) => ({
      name: name ?? '',
      type: type?.startsWith('DECIMAL') === true ? type : (typeOf[type ?? ''] ?? 'VARCHAR'),
    }));
  }

  return {
    async sync(tables: readonly CopiedTable[], lose: Loss = () => false): Promise<void> {
      for (const table of tables) await syncTable(table, lose);
    },
  };

  async function syncTable(table: CopiedTable, lose: Loss): Promise<void> {
    clock += 1_000;
    const synced = `TIMESTAMPTZ ${literal(new Date(clock).toISOString())}`;
    const name = [warehouse.catalog, destinationSchema, table.table].map(quote).join('.');
    const columns = await columnsOf(table);
    const { rows } = await source.query<Row>(
      `SELECT * FROM ${source.escapeIdentifier(table.schema)}.${source.escapeIdentifier(table.table)}`,
    );
    const keyOf = (row: Row): string => JSON.stringify(table.key.map((column) => row[column]));
    const known = delivered.get(name);
    const before = known ?? new Map<string, string>();
    const after = new Map(rows.map((row) => [keyOf(row), row]));
    delivered.set(name, new Map([...after].map(([key, row]) => [key, JSON.stringify(row)])));

    const where = (key: string): string => {
      const values = JSON.parse(key) as string[];
      return table.key
        .map((column, index) => `${quote(column)} = ${literal(values[index] ?? '')}`)
        .join(' AND ');
    };
    const statements: string[] = [];
    const inserted: string[] = [];
    if (known === undefined) {
      const definitions = [
        ...columns.map((column) => `${quote(column.name)} ${column.type}`),
        '_fivetran_deleted BOOLEAN',
        '_fivetran_synced TIMESTAMP WITH TIME ZONE',
      ];
      statements.push(
        `CREATE SCHEMA IF NOT EXISTS ${[warehouse.catalog, destinationSchema].map(quote).join('.')}`,
        `CREATE OR REPLACE TABLE ${name} (${definitions.join(', ')})`,
      );
    }
    for (const [key, row] of after) {
      const old = before.get(key);
      if (old === JSON.stringify(row) || lose(old === undefined ? 'insert' : 'update', key)) continue;
      if (known !== undefined) statements.push(`DELETE FROM ${name} WHERE ${where(key)}`);
      const values = columns.map((column) => {
        const value = row[column.name] ?? null;
        return value === null ? 'NULL' : `${literal(value)}::${column.type}`;
      });
      inserted.push(`(${[...values, 'false', synced].join(', ')})`);
    }
    for (let start = 0; start < inserted.length; start += 2_000) {
      statements.push(`INSERT INTO ${name} VALUES ${inserted.slice(start, start + 2_000).join(', ')}`);
    }
    for (const key of before.keys()) {
      if (after.has(key) || lose('delete', key)) continue;
      statements.push(
        `UPDATE ${name} SET _fivetran_deleted = true, _fivetran_synced = ${synced} WHERE ${where(key)}`,
      );
    }
    await withConnection(warehouse, async (connection) => {
      for (const statement of statements) await connection.run(statement);
    });
  }
}
