import type { Destination } from '../../shared/clients/databricks/destination.ts';
import type { Marks } from '../../shared/clients/ledger/marks.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ConnectionRecord } from '../../shared/contracts/connection-record.ts';
import type { VerifyIncrementInput, VerifyIncrementResult } from '../../shared/contracts/increment.ts';
import { tableKey, type Comparison, type MarkHeader, type MarkedRow } from '../../shared/contracts/mark.ts';
import { NotFoundError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { conclude, keyText } from '../../shared/rules/increment.ts';
import { compareTable, type TableMark } from './compare-table.ts';

export interface VerifyIncrementDependencies {
  destination: Destination;
  marks: Marks;
  connections: { read(connectionId: string): Promise<ConnectionRecord | undefined> };
  deleteCheckRows: number;
  clock: Clock;
  log: Log;
}

/**
 * Judges a successful sync by the mark that was complete before it began: every changed row of the mark must be at
 * the destination, and rows that the source deleted must not live there. The first call may ask for a recheck at the
 * source; the second one, with its id, gives the verdict. Repeating either call gives the same answer.
 *
 * @throws NotFoundError when the recheck was not answered
 * @throws UnavailableError, AccessDeniedError, ConfigError, DestinationQueryError when Databricks cannot be asked
 */
export async function verifyIncrement(
  input: VerifyIncrementInput,
  dependencies: VerifyIncrementDependencies,
): Promise<VerifyIncrementResult> {
  const result = await verify(input, dependencies);
  const { figures = '' } = input.sync;
  if (figures === '' || result.verdict === 'recheck') return result;
  return { ...result, summary: `${result.summary} Fivetran's own figures: ${figures}.` };
}

async function verify(
  input: VerifyIncrementInput,
  dependencies: VerifyIncrementDependencies,
): Promise<VerifyIncrementResult> {
  const { marks, connections, clock, log } = dependencies;
  const { connectionId } = input;
  log.remember({ connectionId });
  const record = await connections.read(connectionId);
  if (record === undefined) return skipped('the selected tables of the connection are not in the ledger yet');
  if (record.destination.service !== 'databricks') {
    return skipped(`the destination is ${record.destination.service}, not Databricks`);
  }
  if ((input.markId ?? '') === '' && input.sync.startedAt === null) {
    return skipped('nobody reported when the sync began, so no mark can be told to be older');
  }
  const header = await eligibleMark(input, marks);
  if (header === undefined) return skipped('no earlier mark');

  const recheckId = input.recheckId ?? '';
  if (recheckId === '') {
    const comparisons = await compare(header, record, dependencies);
    if (comparisons.some(({ rows, keys }) => rows.length + keys.length > 0)) {
      const id = `${header.markId}.${String(clock.now().getTime())}`;
      await marks.saveRecheck(connectionId, id, { markId: header.markId, tables: comparisons });
      log.info('RECHECK_NEEDED', 'Some rows differ; the source is asked again.', { recheckId: id });
      return {
        verdict: 'recheck',
        tables: [],
        rows: 0,
        reason: '',
        recheckId: id,
        summary: 'Some rows differ; the source is asked whether they changed again.',
      };
    }
    return judge(header, comparisons, undefined, dependencies);
  }

  const request = await marks.recheck(connectionId, recheckId);
  const answer = await marks.answer(connectionId, recheckId);
  if (request === undefined || answer === undefined) {
    throw new NotFoundError(
      `The ledger has no answer to the recheck ${recheckId}: run mark-source in mode recheck first.`,
    );
  }
  const judgedMark =
    request.markId === header.markId ? header : await marks.find(connectionId, request.markId);
  if (judgedMark === undefined) return skipped('the mark expired meanwhile');
  return judge(judgedMark, request.tables, answer, dependencies);
}

async function eligibleMark(
  { connectionId, markId, sync }: VerifyIncrementInput,
  marks: Marks,
): Promise<MarkHeader | undefined> {
  if (typeof markId === 'string' && markId !== '') return marks.find(connectionId, markId);
  if (sync.startedAt === null) return undefined;
  const surelyBefore = new Date(Date.parse(sync.startedAt) - surelyBeforeMs).toISOString();
  return marks.latest(connectionId, surelyBefore);
}

/**
 * A sync that Fivetran ran by itself has only Fivetran's time of its start, and a mark has only our time: the function
 * that takes it cannot reach Fivetran. Both clocks follow time signals and differ by far less than a second; a mark
 * that is not a whole minute older than the sync is passed over for an earlier one, which verifies fewer rows and
 * nothing wrong.
 */
const surelyBeforeMs = 60_000;

/** Tables are asked for a few at a time: a warehouse runs about ten statements at once for everybody. */
const tablesAtOnce = 4;
/** Of the function's ten minutes; what is left is for the tables that are being compared by then. */
const compareSeconds = 300;

/** One comparison for each table of the mark, in the mark's order. */
async function compare(
  header: MarkHeader,
  record: ConnectionRecord,
  { destination, marks, deleteCheckRows, clock }: VerifyIncrementDependencies,
): Promise<Comparison[]> {
  const endMs = clock.now().getTime() + compareSeconds * 1000;
  const selected = new Map(record.tables.map((table) => [tableKey(table), table]));
  // Where time is short, what changed comes before what is only looked through for deleted rows.
  const turns = (await readMark(header, marks))
    .map((mark, index) => ({ mark, index }))
    .sort((a, b) => b.mark.rows.size - a.mark.rows.size);
  const comparisons: Comparison[] = [];
  for (let start = 0; start < turns.length; start += tablesAtOnce) {
    const inTime = clock.now().getTime() < endMs;
    await Promise.all(
      turns.slice(start, start + tablesAtOnce).map(async ({ mark, index }) => {
        comparisons[index] = await compareTable({
          mark,
          selected: selected.get(tableKey(mark.table)),
          catalog: record.destination.catalog,
          destination,
          deleteCheckRows,
          inTime,
        });
      }),
    );
  }
  return comparisons;
}

async function readMark(header: MarkHeader, marks: Marks): Promise<TableMark[]> {
  const rows = header.tables.map(() => new Map<string, MarkedRow>());
  const keys = header.tables.map(() => new Set<string>());
  for await (const chunk of marks.read(header)) {
    // A table that failed half way may have left rows behind; the header says that it was skipped.
    if (header.tables[chunk.table]?.state !== 'changes') continue;
    for (const row of chunk.rows) rows[chunk.table]?.set(keyText(row[0]), row);
    for (const key of chunk.keys) keys[chunk.table]?.add(keyText(key));
  }
  return header.tables.map((table, index) => ({
    table,
    rows: rows[index] ?? new Map<string, MarkedRow>(),
    keys: keys[index] ?? new Set<string>(),
  }));
}

async function judge(
  header: MarkHeader,
  comparisons: readonly Comparison[],
  answer: Parameters<typeof conclude>[0]['answer'],
  { marks, clock, log }: VerifyIncrementDependencies,
): Promise<VerifyIncrementResult> {
  const before = await marks.state(header.connectionId);
  const { result, state } = conclude({ header, comparisons, answer, state: before, now: clock.now() });
  if (result.verdict !== 'skipped') await marks.saveState(header.connectionId, state);
  log.info('JUDGED', 'The increment was judged.', {
    markId: header.markId,
    verdict: result.verdict,
    rows: result.rows,
    tables: result.tables.map(({ schema, table, verdict, missing, missingDeletes, carried }) => ({
      table: `${schema}.${table}`,
      verdict,
      missing,
      missingDeletes,
      carried,
    })),
  });
  return result;
}

const skipped = (reason: string): VerifyIncrementResult => ({
  verdict: 'skipped',
  tables: [],
  rows: 0,
  reason,
  recheckId: '',
  summary: `Not verified: ${reason}.`,
});
