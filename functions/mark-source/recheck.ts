import type { Marks } from '../../shared/clients/ledger/marks.ts';
import type * as ChangedRows from '../../shared/clients/postgres/changed-rows.ts';
import type { PostgresSession } from '../../shared/clients/postgres/session.ts';
import type * as SourceFacts from '../../shared/clients/postgres/source-facts.ts';
import type { Clock } from '../../shared/clock.ts';
import type { RecheckAnswer, RecheckRequest } from '../../shared/contracts/mark.ts';
import { NotFoundError, SourceQueryError } from '../../shared/errors.ts';

/** The reads of the PostgreSQL client that a recheck is made of. */
export type RecheckReads = Pick<typeof ChangedRows, 'onOneSnapshot' | 'readWriters'> &
  Pick<typeof SourceFacts, 'readTables' | 'withSavepoint'>;

/**
 * Answers, for rows that the destination has not as the mark saw them, whether the source still has them so, and for
 * keys that only the destination has, whether the source has them by now.
 *
 * @throws NotFoundError when the ledger has no such recheck
 */
export async function recheckRows(options: {
  connectionId: string;
  recheckId: string;
  session: PostgresSession;
  marks: Marks;
  reads: RecheckReads;
  clock: Clock;
}): Promise<void> {
  const { connectionId, recheckId, session, marks, reads, clock } = options;
  const request = await marks.recheck(connectionId, recheckId);
  if (request === undefined) throw new NotFoundError(`The ledger has no recheck ${recheckId}.`);
  const tables = await reads.onOneSnapshot(session, async () => {
    const facts = await reads.readTables(session, request.tables, [session.username]);
    const answers: RecheckAnswer['tables'] = [];
    for (const [index, asked] of request.tables.entries()) {
      if (asked.rows.length + asked.keys.length === 0) {
        answers.push({ state: 'read', reason: '', unchanged: [], present: [] });
        continue;
      }
      const table = facts[index];
      if (table === undefined || table.kind === null) {
        answers.push(gone('the source has no such table any more'));
        continue;
      }
      answers.push(
        await reads.withSavepoint(session, () => answer(session, reads, table, asked)).catch(unreadable),
      );
    }
    return answers;
  });
  await marks.saveAnswer(connectionId, recheckId, { recheckedAt: clock.now().toISOString(), tables });
}

async function answer(
  session: PostgresSession,
  reads: RecheckReads,
  table: Parameters<RecheckReads['readWriters']>[1],
  { keyColumns, rows, keys }: RecheckRequest['tables'][number],
): Promise<RecheckAnswer['tables'][number]> {
  const writers = await reads.readWriters(
    session,
    table,
    keyColumns,
    rows.map(([key]) => key),
  );
  const present = await reads.readWriters(session, table, keyColumns, keys);
  return {
    state: 'read',
    reason: '',
    // The same transaction means the same row: it was complete before the mark and cannot write again.
    unchanged: rows.map(([, writer], index) => writers[index] === writer),
    present: present.map((writer) => writer !== undefined),
  };
}

function unreadable(error: unknown): RecheckAnswer['tables'][number] {
  if (!(error instanceof SourceQueryError)) throw error;
  return gone(`the source refused to read it again (${error.sqlState})`);
}

const gone = (reason: string): RecheckAnswer['tables'][number] => ({
  state: 'gone',
  reason,
  unchanged: [],
  present: [],
});
