import type { DuckDBConnection } from '@duckdb/node-api';
import type pg from 'pg';
import type { Clock } from '../../../shared/clock.ts';
import type { Warehouse } from '../../databricks/warehouse.ts';
import type { Faults } from '../faults.ts';
import { configText, type Connection, type TableConfig } from '../model.ts';
import type { SourceTable } from '../source/tables.ts';
import { findChanges, takeEverything, type Changes } from './changes.ts';
import { planCopy, shapeOf, sourceName } from './copy-plan.ts';
import { applyChanges, ensureTable } from './destination-table.ts';
import { readKeys, readRows } from './read-rows.ts';
import { tableConfig } from './schema.ts';

/** Teleport gives a table up for one sync when more rows than this have changed. */
const teleportLimit = 15_000;
/** And for good when more than this have: https://fivetran.com/docs/connectors/databases/troubleshooting/teleport-sync-error */
const teleportUnsupported = 50_000;

/** What Fivetran remembers of a table from the last sync that read it. */
export interface TableMemory {
  /** What the copy looked like: another set of columns or another mode means to load the table again. */
  shape: string;
  relfilenode: string;
  /** Transactions from this one on were not certainly seen. */
  xmin: string;
  /** The next transaction id of the server at the time, with its epoch. */
  next: bigint;
}

/**
 * The server is not the one that was read, or not where it was: syncs fail until a historical re-sync.
 * https://fivetran.com/docs/databases/postgresql/troubleshooting/current-transaction-id-error
 */
class TransactionIdError extends Error {
  override readonly name = 'TransactionIdError';
}

/** What copying a table needs beside the table. */
export interface CopySettings {
  warehouse: Warehouse;
  clock: Clock;
  faults: Faults;
}

/** How copying a table went: with its changes, or with the problem that Fivetran tells of. */
type CopyOutcome = { changes: Changes; problem?: undefined } | { problem: string };

/**
 * Copies one table: whole when it was never read, or looks otherwise than it did; otherwise what changed.
 *
 * @throws TransactionIdError when the server is behind the one that was read
 */
export async function copyTable(
  context: {
    connection: Connection;
    table: SourceTable;
    /** By the table's name; it changes when the table was copied. */
    memory: Map<string, TableMemory>;
    source: pg.Client;
    warehouse: DuckDBConnection;
    signal: AbortSignal;
  },
  settings: CopySettings,
): Promise<CopyOutcome> {
  const { connection, table, memory, source, warehouse, signal } = context;
  const config = tableConfig(connection, table.schema, table.name);
  if (config === undefined) throw new Error('A selected table has a config.');
  const plan = planCopy(connection, table, config, settings.warehouse);
  const name = sourceName(table);
  const shape = shapeOf(plan);
  const known = memory.get(name);
  const incremental = configText(connection.config, 'update_method') !== 'TELEPORT';
  const rewritten = incremental && known !== undefined && known.relfilenode !== table.relfilenode;
  if (rewritten) warnOfResync(connection, `Table ${name} was rewritten at the source`);
  await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { rows } = await source.query<{ xmin: string; next: string }>(
    'SELECT pg_snapshot_xmin(s)::xid::text AS xmin, pg_snapshot_xmax(s)::text AS next FROM pg_current_snapshot() s',
  );
  const { xmin, next } = { xmin: rows[0]?.xmin ?? '0', next: BigInt(rows[0]?.next ?? 0) };
  const anew = connection.isHistoricalSync || config.resync;
  if (incremental && !anew && known !== undefined && next < known.next) {
    throw new TransactionIdError('Current transaction ID has moved backwards.');
  }
  const whole = anew || known?.shape !== shape || rewritten;
  if (known !== undefined && known.shape !== shape) {
    await warehouse.run(`DROP TABLE IF EXISTS ${plan.target}`);
  }
  await ensureTable(warehouse, plan);
  const since = whole || !incremental || plan.keyless ? undefined : known.xmin;
  if (since !== undefined) await readKeys(source, warehouse, plan, signal);
  await readRows(source, warehouse, plan, since, signal);
  await source.query('COMMIT');

  const found = whole
    ? await takeEverything(warehouse)
    : await findChanges(warehouse, plan, since === undefined ? 'incoming' : 'present');
  const total = found.inserted + found.updated + found.deleted;
  if (!whole && !incremental && total > teleportLimit) {
    giveUp(config, total);
    const changed = `Teleport Sync Error: table ${name} has ${total.toLocaleString('en')} changed records since the last sync`;
    return {
      problem:
        config.excluded === undefined
          ? `${changed}, more than the limit of ${teleportLimit.toLocaleString('en')}. The table will be re-synced in full.`
          : `${changed}. ${config.excluded.reason}`,
    };
  }
  const changes = await applyChanges(warehouse, plan, {
    whole,
    losses: {
      rows: lossOf(settings.faults, 'lose-rows', table.name, found.inserted),
      updates: lossOf(settings.faults, 'drop-updates', table.name, found.updated),
      deletes: lossOf(settings.faults, 'drop-deletes', table.name, found.deleted),
    },
    syncedAt: settings.clock.now(),
  });
  config.resync = false;
  memory.set(name, { shape, relfilenode: table.relfilenode, xmin, next });
  return { changes };
}

/** How many of a table's changes a fault takes away; the fault waits for a sync that has such changes. */
const lossOf = (
  faults: Faults,
  kind: 'lose-rows' | 'drop-updates' | 'drop-deletes',
  table: string,
  found: number,
): number => (found === 0 ? 0 : (faults.take(kind, (fault) => fault.table === table)?.count ?? 0));

/** The table is loaded whole by the next sync, or never again when too much has changed. */
function giveUp(config: TableConfig, changed: number): void {
  config.resync = true;
  if (changed <= teleportUnsupported) return;
  config.enabled = false;
  config.excluded = {
    code: 'OTHER',
    reason: `Teleport Sync does not support this table: more than ${teleportUnsupported.toLocaleString('en')} records changed between two syncs.`,
  };
}

/** https://fivetran.com/docs/connectors/databases/postgresql/troubleshooting/query-based-relfilenode-resync */
function warnOfResync(connection: Connection, why: string): void {
  const details = `${why}: rows are re-synced in full.`;
  if (connection.warnings.some((warning) => warning.details === details)) return;
  connection.warnings.push({ code: 'resync_table_warning', message: 'Resync Table Warning', details });
}
