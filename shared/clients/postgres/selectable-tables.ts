import type { PostgresSession } from './session.ts';
import type { TableRequest } from './source-facts.ts';

/** Ordinary and partitioned tables outside the system's schemas, partitions left out; at most `limit`. */
export async function listTables(session: PostgresSession, limit: number): Promise<TableRequest[]> {
  const rows = await session.query(
    `SELECT n.nspname AS schema_name, c.relname AS table_name
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY 1, 2 LIMIT $1::int`,
    [limit],
  );
  return rows.map((row) => ({ schema: row.schema_name ?? '', table: row.table_name ?? '' }));
}
