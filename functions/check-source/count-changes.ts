import type * as ChangedRows from '../../shared/clients/postgres/changed-rows.ts';
import type { PostgresSession } from '../../shared/clients/postgres/session.ts';
import type * as SourceFacts from '../../shared/clients/postgres/source-facts.ts';
import { tableKey, type MarkHeader } from '../../shared/contracts/mark.ts';
import type { ServerIdentity, TableFacts } from '../../shared/contracts/source-facts.ts';
import { SourceQueryError } from '../../shared/errors.ts';
import { changesByCounters, teleportLimit, type TableChanges } from '../../shared/rules/headroom.ts';
import { changesSince } from '../../shared/rules/mark-plan.ts';

/** The reads of the PostgreSQL client that counting is made of. */
export type CountingReads = Pick<typeof ChangedRows, 'onOneSnapshot' | 'ageOf' | 'pagesOf' | 'countRows'> &
  Pick<typeof SourceFacts, 'withSavepoint'>;

/** Tables up to 64 MB are always counted, larger ones up to 2 GB only when their counters give reason to. */
const alwaysCountedPages = 8_192;
const mostCountedPages = 262_144;

/**
 * Changed rows of each table since a mark: counted where that is cheap or worth it and while there is time, else
 * bounded by counters.
 */
export async function countChanges(options: {
  session: PostgresSession;
  mark: MarkHeader;
  server: ServerIdentity;
  tables: readonly TableFacts[];
  reads: CountingReads;
  /** Whether there is time for one more table. */
  mayCount: () => boolean;
}): Promise<TableChanges[]> {
  const { session, mark, server, tables, reads, mayCount } = options;
  const remembered = new Map(mark.tables.map((table) => [tableKey(table), table]));
  const { systemIdentifier, standby, snapshotXmin } = mark.server;
  const since = changesSince({ since: snapshotXmin, systemIdentifier, standby }, server);
  return reads.onOneSnapshot(session, async () => {
    const sinceAge = since.known ? await reads.ageOf(session, since.since) : 0;
    const changes: TableChanges[] = [];
    for (const table of tables) {
      const before = remembered.get(tableKey(table));
      const bound = changesByCounters(table, before?.counters, server.standby);
      const worth = bound.certainty === 'unknown' || bound.changed > teleportLimit / 2;
      const counted =
        !server.standby &&
        since.known &&
        mayCount() &&
        before !== undefined &&
        (table.kind === 'r' || table.kind === 'p')
          ? await count(session, table, sinceAge, worth ? mostCountedPages : alwaysCountedPages, reads)
          : undefined;
      changes.push(counted === undefined ? bound : withDeletions(bound, counted));
    }
    return changes;
  });
}

/** Deleted rows cannot be counted at the table, and Teleport carries them too. */
function withDeletions(bound: ReturnType<typeof changesByCounters>, counted: number): TableChanges {
  const { schema, table, deleted } = bound;
  if (bound.certainty === 'unknown') return { schema, table, changed: counted, certainty: 'at-least' };
  return { schema, table, changed: counted + deleted, certainty: deleted > 0 ? 'bound' : 'exact' };
}

async function count(
  session: PostgresSession,
  table: TableFacts,
  sinceAge: number,
  mostPages: number,
  reads: CountingReads,
): Promise<number | undefined> {
  try {
    return await reads.withSavepoint(session, async () => {
      if ((await reads.pagesOf(session, table)) > mostPages) return undefined;
      return (await reads.countRows(session, { table, sinceAge, scanned: 1 })).changed;
    });
  } catch (error) {
    // Locked, too slow or not readable: the counters have to do.
    if (error instanceof SourceQueryError) return undefined;
    throw error;
  }
}
