import { randomUUID } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import type pg from 'pg';
import type { Clock } from '../../../shared/clock.ts';
import { quote, withConnection, type Warehouse } from '../../databricks/warehouse.ts';
import type { Json } from '../../json.ts';
import type { Faults } from '../faults.ts';
import {
  configText,
  type Alert,
  type Connection,
  type SyncRecord,
  type SyncStatus,
  type TableConfig,
} from '../model.ts';
import { recordsModified, type PlatformLog } from '../platform-log.ts';
import { messageOf, ReconnectError, withSource, type SourceSettings } from '../source/source.ts';
import { keyColumns, readTables, type SourceTable } from '../source/tables.ts';
import type { Happening } from '../webhooks.ts';
import {
  applyChanges,
  columnsOf,
  ensureTable,
  findChanges,
  readKeys,
  readRows,
  takeEverything,
  type Changes,
  type CopyPlan,
} from './copy-table.ts';
import { applyPlan } from './schema-update.ts';
import { captureSchema, isSelected, tableConfig } from './schema.ts';

/** Teleport gives a table up for one sync when more rows than this have changed. */
const teleportLimit = 15_000;
/** And for good when more than this have: https://fivetran.com/docs/connectors/databases/troubleshooting/teleport-sync-error */
const teleportUnsupported = 50_000;

export interface SyncSettings extends SourceSettings {
  warehouse: Warehouse;
  /** Why the destination takes no data at present; undefined when it does. */
  destinationTrouble: () => string | undefined;
  clock: Clock;
  faults: Faults;
  log: PlatformLog;
  tell: (happening: Happening) => void;
  /** Hears of faults of the simulation itself. */
  onFault: (error: unknown) => void;
}

/** What Fivetran remembers of a table from the last sync that read it. */
interface TableMemory {
  /** What the copy looked like: another set of columns or another mode means to load the table again. */
  shape: string;
  relfilenode: string;
  /** Transactions from this one on were not certainly seen. */
  xmin: string;
  /** The next transaction id of the server at the time, with its epoch. */
  next: bigint;
}

/** Runs syncs, and remembers for each table what it needs to know of the last one. */
export interface Syncer {
  /** Runs one sync of a connection that has none running; the connection's record changes with it. */
  run: (connection: Connection) => void;
  /** Forgets a deleted connection. */
  forget: (connection: Connection) => void;
}

/**
 * The server is not the one that was read, or not where it was: syncs fail until a historical re-sync.
 * https://fivetran.com/docs/databases/postgresql/troubleshooting/current-transaction-id-error
 */
class TransactionIdError extends Error {
  override readonly name = 'TransactionIdError';
}

type Ending =
  | { status: 'SUCCESSFUL' }
  | { status: 'CANCELED' | 'FAILURE'; reason: string }
  | { status: 'FAILURE_WITH_TASK'; reason: string; task: Alert; broken?: boolean }
  | { status: 'RESCHEDULED'; reason: string; until: Date };

