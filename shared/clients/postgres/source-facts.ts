import * as z from 'zod/mini';
import { parse } from '../../contracts/parse.ts';
import type { ServerIdentity, TableFacts } from '../../contracts/source-facts.ts';
import { SourceQueryError } from '../../errors.ts';
import type { PostgresSession } from './session.ts';

/** A table that is asked for by name. */
export interface TableRequest {
  schema: string;
  table: string;
}

/** Where the server stands, read in the session's present transaction. */
export async function readIdentity(session: PostgresSession): Promise<ServerIdentity> {
  const [row] = await session.query(
    `SELECT host(inet_server_addr()) AS address,
            pg_is_in_recovery() AS standby,
            txid_snapshot_xmin(txid_current_snapshot()) AS snapshot_xmin,
            txid_snapshot_xmax(txid_current_snapshot()) AS next_xid,
            has_function_privilege('pg_control_system()', 'EXECUTE')
              AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE') AS control`,
  );
  const control =
    row?.control === 't'
      ? await optional(session, () =>
          session.query(
            `SELECT (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
                    (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline`,
          ),
        )
      : undefined;
  const timeline = control?.[0]?.timeline ?? null;
  return {
    address: row?.address ?? null,
    standby: row?.standby === 't',
    snapshotXmin: row?.snapshot_xmin ?? '0',
    nextTransactionId: row?.next_xid ?? '0',
    systemIdentifier: control?.[0]?.system_identifier ?? null,
    timeline: timeline === null ? null : Number(timeline),
  };
}

/**
 * Runs a query that the server may refuse; then the answer is `undefined`, and an open transaction goes on.
 *
 * @throws UnavailableError when the server went away
 */
export async function optional<Answer>(
  session: PostgresSession,
  run: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await withSavepoint(session, run);
  } catch (error) {
    if (error instanceof SourceQueryError) return undefined;
    throw error;
  }
}

/** Runs in a savepoint where a transaction is open, so that a refused statement does not end it. */
export async function withSavepoint<Answer>(
  session: PostgresSession,
  run: () => Promise<Answer>,
): Promise<Answer> {
  if (!session.inTransaction()) return run();
  await session.query('SAVEPOINT attempt');
  try {
    return await run();
  } catch (error) {
    if (error instanceof SourceQueryError) await session.query('ROLLBACK TO SAVEPOINT attempt');
    throw error;
  } finally {
    // After an error of the connection there is nothing left to release.
    if (session.inTransaction()) await session.query('RELEASE SAVEPOINT attempt').catch(() => undefined);
  }
}

const Flag = z.boolean();
const Facts = z.object({
  kind: z.nullable(z.string()),
  oid: z.string(),
  fileNode: z.nullable(z.string()),
  pages: z.number(),
  estimatedRows: z.number(),
  primaryKey: z.array(z.string()),
  columns: z.array(
    z.object({ name: z.string(), baseType: z.string(), typeModifier: z.number(), castType: z.string() }),
  ),
  rights: z.array(
    z.object({
      role: z.string(),
      usage: Flag,
      select: Flag,
      hiddenColumns: z.array(z.string()),
      writes: z.array(z.string()),
      rowSecurity: z.enum(['off', 'policies', 'nothing-admitted']),
    }),
  ),
  counters: z.object({
    inserted: z.number(),
    updated: z.number(),
    deleted: z.number(),
    resetAt: z.string(),
  }),
  deadRows: z.number(),
  liveRows: z.number(),
  frozenAge: z.number(),
});

/**
 * One row for each asked name, whether the relation exists or not. Reads catalogs only, which every role may; takes
 * no lock on the tables themselves.
 */
