import { randomUUID } from 'node:crypto';
import type { Json } from '../../json.ts';
import { withConnection } from '../../databricks/warehouse.ts';
import type { Connection, SyncRecord } from '../model.ts';
import { recordsModified, type PlatformLog } from '../platform-log.ts';
import { withSource, type SourceSettings } from '../source/source.ts';
import { readTables, type SourceTable } from '../source/tables.ts';
import type { Happening } from '../webhooks.ts';
import type { Changes } from './changes.ts';
import { copyTable, type CopySettings, type TableMemory } from './copy-table.ts';
import { applyPlan } from './schema-update.ts';
import { captureSchema, isSelected } from './schema.ts';
import { canceled, endData, endingOfError, levelOf, recordEnding, type Ending } from './sync-ending.ts';

export interface SyncSettings extends SourceSettings, CopySettings {
  /** Why the destination takes no data at present; undefined when it does. */
  destinationTrouble: () => string | undefined;
  log: PlatformLog;
  tell: (happening: Happening) => void;
  /** Hears of faults of the simulation itself. */
  onFault: (error: unknown) => void;
}

/** Runs syncs, and remembers for each table what it needs to know of the last one. */
export interface Syncer {
  /** Runs one sync of a connection that has none running; the connection's record changes with it. */
  run: (connection: Connection) => void;
  /** Forgets a deleted connection. */
  forget: (connection: Connection) => void;
}

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
      return signal.aborted ? canceled : endingOfError(error);
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
            const result = await copyTable(
              { connection, table, memory, source, warehouse, signal },
              settings,
            );
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

  async function finish(connection: Connection, record: SyncRecord, ending: Ending): Promise<void> {
    recordEnding(connection, record, ending, clock.now());
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
      tell({ event: 'sync_start', connection, syncId: record.id, at: record.startedAt });
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