export function createSyncer(settings: SyncSettings): Syncer {
  const memories = new Map<string, Map<string, TableMemory>>();
  const { clock, faults, tell } = settings;

  async function perform(connection: Connection, record: SyncRecord, signal: AbortSignal): Promise<Ending> {
    const mine = (fault: { connectionId?: string | undefined }): boolean =>
      fault.connectionId === undefined || fault.connectionId === connection.id;
    try {
      const slow = faults.take('slow-sync', mine);
      if (slow !== undefined) await clock.sleep(slow.milliseconds, signal);
      const later = faults.take('reschedule-sync', mine);
      if (later !== undefined) {
        const until = new Date(clock.now().getTime() + later.afterSeconds * 1000);
        return {
          status: 'RESCHEDULED',
          reason: `Rescheduled for ${until.toISOString()}, reason: ${later.reason}`,
          until,
        };
      }
      const failing = faults.take('fail-sync', mine);
      if (failing?.task !== undefined) {
        return { status: 'FAILURE_WITH_TASK', reason: failing.reason, task: failing.task };
      }
      if (failing !== undefined) return { status: 'FAILURE', reason: failing.reason };
      return await copy(connection, record, signal);
    } catch (error) {
      if (signal.aborted) {
        return {
          status: 'CANCELED',
          reason: 'Sync has been cancelled because another sync was forced by a user action.',
        };
      }
      const reason = messageOf(error);
      return error instanceof ReconnectError
        ? {
            status: 'FAILURE_WITH_TASK',
            reason,
            task: { code: 'reconnect', message: 'Reconnect', details: reason },
            broken: true,
          }
        : { status: 'FAILURE', reason };
    }
  }

  async function copy(connection: Connection, record: SyncRecord, signal: AbortSignal): Promise<Ending> {
    const memory = memories.get(connection.id) ?? new Map<string, TableMemory>();
    memories.set(connection.id, memory);
    const problems: string[] = [];
    const trouble = settings.destinationTrouble();
    if (trouble !== undefined) {
      const task = { code: 'reconnect_warehouse', message: 'Reconnect Warehouse', details: trouble };
      return { status: 'FAILURE_WITH_TASK', reason: trouble, task };
    }
    await withSource(
      connection,
      settings,
      (source) =>
        withConnection(settings.warehouse, async (warehouse) => {
          const tables = await readTables(source);
          captureSchema(connection, tables);
          applyPlan(connection);
          for (const table of tables) {
            signal.throwIfAborted();
            if (!isSelected(connection, table.schema, table.name)) continue;
            const result = await copyTable({ connection, table, memory, source, warehouse, signal });
            if (result.problem !== undefined) problems.push(result.problem);
            else await note(connection, record, table, result.changes);
          }
        }),
      signal,
    );
    const [reason] = problems;
    return reason === undefined
      ? { status: 'SUCCESSFUL' }
      : {
          status: 'FAILURE_WITH_TASK',
          reason: problems.join(' '),
          task: { code: 'teleport_sync_error', message: 'Teleport Sync Error', details: problems.join(' ') },
        };
  }

  async function note(
    connection: Connection,
    record: SyncRecord,
    table: SourceTable,
    changes: Changes,
  ): Promise<void> {
    record.rows += changes.inserted + changes.updated + changes.deleted;
    const schema = connection.schemas.get(table.schema)?.nameInDestination ?? table.schema;
    for (const data of recordsModified(schema, table.name, changes)) {
      await logEvent(connection, record, 'INFO', 'records_modified', data);
    }
  }

  const logEvent = (
    connection: Connection,
    record: SyncRecord,
    level: 'INFO' | 'WARNING' | 'SEVERE',
    event: string,
    data: Json,
  ): Promise<void> =>
    settings.log.write({
      connectionId: connection.id,
      syncId: record.id,
      at: clock.now(),
      level,
      event,
      data,
    });

  async function copyTable(context: {
    connection: Connection;
    table: SourceTable;
    memory: Map<string, TableMemory>;
    source: pg.Client;
    warehouse: DuckDBConnection;
    signal: AbortSignal;
  }): Promise<{ changes: Changes; problem?: undefined } | { problem: string }> {
    const { connection, table, memory, source, warehouse, signal } = context;
    const config = tableConfig(connection, table.schema, table.name);
    if (config === undefined) throw new Error('A selected table has a config.');
    const name = `"${table.schema}"."${table.name}"`;
    const schema = `${quote(settings.warehouse.catalog)}.${quote(
      connection.schemas.get(table.schema)?.nameInDestination ?? table.schema,
    )}`;
    const plan: CopyPlan = {
      table,
      target: `${schema}.${quote(config.nameInDestination)}`,
      memory: `${quote(settings.warehouse.privateCatalog)}.main.${quote(`${connection.id} ${name}`)}`,
      columns: columnsOf(connection, table, config),
      keyless: keyColumns(table).length === 0,
      syncMode: config.syncMode,
    };
    const shape = JSON.stringify([
      plan.syncMode,
      plan.columns.map(({ source: column, transfer, isKey }) => [column, transfer.type, isKey]),
    ]);
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
    await ensureTable(warehouse, plan, schema);
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
        rows: lossOf('lose-rows', table.name, found.inserted),
        updates: lossOf('drop-updates', table.name, found.updated),
        deletes: lossOf('drop-deletes', table.name, found.deleted),
      },
      syncedAt: clock.now(),
    });
    config.resync = false;
    memory.set(name, { shape, relfilenode: table.relfilenode, xmin, next });
    return { changes };
  }

  /** How many of a table's changes a fault takes away; the fault waits for a sync that has such changes. */
  function lossOf(kind: 'lose-rows' | 'drop-updates' | 'drop-deletes', table: string, found: number): number {
    return found === 0 ? 0 : (faults.take(kind, (fault) => fault.table === table)?.count ?? 0);
  }

  async function finish(connection: Connection, record: SyncRecord, ending: Ending): Promise<void> {
    const now = clock.now();
    record.endedAt = now;
    record.status = ending.status;
    if (ending.status !== 'SUCCESSFUL') record.reason = ending.reason;
    if (ending.status === 'FAILURE_WITH_TASK') record.taskType = ending.task.code;
    delete connection.rescheduledFor;
    switch (ending.status) {
      case 'SUCCESSFUL':
        connection.succeededAt = now;
        connection.isHistoricalSync = false;
        connection.tasks = [];
        break;
      case 'FAILURE':
        connection.failedAt = now;
        break;
      case 'FAILURE_WITH_TASK':
        connection.failedAt = now;
        connection.tasks = [ending.task];
        if (ending.broken === true) connection.setupState = 'broken';
        break;
      case 'RESCHEDULED':
        connection.rescheduledFor = ending.until;
        break;
      case 'CANCELED':
        break;
    }
    const data = endData(ending);
    await logEvent(connection, record, levelOf(ending.status), 'sync_end', data);
    delete connection.running;
    tell({ event: 'sync_end', connection, syncId: record.id, data });
  }

  return {
    run: (connection) => {
      const record: SyncRecord = { id: randomUUID(), startedAt: clock.now(), rows: 0 };
      const cancel = new AbortController();
      connection.syncs.push(record);
      connection.warnings = [];
      tell({ event: 'sync_start', connection, syncId: record.id });
      const ended = logEvent(connection, record, 'INFO', 'sync_start', {})
        .then(() => perform(connection, record, cancel.signal))
        .then((ending) => finish(connection, record, ending))
        .catch(settings.onFault);
      connection.running = { record, cancel, ended };
    },
    forget: (connection) => {
      memories.delete(connection.id);
    },
  };
}

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

function endData(ending: Ending): Json {
  if (ending.status === 'SUCCESSFUL') return { status: ending.status };
  return {
    status: ending.status,
    reason: ending.reason,
    ...(ending.status === 'FAILURE_WITH_TASK' ? { taskType: ending.task.code } : {}),
    ...(ending.status === 'RESCHEDULED' ? { rescheduledAt: ending.until.toISOString() } : {}),
  };
}

const levelOf = (status: SyncStatus): 'INFO' | 'WARNING' | 'SEVERE' =>
  status === 'SUCCESSFUL'
    ? 'INFO'
    : status === 'FAILURE' || status === 'FAILURE_WITH_TASK'
      ? 'SEVERE'
      : 'WARNING';

/** https://fivetran.com/docs/connectors/databases/postgresql/troubleshooting/query-based-relfilenode-resync */
function warnOfResync(connection: Connection, why: string): void {
  const details = `${why}: rows are re-synced in full.`;
  if (connection.warnings.some((warning) => warning.details === details)) return;
  connection.warnings.push({ code: 'resync_table_warning', message: 'Resync Table Warning', details });
}
