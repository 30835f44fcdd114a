import type { MarkWriter, Marks } from '../../shared/clients/ledger/marks.ts';
import type * as ChangedRows from '../../shared/clients/postgres/changed-rows.ts';
import type { PostgresSession } from '../../shared/clients/postgres/session.ts';
import type * as SourceFacts from '../../shared/clients/postgres/source-facts.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ConnectionRecord, SelectedTable } from '../../shared/contracts/connection-record.ts';
import { tableKey, type MarkHeader, type MarkState, type MarkedTable } from '../../shared/contracts/mark.ts';
import type { ServerIdentity, TableFacts } from '../../shared/contracts/source-facts.ts';
import { SourceQueryError } from '../../shared/errors.ts';
import { canonicalKey, fingerprint } from '../../shared/rules/fingerprint.ts';
import {
  deletesSkipped,
  markedSince,
  planTable,
  rowsToHold,
  type TablePlan,
} from '../../shared/rules/mark-plan.ts';

/** How much one mark may read and hold. */
export interface MarkBounds {
  /** Changed rows of one table that are held; more are sampled. */
  rowsPerTable: number;
  /** Bytes of rows and keys in all, before compression. */
  bytes: number;
  /** For the whole mark, and for one statement. */
  seconds: number;
  statementSeconds: number;
  /** Pages of one table that are scanned; a larger table is sampled by pages. */
  scanPages: number;
  /** Tables up to this many rows have all their keys in the mark, for the check of deletions. */
  deleteCheckRows: number;
}

/** The reads of the PostgreSQL client that a mark is made of. */
export type MarkReads = Pick<
  typeof ChangedRows,
  'onOneSnapshot' | 'ageOf' | 'pagesOf' | 'countRows' | 'readChangedRows' | 'readKeys'
> &
  Pick<typeof SourceFacts, 'readIdentity' | 'readTables' | 'withSavepoint'>;

interface TakeMark {
  markId: string;
  source: string;
  record: ConnectionRecord;
  session: PostgresSession;
  marks: Marks;
  reads: MarkReads;
  bounds: MarkBounds;
  clock: Clock;
}

/** Reads all selected tables on one snapshot and puts the mark in the ledger; its header comes last. */
export async function takeMark(options: TakeMark): Promise<MarkHeader> {
  const { markId, source, record, session, marks, reads, clock } = options;
  const { connectionId } = record;
  const startedAt = clock.now().getTime();
  const state = await marks.state(connectionId);
  const writer = marks.begin(connectionId, markId);
  const { server, tables } = await reads.onOneSnapshot(session, async () => {
    const identity = await reads.readIdentity(session);
    const facts = await reads.readTables(session, record.tables, [session.username]);
    const marked: MarkedTable[] = [];
    for (const [index, selected] of record.tables.entries()) {
      const table = facts[index];
      if (table === undefined) continue;
      marked.push(
        await markTable({ ...options, index, selected, table, server: identity, state, writer, startedAt }),
      );
    }
    return { server: identity, tables: marked };
  });
  await marks.saveState(connectionId, withBaselines(state, server, tables));
  return writer.finish({
    markId,
    connectionId,
    source,
    server,
    tables,
    completedAt: clock.now().toISOString(),
  });
}

interface TableMark extends TakeMark {
  /** Place in the mark's tables. */
  index: number;
  selected: SelectedTable;
  table: TableFacts;
  server: ServerIdentity;
  state: MarkState;
  writer: MarkWriter;
  startedAt: number;
}

