import { markSource, type MarkSourceDependencies } from '../../functions/mark-source/mark-source.ts';
import type { MarkBounds } from '../../functions/mark-source/take-mark.ts';
import { verifyIncrement } from '../../functions/verify-increment/verify-increment.ts';
import type { LocalPostgres } from '../../local/postgres/postgres.ts';
import type { Destination } from '../../shared/clients/databricks/destination.ts';
import { createMarks } from '../../shared/clients/ledger/marks.ts';
import * as changedRows from '../../shared/clients/postgres/changed-rows.ts';
import { createPostgres } from '../../shared/clients/postgres/session.ts';
import * as sourceFacts from '../../shared/clients/postgres/source-facts.ts';
import type { Secrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock, type Clock } from '../../shared/clock.ts';
import type { ConnectionRecord, SelectedTable } from '../../shared/contracts/connection-record.ts';
import type { MarkSourceResult, VerifyIncrementResult } from '../../shared/contracts/increment.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createMemoryLedger } from '../support/memory-ledger.ts';
import { silentLog } from '../support/silent-log.ts';

/** A selected table whose names are the same at both ends. */
export function selected(table: string, more: Partial<SelectedTable> = {}): SelectedTable {
  return {
    schema: 'public',
    table,
    destinationSchema: 'rental_public',
    destinationTable: table,
    syncMode: 'SOFT_DELETE',
    columns: [],
    ...more,
  };
}

const connectionId = 'assimilate_seem';
const source = 'rental';

/** The secret of the checks' role, as Secrets Manager would give it. */
export function secretsOf(postgres: LocalPostgres): Secrets {
  return {
    readVersion: () => Promise.reject(new Error('Nothing here asks for versions.')),
    currentVersion: () => Promise.reject(new Error('Nothing here asks for versions.')),
    read: (secretId, schema) =>
      Promise.resolve(
        parse(
          schema,
          {
            username: postgres.users.checks.name,
            password: postgres.users.checks.password,
            host: postgres.host,
            port: postgres.port,
            dbname: postgres.database,
            ca: postgres.caPem,
          },
          secretId,
        ),
      ),
  };
}

/** mark-source and verify-increment with a real PostgreSQL, around any destination and any stand-in for a sync. */
export function createIncrement(options: {
  postgres: LocalPostgres;
  destination: Destination;
  tables: SelectedTable[];
  catalog?: string;
  updateMethod?: string;
  bounds?: Partial<MarkBounds>;
  clock?: Clock;
}) {
  const {
    postgres,
    destination,
    tables,
    catalog = 'main',
    updateMethod = 'TELEPORT',
    clock = systemClock,
  } = options;
  const ledger = createMemoryLedger();
  const marks = createMarks(ledger, clock);
  const record: ConnectionRecord = {
    connectionId,
    name: 'rental',
    groupId: 'group',
    updateMethod,
    source,
    destination: { service: 'databricks', catalog },
    tables,
    recordedAt: new Date(0).toISOString(),
  };
  const connections = { read: () => Promise.resolve(record) };
  const bounds: MarkBounds = {
    rowsPerTable: 20_000,
    bytes: 32_000_000,
    seconds: 60,
    statementSeconds: 30,
    scanPages: 1_000_000,
    deleteCheckRows: 50_000,
    ...options.bounds,
  };
  const reads: MarkSourceDependencies['reads'] = { ...changedRows, ...sourceFacts };
  const dependencies: MarkSourceDependencies = {
    postgres: createPostgres({
      secrets: secretsOf(postgres),
      sourceSecretPrefix: 'test/source/',
      applicationName: 'mark-source',
    }),
    marks,
    slots: { use: (_, __, work) => work() },
    connections,
    reads,
    bounds,
    clock,
    log: silentLog,
  };
  const verifying = {
    destination,
    marks,
    connections,
    deleteCheckRows: bounds.deleteCheckRows,
    clock,
    log: silentLog,
  };
  return {
    record,
    marks,
    ledger,
    bounds,
    reads,
    mark: () => markSource({ mode: 'mark', source, connectionId }, dependencies),
    /** As run-sync does it: compare, recheck when asked to, and compare again. */
    async verify(markId: string, betweenLooks?: () => Promise<void>): Promise<VerifyIncrementResult> {
      const sync = { startedAt: null, endedAt: clock.now().toISOString(), syncId: 'sync' };
      const first = await verifyIncrement({ connectionId, sync, markId }, verifying);
      if (first.verdict !== 'recheck') return first;
      await betweenLooks?.();
      const { recheckId } = first;
      await markSource({ mode: 'recheck', source, connectionId, recheckId }, dependencies);
      return verifyIncrement({ connectionId, sync, markId, recheckId }, verifying);
    },
  };
}

/** The id of a mark that was taken. */
export function markIdOf(result: MarkSourceResult): string {
  if (result.outcome !== 'marked') throw new Error(`No mark was taken: ${JSON.stringify(result)}`);
  return result.markId;
}
