import { randomUUID } from 'node:crypto';
import type { LoginSlots } from '../../shared/clients/ledger/login-slots.ts';
import type { Marks } from '../../shared/clients/ledger/marks.ts';
import type { Postgres, PostgresSession } from '../../shared/clients/postgres/session.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ConnectionRecord } from '../../shared/contracts/connection-record.ts';
import type { MarkSourceInput, MarkSourceResult } from '../../shared/contracts/increment.ts';
import { UnavailableError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { connectError } from '../../shared/rules/connect-fault.ts';
import { noLoginFree } from '../../shared/rules/logins.ts';
import { recheckRows, type RecheckReads } from './recheck.ts';
import { takeMark, type MarkBounds, type MarkReads } from './take-mark.ts';

export interface MarkSourceDependencies {
  postgres: Postgres;
  marks: Marks;
  slots: LoginSlots;
  connections: { read(connectionId: string): Promise<ConnectionRecord | undefined> };
  /** Reads of the source that a mark and a recheck need. */
  reads: MarkReads & RecheckReads;
  bounds: MarkBounds;
  clock: Clock;
  log: Log;
}

/** What is left of the function's five minutes is longer than a mark takes by its own bound. */
const slotWaitSeconds = 45;

/**
 * Remembers what changed at the source since the last verified mark, or looks again at rows that a verification
 * found different. Reads only; holds at most ACCESS SHARE locks; bounded in rows, bytes and time.
 *
 * @throws UnavailableError, AccessDeniedError, ConfigError when there is no session with the source
 * @throws UnavailableError when no login is free
 */
export async function markSource(
  input: MarkSourceInput,
  dependencies: MarkSourceDependencies,
): Promise<MarkSourceResult> {
  const { postgres, slots, connections, bounds, log } = dependencies;
  log.remember({ source: input.source, connectionId: input.connectionId });
  const record = await connections.read(input.connectionId);
  if (record === undefined && input.mode === 'mark') {
    const reason = 'The selected tables of the connection are not in the ledger yet.';
    return { outcome: 'skipped', reason, markId: null };
  }
  const result = await slots.use(input.source, slotWaitSeconds, async () => {
    const connected = await postgres.connect(input.source, {
      statementTimeoutMs: bounds.statementSeconds * 1000,
    });
    if (connected.outcome === 'failed') throw connectError(connected.fault);
    try {
      return await work(input, record, connected.session, dependencies);
    } finally {
      await connected.session.close();
    }
  });
  if (result !== undefined) return result;
  throw new UnavailableError(`There is no login to the source ${input.source} now: ${noLoginFree}.`);
}

async function work(
  input: MarkSourceInput,
  record: ConnectionRecord | undefined,
  session: PostgresSession,
  dependencies: MarkSourceDependencies,
): Promise<MarkSourceResult> {
  const { marks, reads, bounds, clock, log } = dependencies;
  if (input.mode === 'recheck') {
    await recheckRows({ ...input, session, marks, reads, clock });
    return { outcome: 'rechecked', recheckId: input.recheckId };
  }
  if (record === undefined) throw new TypeError('A mark needs the connection.');
  const header = await takeMark({
    markId: randomUUID(),
    source: input.source,
    record,
    session,
    marks,
    reads,
    bounds,
    clock,
  });
  const held = header.tables.filter(({ state }) => state !== 'skipped');
  const changedRows = held.reduce((sum, table) => sum + table.changedRows, 0);
  log.info('MARKED', 'The mark is complete.', {
    markId: header.markId,
    tables: held.length,
    skippedTables: header.tables.length - held.length,
    changedRows,
    chunks: header.chunks,
  });
  return {
    outcome: 'marked',
    markId: header.markId,
    completedAt: header.completedAt,
    tables: held.length,
    changedRows,
    baseline: held.every(({ state }) => state === 'baseline'),
  };
}
