import type { DuckDBConnection } from '@duckdb/node-api';
import { literal, quote } from '../../databricks/warehouse.ts';
import { keyColumns } from '../source/tables.ts';
import { countChanges, type Changes } from './changes.ts';
import type { CopyPlan } from './copy-plan.ts';

/** Makes the destination's table and Fivetran's memory of it, and adds columns that are new. */
export async function ensureTable(warehouse: DuckDBConnection, plan: CopyPlan): Promise<void> {
  const columns = [
    ...plan.columns.map(({ destination, transfer }) => [destination, transfer.type]),
    ...systemColumns(plan),
  ] as const;
  await warehouse.run(`CREATE SCHEMA IF NOT EXISTS ${plan.schema}`);
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

/** Changes that the destination shall lose, for the sake of those who must find out. */
export interface Losses {
  rows: number;
  updates: number;
  deletes: number;
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
