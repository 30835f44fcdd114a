import type { DuckDBConnection } from '@duckdb/node-api';
import type pg from 'pg';
import { literal, quote } from '../../databricks/warehouse.ts';
import type { Connection, TableConfig } from '../model.ts';
import { keyColumns, type SourceTable } from '../source/tables.ts';
import { hashed, transferOf, type Transfer } from '../source/types.ts';
import { nameInDestination } from './names.ts';

/** One column as it is copied. */
export interface CopiedColumn {
  source: string;
  destination: string;
  transfer: Transfer;
  isKey: boolean;
}

/** Everything that copying one table needs to know. */
export interface CopyPlan {
  table: SourceTable;
  /** Quoted name at the destination. */
  target: string;
  /** Quoted name of what Fivetran remembers of the table: one row a key. */
  memory: string;
  columns: CopiedColumn[];
  /** No primary key: rows are known by a hash of all their columns. */
  keyless: boolean;
  syncMode: TableConfig['syncMode'];
}

/** How many rows of a table a sync found changed. */
export interface Changes {
  inserted: number;
  updated: number;
  deleted: number;
}

/** Changes that the destination shall lose, for the sake of those who must find out. */
export interface Losses {
  rows: number;
  updates: number;
  deletes: number;
}

/** Which columns of a table are copied, and how; the columns of its key always are. */
export function columnsOf(connection: Connection, table: SourceTable, config: TableConfig): CopiedColumn[] {
  return table.columns
    .filter(({ name, keyPosition }) => keyPosition > 0 || config.columns.get(name)?.enabled !== false)
    .map((column) => ({
      source: column.name,
      destination: nameInDestination(connection, column.name),
      transfer: config.columns.get(column.name)?.hashed === true ? hashed : transferOf(column),
      isKey: column.keyPosition > 0,
    }));
}

const batch = 5_000;

/**
 * Reads the table into the connection's temporary table `incoming` (key, hash, v0 …): all of it, or with `since`
 * only rows whose last writing transaction is not older than that one. A cursor keeps memory flat.
 */
export async function readRows(
  source: pg.Client,
  warehouse: DuckDBConnection,
  plan: CopyPlan,
  since: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const identifier = (name: string): string => source.escapeIdentifier(name);
  const values = plan.columns.map(({ source: name, transfer }) => transfer.read(identifier(name)));
  const keys = keyColumns(plan.table).map(({ name }) => {
    const column = plan.columns.find(({ source: other }) => other === name);
    return column === undefined ? `${identifier(name)}::text` : column.transfer.read(identifier(name));
  });
  const hash = `md5(ROW(${values.join(', ')})::text)`;
  const key = plan.keyless ? hash : `to_json(ARRAY[${keys.join(', ')}])::text`;
  const names = plan.columns.map((_, index) => `v${index}`);
  await warehouse.run(
    `CREATE OR REPLACE TEMP TABLE incoming (key VARCHAR, hash VARCHAR${names.map((name) => `, ${name} VARCHAR`).join('')})`,
  );
  await source.query(
    `DECLARE rows NO SCROLL CURSOR FOR SELECT ${[key, hash, ...values].join(', ')}
     FROM ${identifier(plan.table.schema)}.${identifier(plan.table.name)}
     ${since === undefined ? '' : `WHERE age(xmin) <= age(${source.escapeLiteral(since)}::xid)`}`,
  );
  const appender = await warehouse.createAppender('incoming', 'main', 'temp');
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await source.query<(string | null)[]>({
      text: `FETCH ${batch} FROM rows`,
      rowMode: 'array',
    });
    for (const row of rows) {
      for (const value of row) {
        if (value === null) appender.appendNull();
        else appender.appendVarchar(value);
      }
      appender.endRow();
    }
    if (rows.length < batch) break;
  }
  appender.closeSync();
  await source.query('CLOSE rows');
  if (plan.keyless) {
    await warehouse.run('CREATE OR REPLACE TEMP TABLE incoming AS SELECT DISTINCT ON (key) * FROM incoming');
  }
}

/** Reads the keys of all rows into the temporary table `present` (key). */
export async function readKeys(
  source: pg.Client,
  warehouse: DuckDBConnection,
  plan: CopyPlan,
  signal: AbortSignal,
): Promise<void> {
  await readRows(
    source,
    warehouse,
    { ...plan, columns: plan.columns.filter(({ isKey }) => isKey || plan.keyless) },
    undefined,
    signal,
  );
  await warehouse.run('CREATE OR REPLACE TEMP TABLE present AS SELECT key FROM incoming');
}