const factsSql = `
WITH wanted AS (
  SELECT w.ordinal, w.item ->> 'schema' AS schema_name, w.item ->> 'table' AS table_name
  FROM json_array_elements($1::json) WITH ORDINALITY AS w(item, ordinal)
), roles AS (
  SELECT r.oid, r.rolname, r.rolsuper, r.rolbypassrls
  FROM pg_roles r WHERE r.rolname IN (SELECT json_array_elements_text($2::json))
)
SELECT w.ordinal, json_build_object(
  'kind', c.relkind,
  'oid', coalesce(c.oid::text, ''),
  'fileNode', nullif(c.relfilenode::text, '0'),
  'pages', coalesce(CASE WHEN c.relkind = 'p'
      THEN (SELECT sum(m.relpages) FROM pg_partition_tree(c.oid) p JOIN pg_class m ON m.oid = p.relid WHERE p.isleaf)
      ELSE c.relpages END, 0),
  'estimatedRows', coalesce(CASE WHEN c.relkind = 'p'
      THEN (SELECT sum(greatest(m.reltuples, 0)) FROM pg_partition_tree(c.oid) p JOIN pg_class m ON m.oid = p.relid WHERE p.isleaf)
      ELSE greatest(c.reltuples, 0) END, 0),
  'primaryKey', coalesce((
      SELECT json_agg(a.attname ORDER BY k.place)
      FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(attnum, place), pg_attribute a
      WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum
        AND k.place <= i.indnkeyatts), '[]'),
  'columns', coalesce((
      SELECT json_agg(json_build_object(
          'name', a.attname,
          'baseType', coalesce(b2.typname, b1.typname, t.typname),
          'typeModifier', CASE WHEN t.typtype <> 'd' THEN a.atttypmod WHEN b2.oid IS NOT NULL THEN b1.typtypmod ELSE t.typtypmod END,
          'castType', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
      FROM pg_attribute a
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_type b1 ON t.typtype = 'd' AND b1.oid = t.typbasetype
      LEFT JOIN pg_type b2 ON b1.typtype = 'd' AND b2.oid = b1.typbasetype
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'),
  'rights', coalesce((
      SELECT json_agg(json_build_object(
          'role', r.rolname,
          'usage', has_schema_privilege(r.oid, n.oid, 'USAGE'),
          'select', has_table_privilege(r.oid, c.oid, 'SELECT'),
          'hiddenColumns', CASE WHEN NOT has_table_privilege(r.oid, c.oid, 'SELECT') AND has_any_column_privilege(r.oid, c.oid, 'SELECT')
            THEN coalesce((SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND NOT has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')), '[]') ELSE '[]' END,
          'writes', (SELECT coalesce(json_agg(p.privilege), '[]')
              FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p(privilege)
              WHERE has_table_privilege(r.oid, c.oid, p.privilege)),
          'rowSecurity', CASE
            WHEN NOT c.relrowsecurity OR r.rolsuper OR r.rolbypassrls THEN 'off'
            WHEN pg_has_role(r.oid, c.relowner, 'USAGE') AND NOT c.relforcerowsecurity THEN 'off'
            WHEN EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*')
              AND EXISTS (SELECT FROM unnest(p.polroles) AS a(role) WHERE a.role = 0 OR pg_has_role(r.oid, a.role, 'USAGE')))
              THEN 'policies'
            ELSE 'nothing-admitted' END) ORDER BY r.rolname)
      FROM roles r WHERE c.oid IS NOT NULL), '[]'),
  'counters', json_build_object(
      'inserted', coalesce(s.n_tup_ins, 0), 'updated', coalesce(s.n_tup_upd, 0), 'deleted', coalesce(s.n_tup_del, 0),
      'resetAt', coalesce((SELECT d.stats_reset::text FROM pg_stat_database d WHERE d.datname = current_database()), '')),
  'deadRows', coalesce(s.n_dead_tup, 0),
  'liveRows', coalesce(s.n_live_tup, 0),
  'frozenAge', coalesce(CASE WHEN c.relfrozenxid <> '0'::xid THEN age(c.relfrozenxid) END, 0)
) AS facts
FROM wanted w
LEFT JOIN pg_namespace n ON n.nspname = w.schema_name
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.table_name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
LEFT JOIN LATERAL (
  SELECT sum(t.n_tup_ins) AS n_tup_ins, sum(t.n_tup_upd) AS n_tup_upd, sum(t.n_tup_del) AS n_tup_del,
         sum(t.n_dead_tup) AS n_dead_tup, sum(t.n_live_tup) AS n_live_tup
  FROM pg_stat_all_tables t
  WHERE t.relid = c.oid OR (c.relkind = 'p' AND t.relid IN (SELECT p.relid FROM pg_partition_tree(c.oid) p WHERE p.isleaf))
) s ON true
ORDER BY w.ordinal`;

/** What the catalogs say of these tables, in the order asked, and of the rights of these roles on them. */
export async function readTables(
  session: PostgresSession,
  tables: readonly TableRequest[],
  roles: readonly string[],
): Promise<TableFacts[]> {
  if (tables.length === 0) return [];
  const rows = await session.query(factsSql, [
    JSON.stringify(tables.map(({ schema, table }) => ({ schema, table }))),
    JSON.stringify([...new Set(roles)]),
  ]);
  return rows.map((row, index) => ({
    schema: tables[index]?.schema ?? '',
    table: tables[index]?.table ?? '',
    ...parse(Facts, JSON.parse(row.facts ?? 'null'), 'The facts of a source table'),
  }));
}
