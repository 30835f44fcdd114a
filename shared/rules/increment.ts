import type { TableVerdict, VerifyIncrementResult } from '../contracts/increment.ts';
import {
  tableKey,
  type Comparison,
  type Ghost,
  type MarkHeader,
  type MarkState,
  type MarkedColumn,
  type RecheckAnswer,
} from '../contracts/mark.ts';
import { fromTheBeginning } from './mark-plan.ts';

/** Which columns of the destination stand for which of the mark. */
export type ColumnPairing =
  | {
      possible: true;
      /** Destination names of the key columns, in the key's order. */
      key: string[];
      /** Place in the mark's columns, and the destination's name. */
      columns: { index: number; name: string }[];
      missing: string[];
    }
  | { possible: false; reason: string };

/**
 * Pairs by the names that Fivetran's schema gives; where it gives none, by the only column of the destination that
 * reads the same apart from case and separators. What the destination lacks is left out and named.
 *
 * @param named destination names that Fivetran's schema lists, by source name
 */
export function pairColumns(
  keyColumns: readonly MarkedColumn[],
  columns: readonly MarkedColumn[],
  named: ReadonlyMap<string, string>,
  destinationColumns: readonly string[],
): ColumnPairing {
  const find = (name: string): string | undefined => {
    const wanted = named.get(name) ?? name;
    const exact = destinationColumns.find((column) => column === wanted);
    if (exact !== undefined) return exact;
    const alike = destinationColumns.filter((column) => plain(column) === plain(wanted));
    return alike.length === 1 ? alike[0] : undefined;
  };
  const key = keyColumns.map(({ name }) => find(name));
  const absent = keyColumns.filter((_, index) => key[index] === undefined);
  if (absent.length > 0) {
    return {
      possible: false,
      reason: `the destination has no key column ${absent.map(({ name }) => name).join(', ')}`,
    };
  }
  const pairs = columns.map(({ name }, index) => ({ index, source: name, name: find(name) }));
  return {
    possible: true,
    key: key.filter((name) => name !== undefined),
    columns: pairs.flatMap(({ index, name }) => (name === undefined ? [] : [{ index, name }])),
    missing: pairs.flatMap(({ source, name }) => (name === undefined ? [source] : [])),
  };
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** A key as one text, for maps. */
export const keyText = (key: readonly string[]): string => JSON.stringify(key);

/**
 * The verdict, and what to remember for the next one.
 *
 * A row of the mark is missing when the destination has it not or has it otherwise, though the source has not
 * touched it since the mark: the sync began after the mark was complete, so it read this very row. A row that the
 * source touched again is carried: the next mark has it. A key that only the destination has is a ghost; a ghost
 * that was already seen before this mark, and that no sync wrote again, is a deletion that did not arrive.
 *
 * @param answer the source's second look; absent when the first comparison found no difference
 */
export function conclude(options: {
  header: MarkHeader;
  comparisons: readonly Comparison[];
  answer: RecheckAnswer | undefined;
  state: MarkState;
  now: Date;
}): { result: VerifyIncrementResult; state: MarkState } {
  const { header, comparisons, answer, state, now } = options;
  const concluded = comparisons.map((comparison, index) =>
    concludeTable(comparison, answer?.tables[index], answer?.recheckedAt ?? header.completedAt, {
      before: state.ghosts[tableKey(comparison)] ?? [],
      markCompletedAt: header.completedAt,
    }),
  );
  const verdicts = concluded.map(({ verdict }) => verdict);
  const initial = header.tables.some(({ since }) => since === fromTheBeginning);
  const result = summarizeVerdicts(verdicts, initial);
  if (result.verdict === 'skipped') return { result, state };

  const { systemIdentifier, standby, snapshotXmin } = header.server;
  // A table that came up short keeps its old beginning, so that the next mark has the same rows again.
  const moved = concluded.flatMap(({ verdict }, index) =>
    verdict.verdict === 'skipped'
      ? []
      : [
          [
            tableKey(verdict),
            {
              since: verdict.missing === 0 ? snapshotXmin : (header.tables[index]?.since ?? ''),
              systemIdentifier,
              standby,
            },
          ] as const,
        ],
  );
  const judged = concluded.filter(({ verdict }) => verdict.verdict !== 'skipped');
  const ghosts = judged
    .filter(({ verdict }) => verdict.deletes === 'checked')
    .map(({ verdict, ghosts: seen }) => [tableKey(verdict), seen] as const);
  return {
    result,
    state: {
      tables: { ...state.tables, ...Object.fromEntries(moved) },
      ghosts: Object.fromEntries(
        Object.entries({ ...state.ghosts, ...Object.fromEntries(ghosts) }).filter(
          ([, seen]) => seen.length > 0,
        ),
      ),
      lastVerifiedAt: now.toISOString(),
    },
  };
}

/** Ghosts remembered for one table; all are counted, but a truncated table must not fill the ledger. */
const ghostsKept = 5_000;

function concludeTable(
  comparison: Comparison,
  answer: RecheckAnswer['tables'][number] | undefined,
  recheckedAt: string,
  known: { before: readonly Ghost[]; markCompletedAt: string },
): { verdict: TableVerdict; ghosts: Ghost[] } {
  const { schema, table, compared, rows, keys, synced, sampledOf, notCompared } = comparison;
  const base = {
    schema,
    table,
    compared,
    missing: 0,
    missingDeletes: 0,
    carried: 0,
    ...(sampledOf === null ? {} : { sampledOf }),
    deletes: comparison.deletesSkipped === '' ? ('checked' as const) : ('skipped' as const),
    ...(comparison.deletesSkipped === ''
      ? {}
      : { reason: `deletions not checked: ${comparison.deletesSkipped}` }),
    notCompared,
  };
  const skipped = comparison.skipped === '' && answer?.state === 'gone' ? answer.reason : comparison.skipped;
  if (skipped !== '') {
    return {
      verdict: { ...base, verdict: 'skipped', compared: 0, deletes: 'skipped', reason: skipped },
      ghosts: [...known.before],
    };
  }
  const missing = rows.filter((_, index) => answer?.unchanged[index] === true).length;
  const ghosts = keys.flatMap((key, index): Ghost[] =>
    answer?.present[index] === false ? [{ key, synced: synced[index] ?? '', seenAt: recheckedAt }] : [],
  );
  const earlier = new Map(known.before.map((ghost) => [keyText(ghost.key), ghost]));
  const remembered = ghosts.map((ghost) => {
    const same = earlier.get(keyText(ghost.key));
    return same?.synced === ghost.synced ? same : ghost;
  });
  const missingDeletes = remembered.filter(({ seenAt }) => seenAt < known.markCompletedAt).length;
  return {
    verdict: {
      ...base,
      verdict: missing + missingDeletes > 0 ? 'short' : 'verified',
      missing,
      missingDeletes,
      carried: rows.length - missing,
    },
    ghosts: remembered.slice(0, ghostsKept),
  };
}

/** A state's payload holds 256 KB; whoever wants more reads the log. */
const tablesTold = 50;
const samplesTold = 10;

/**
 * @param initial rows count whether they changed or not, because the sync copied all
 */
function summarizeVerdicts(verdicts: readonly TableVerdict[], initial: boolean): VerifyIncrementResult {
  const judged = verdicts.filter(({ verdict }) => verdict !== 'skipped');
  const short = judged.filter(({ verdict }) => verdict === 'short');
  const rows = judged.reduce((sum, { compared, missing, carried }) => sum + compared - missing - carried, 0);
  const carried = judged.reduce((sum, table) => sum + table.carried, 0);
  const told = [...verdicts]
    .sort((one, other) => weight(other) - weight(one))
    .filter((table) => weight(table) > 0);
  const common = { tables: told.slice(0, tablesTold), rows, recheckId: '' };
  if (judged.length === 0) {
    const reason = verdicts[0]?.reason ?? 'the connection has no selected table';
    return { ...common, verdict: 'skipped', reason, summary: `Not verified: ${reason}.` };
  }
  if (short.length > 0) {
    const named = short
      .slice(0, 5)
      .map(
        ({ schema, table, missing, missingDeletes }) =>
          `${schema}.${table} (${[
            ...(missing > 0 ? [count(missing, 'row')] : []),
            ...(missingDeletes > 0 ? [count(missingDeletes, 'deletion')] : []),
          ].join(', ')})`,
      );
    const more = short.length > 5 ? ` and ${String(short.length - 5)} more tables` : '';
    return {
      ...common,
      verdict: 'short',
      reason: '',
      summary: `The sync ended well but did not bring everything: missing at the destination are ${named.join(', ')}${more}.`,
    };
  }
  const skipped = verdicts.length - judged.length;
  const sampled = judged.filter(({ sampledOf }) => sampledOf !== undefined);
  return {
    ...common,
    verdict: 'verified',
    reason: '',
    summary: [
      `${count(rows, initial ? 'row' : 'changed row')} found at the destination (${count(judged.length, 'table')} compared)`,
      ...(carried > 0
        ? [`${count(carried, 'row')} changed again and ${carried === 1 ? 'is' : 'are'} left to the next sync`]
        : []),
      ...sampled
        .slice(0, samplesTold)
        .map(
          ({ schema, table, compared, sampledOf }) =>
            `${schema}.${table} sampled ${String(compared)} of ${String(sampledOf)}`,
        ),
      ...(sampled.length > samplesTold
        ? [`${count(sampled.length - samplesTold, 'more table')} sampled`]
        : []),
      ...(skipped > 0 ? [`${count(skipped, 'table')} not verified`] : []),
    ]
      .join('; ')
      .concat('.'),
  };
}

const count = (number: number, thing: string): string =>
  `${String(number)} ${thing}${number === 1 ? '' : 's'}`;

/** What a person wants to read first; 0 where there is nothing to say. */
function weight({ verdict, compared, carried, reason, missing, missingDeletes }: TableVerdict): number {
  if (verdict === 'short') return 1_000_000 + missing + missingDeletes;
  if (verdict === 'skipped') return 500_000;
  return compared + carried + (reason === undefined ? 0 : 1);
}