/** Makes the destination's table and Fivetran's memory of it, and adds columns that are new. */
export async function ensureTable(
  warehouse: DuckDBConnection,
  plan: CopyPlan,
  schema: string,
): Promise<void> {
  const columns = [
    ...plan.columns.map(({ destination, transfer }) => [destination, transfer.type]),
    ...systemColumns(plan),
  ] as const;
  await warehouse.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await warehouse.run(
    `CREATE TABLE IF NOT EXISTS ${plan.target} (${columns.map(([name = '', type = '']) => `${quote(name)} ${type}`).join(', ')})`,
  );
  for (const [name = '', type = ''] of columns) {
    await warehouse.run(`ALTER TABLE ${plan.target} ADD COLUMN IF NOT EXISTS ${quote(name)} ${type}`);
  }
  await warehouse.run(`CREATE TABLE IF NOT EXISTS ${plan.memory} (key VARCHAR, hash VARCHAR)`);
}

function systemColumns({ syncMode, keyless }: CopyPlan): string[][] {
  const timestamp = 'TIMESTAMP WITH TIME ZONE';
  return [
    ...(keyless ? [['_fivetran_id', 'VARCHAR']] : []),
    ...(syncMode === 'SOFT_DELETE' ? [['_fivetran_deleted', 'BOOLEAN']] : []),
    ...(syncMode === 'HISTORY'
      ? [
          ['_fivetran_start', timestamp],
          ['_fivetran_end', timestamp],
          ['_fivetran_active', 'BOOLEAN'],
        ]
      : []),
    ['_fivetran_synced', timestamp],
  ];
}

/**
 * Fills the temporary table `changed` (key, kind) with what differs between the source and Fivetran's memory of it.
 *
 * @param existing where the keys of all rows that exist are: `incoming` when that is the whole table
 */
export async function findChanges(
  warehouse: DuckDBConnection,
  plan: CopyPlan,
  existing: 'incoming' | 'present',
): Promise<Changes> {
  await warehouse.run(`CREATE OR REPLACE TEMP TABLE changed AS
    SELECT i.key, CASE WHEN m.key IS NULL THEN 'inserted' ELSE 'updated' END AS kind
    FROM incoming i LEFT JOIN ${plan.memory} m ON m.key = i.key
    WHERE m.key IS NULL OR m.hash <> i.hash
    UNION ALL
    SELECT m.key, 'deleted' FROM ${plan.memory} m
    WHERE NOT EXISTS (SELECT 1 FROM ${existing} e WHERE e.key = m.key)`);
  return countChanges(warehouse);
}

/** Fills `changed` for a table that is loaded whole: every row of `incoming`. */
export async function takeEverything(warehouse: DuckDBConnection): Promise<Changes> {
  await warehouse.run(`CREATE OR REPLACE TEMP TABLE changed AS SELECT key, 'inserted' AS kind FROM incoming`);
  return countChanges(warehouse);
}

/**
 * Writes what `changed` names to the destination in one transaction, then remembers it.
 *
 * @param options.whole the table was loaded whole: live rows that the source has not are deleted too
 * @param options.losses changes that are remembered and not written
 * @returns how many rows the destination took
 */
