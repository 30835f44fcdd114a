import { markSource, type MarkSourceDependencies } from '../../functions/mark-source/mark-source.ts';
import {
  verifyIncrement,
  type VerifyIncrementDependencies,
} from '../../functions/verify-increment/verify-increment.ts';
import { createMarks } from '../../shared/clients/ledger/marks.ts';
import type { ConnectionRecord } from '../../shared/contracts/connection-record.ts';
import type {
  MarkSourceInput,
  MarkSourceResult,
  VerifyIncrementInput,
  VerifyIncrementResult,
} from '../../shared/contracts/increment.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createMemoryLedger } from '../support/memory-ledger.ts';
import { silentLog } from '../support/silent-log.ts';
import { createMemoryDestination } from './memory-destination.ts';
import { createMemorySource } from './memory-source.ts';

const connectionId = 'assimilate_seem';
const source = 'rental';

/** mark-source and verify-increment over a source, a destination, a ledger and a clock in memory. */
export function createMemoryIncrement() {
  const clock = createManualClock();
  const ledger = createMemoryLedger();
  const marks = createMarks(ledger, clock);
  const database = createMemorySource();
  const copy = createMemoryDestination();
  const record: ConnectionRecord = {
    connectionId,
    name: 'rental',
    groupId: 'group',
    updateMethod: 'TELEPORT',
    source,
    destination: { service: 'databricks', catalog: 'main' },
    tables: [
      {
        schema: 'public',
        table: 'actor',
        destinationSchema: 'rental_public',
        destinationTable: 'actor',
        syncMode: 'SOFT_DELETE',
        columns: [],
      },
    ],
    recordedAt: clock.now().toISOString(),
  };
  const known: { record: ConnectionRecord | undefined } = { record };
  const shared = {
    marks,
    connections: { read: () => Promise.resolve(known.record) },
    clock,
    log: silentLog,
  };
  const marking: MarkSourceDependencies = {
    ...shared,
    postgres: database.postgres,
    slots: { use: (_, __, work) => work() },
    reads: database.reads,
    bounds: {
      rowsPerTable: 20_000,
      bytes: 1_000_000,
      seconds: 60,
      statementSeconds: 30,
      scanPages: 1_000,
      deleteCheckRows: 100,
    },
  };
  const verifying: VerifyIncrementDependencies = {
    ...shared,
    destination: copy.destination,
    deleteCheckRows: 100,
  };

  return {
    clock,
    ledger,
    database,
    marking,
    verifying,
    known,
    mark: (): Promise<MarkSourceResult> => markSource({ mode: 'mark', source, connectionId }, marking),
    recheck: (recheckId: string): Promise<MarkSourceResult> => {
      const input: MarkSourceInput = { mode: 'recheck', source, connectionId, recheckId };
      return markSource(input, marking);
    },
    /** A mark that must come about, a minute later. */
    async markId(): Promise<string> {
      clock.advance(60);
      const result = await markSource({ mode: 'mark', source, connectionId }, marking);
      if (result.outcome !== 'marked') throw new Error(`No mark was taken: ${JSON.stringify(result)}`);
      clock.advance(60);
      return result.markId;
    },
    /** What a sync brings; `lose` keeps single changes from arriving. */
    sync: (lose?: (change: 'insert' | 'update' | 'delete') => boolean): void => {
      copy.replicate('actor', ['id'], database.rows(), lose);
    },
    verify: (input: Partial<VerifyIncrementInput>): Promise<VerifyIncrementResult> =>
      verifyIncrement(
        {
          connectionId,
          sync: { startedAt: null, endedAt: clock.now().toISOString(), syncId: 'sync' },
          ...input,
        },
        verifying,
      ),
  };
}