async function markTable(options: TableMark): Promise<MarkedTable> {
  const { selected, table, record, server, state, session, reads, bounds, writer, clock, startedAt } =
    options;
  const plan = planTable(table, selected, session.username);
  const nothing: MarkedTable = {
    schema: selected.schema,
    table: selected.table,
    state: 'skipped',
    reason: '',
    since: '',
    changedRows: 0,
    heldRows: 0,
    holdsKeys: false,
    deletesSkipped: '',
    keyColumns: [],
    columns: [],
    notCompared: [],
    fileNode: table.fileNode,
    counters: table.counters,
  };
  if (!plan.possible) return { ...nothing, reason: plan.reason };
  const { keyColumns, columns, notCompared } = plan;
  const known = { ...nothing, keyColumns, columns, notCompared };
  const since = markedSince(state.tables[tableKey(selected)], server, record.copiesAll === true);
  if (!since.known) return { ...known, state: 'baseline', reason: since.reason };
  if (clock.now().getTime() - startedAt > bounds.seconds * 1000) {
    return { ...known, reason: `the ${String(bounds.seconds)} s for one mark were used up by other tables` };
  }
  if (writer.bytes > bounds.bytes) {
    return {
      ...known,
      reason: `the ${String(bounds.bytes)} bytes for one mark were used up by other tables`,
    };
  }
  try {
    const read = await reads.withSavepoint(session, () => readTable(options, plan, since.since));
    return { ...known, state: 'changes', since: since.since, ...read };
  } catch (error) {
    if (!(error instanceof SourceQueryError)) throw error;
    return { ...known, reason: whySkipped(error.sqlState, bounds) };
  }
}

type PossiblePlan = Extract<TablePlan, { possible: true }>;

async function readTable(
  options: TableMark,
  { keyColumns, columns }: PossiblePlan,
  since: string,
): Promise<Pick<MarkedTable, 'changedRows' | 'heldRows' | 'holdsKeys' | 'deletesSkipped'>> {
  const { index, selected, record, table, session, reads, bounds, writer } = options;
  const pages = await reads.pagesOf(session, table);
  const scanned = pages > bounds.scanPages ? bounds.scanPages / pages : 1;
  const sinceAge = await reads.ageOf(session, since);
  const query = { table, keyColumns, columns, sinceAge, scanned };
  const counted = await reads.countRows(session, query);
  const kinds = columns.map(({ kind }) => kind);
  const keyKinds = keyColumns.map(({ kind }) => kind);
  const most = rowsToHold({
    since,
    rowsPerTable: bounds.rowsPerTable,
    bytesLeft: bounds.bytes - writer.bytes,
    tablesLeft: record.tables.length - index,
  });
  const chance = counted.changed > most ? most / counted.changed : 1;

  let heldRows = 0;
  for await (const batch of reads.readChangedRows(session, query, chance)) {
    for (const { key, writer: transaction, values } of batch) {
      const canonical = canonicalKey(keyKinds, key, 'source');
      if (canonical === undefined || writer.bytes > bounds.bytes) continue;
      await writer.addRow(index, [canonical, transaction, fingerprint(kinds, values, 'source')]);
      heldRows += 1;
    }
  }
  const reason = deletesSkipped({
    syncMode: selected.syncMode,
    updateMethod: record.updateMethod,
    rows: scanned < 1 ? undefined : counted.rows,
    deleteCheckRows: bounds.deleteCheckRows,
    bytesLeft: bounds.bytes - writer.bytes,
  });
  if (reason === '') {
    for await (const batch of reads.readKeys(session, table, keyColumns)) {
      for (const key of batch) {
        // A key without a certain form is never asked for at the destination either.
        await writer.addKey(index, canonicalKey(keyKinds, key, 'source') ?? []);
      }
    }
  }
  const changedRows = scanned < 1 ? Math.round(counted.changed / scanned) : counted.changed;
  return { changedRows, heldRows, holdsKeys: reason === '', deletesSkipped: reason };
}

function whySkipped(sqlState: string, bounds: MarkBounds): string {
  switch (sqlState) {
    case '42P01':
      return 'the source has no such table any more';
    case '42501':
      return 'the role may not read it any more';
    case '55P03':
      return 'another session holds an exclusive lock on it';
    case '57014':
      return `reading it takes more than ${String(bounds.statementSeconds)} s a statement`;
    default:
      return `PostgreSQL refused to read it (${sqlState})`;
  }
}

/** Where changes of a table count anew, they count from this mark on; what was judged earlier stays. */
function withBaselines(state: MarkState, server: ServerIdentity, tables: readonly MarkedTable[]): MarkState {
  const { systemIdentifier, standby, snapshotXmin } = server;
  const anew = tables
    .filter((table) => table.state === 'baseline')
    .map((table) => [tableKey(table), { since: snapshotXmin, systemIdentifier, standby }] as const);
  return { ...state, tables: { ...state.tables, ...Object.fromEntries(anew) } };
}