export async function applyChanges(
  warehouse: DuckDBConnection,
  plan: CopyPlan,
  options: { whole: boolean; losses: Losses; syncedAt: Date },
): Promise<Changes> {
  const { target, memory } = plan;
  const synced = `TIMESTAMPTZ ${literal(options.syncedAt.toISOString())}`;
  const affected = async (sql: string): Promise<number> => (await warehouse.run(sql)).rowsChanged;

  await warehouse.run('CREATE OR REPLACE TEMP TABLE remembered AS SELECT key FROM changed');
  for (const [kind, count] of [
    ['inserted', options.losses.rows],
    ['updated', options.losses.updates],
    ['deleted', options.losses.deletes],
  ] as const) {
    await warehouse.run(
      `DELETE FROM changed WHERE key IN (SELECT key FROM changed WHERE kind = '${kind}' ORDER BY key LIMIT ${count})`,
    );
  }
  await warehouse.run('BEGIN');
  let applied: Changes;
  try {
    const counts = await countChanges(warehouse);
    const retire =
      plan.syncMode === 'HISTORY'
        ? `UPDATE ${target} AS t SET _fivetran_active = false, _fivetran_end = ${synced}, _fivetran_synced = ${synced}`
        : plan.syncMode === 'SOFT_DELETE'
          ? `UPDATE ${target} AS t SET _fivetran_deleted = true, _fivetran_synced = ${synced}`
          : `DELETE FROM ${target} AS t`;
    const live = isLive(plan);
    const deleted = await affected(
      options.whole
        ? `${retire} WHERE ${live} AND NOT EXISTS (SELECT 1 FROM incoming c WHERE ${sameKey(plan)})`
        : `${retire} WHERE ${live} AND EXISTS (SELECT 1 FROM changed c WHERE c.kind = 'deleted' AND ${sameKey(plan)})`,
    );
    const replaced = `EXISTS (SELECT 1 FROM changed c WHERE c.kind <> 'deleted' AND ${sameKey(plan)})`;
    await warehouse.run(
      plan.syncMode === 'HISTORY'
        ? `${retire} WHERE ${live} AND ${replaced}`
        : `DELETE FROM ${target} AS t WHERE ${replaced}`,
    );
    const columns = [
      ...plan.columns.map(({ destination, transfer }, index) => [
        quote(destination),
        transfer.write(`i.v${index}`),
      ]),
      ...(plan.keyless ? [['_fivetran_id', 'i.key']] : []),
      ...(plan.syncMode === 'SOFT_DELETE' ? [['_fivetran_deleted', 'false']] : []),
      ...(plan.syncMode === 'HISTORY'
        ? [
            ['_fivetran_start', synced],
            ['_fivetran_end', `TIMESTAMPTZ '9999-12-31T23:59:59.999Z'`],
            ['_fivetran_active', 'true'],
          ]
        : []),
      ['_fivetran_synced', synced],
    ];
    await warehouse.run(
      `INSERT INTO ${target} (${columns.map(([name]) => name).join(', ')})
       SELECT ${columns.map(([, value]) => value).join(', ')} FROM incoming i
       WHERE i.key IN (SELECT key FROM changed WHERE kind <> 'deleted')`,
    );
    await warehouse.run('COMMIT');
    applied = { ...counts, deleted: Math.max(deleted, counts.deleted) };
  } catch (error) {
    await warehouse.run('ROLLBACK');
    throw error;
  }
  // DuckDB writes one catalog in a transaction. What is written and not remembered is written again.
  await warehouse.run(
    options.whole
      ? `DELETE FROM ${memory}`
      : `DELETE FROM ${memory} WHERE key IN (SELECT key FROM remembered)`,
  );
  await warehouse.run(
    `INSERT INTO ${memory} SELECT key, hash FROM incoming WHERE key IN (SELECT key FROM remembered)`,
  );
  return applied;
}

async function countChanges(warehouse: DuckDBConnection): Promise<Changes> {
  const reader = await warehouse.runAndReadAll('SELECT kind, count(*)::INTEGER FROM changed GROUP BY kind');
  const counts = new Map(reader.getRowsJson().map(([kind, count]) => [kind, Number(count)]));
  return {
    inserted: counts.get('inserted') ?? 0,
    updated: counts.get('updated') ?? 0,
    deleted: counts.get('deleted') ?? 0,
  };
}

/** SQL: the destination's row `t` has the key of `c`. */
function sameKey(plan: CopyPlan): string {
  if (plan.keyless) return 't._fivetran_id = c.key';
  return keyColumns(plan.table)
    .map(({ name }, index) => {
      const column = plan.columns.find(({ source }) => source === name);
      if (column === undefined) throw new Error(`The key column ${name} is always copied.`);
      return `t.${quote(column.destination)} = ${column.transfer.write(`json_extract_string(c.key, '$[${index}]')`)}`;
    })
    .join(' AND ');
}

/** SQL: the destination's row `t` stands for a row that exists at the source. */
function isLive({ syncMode }: CopyPlan): string {
  if (syncMode === 'SOFT_DELETE') return 'NOT coalesce(t._fivetran_deleted, false)';
  return syncMode === 'HISTORY' ? 'coalesce(t._fivetran_active, true)' : 'true';
}
