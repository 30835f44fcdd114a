import pg from 'pg';
import type { MarkedColumn } from '../../contracts/mark.ts';
import type { TableFacts } from '../../contracts/source-facts.ts';
import { sourceText } from '../../rules/column-kind.ts';
import type { PostgresSession } from './session.ts';

const quote = pg.escapeIdentifier;
const batchRows = 2_000;

/** Which rows of a table to read. */
export interface ChangeQuery {
  table: TableFacts;
  keyColumns: readonly MarkedColumn[];
  columns: readonly MarkedColumn[];
  /** `age()` of the oldest transaction whose rows count as changed. */
  sinceAge: number;
  /** Part of the table's pages to look at, above 0 and at most 1. */
  scanned: number;
}

/** A changed row as PostgreSQL wrote it. */
export interface ChangedRow {
  key: (string | null)[];
  writer: string;
  values: (string | null)[];
}

/** Runs `work` on one snapshot of the database, on a standby too, and always ends the transaction. */
export async function onOneSnapshot<Answer>(
  session: PostgresSession,
  work: () => Promise<Answer>,
): Promise<Answer> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    return await work();
  } finally {
    await session.query('ROLLBACK').catch(() => undefined);
  }
}

/** The age of a transaction in the present one, in which it does not move. Epochs are the caller's to compare. */
export async function ageOf(session: PostgresSession, transactionId: string): Promise<number> {
  const short = (BigInt(transactionId) % 2n ** 32n).toString();
  const [row] = await session.query('SELECT age($1::xid) AS age', [short]);
  return Number(row?.age ?? 0);
}

/** Pages on disk now; the catalog's figure is as old as the last vacuum. */
export async function pagesOf(session: PostgresSession, table: TableFacts): Promise<number> {
  const [row] = await session.query(
    `SELECT ${
      table.kind === 'p'
        ? '(SELECT sum(pg_relation_size(p.relid)) FROM pg_partition_tree($1::oid::regclass) p WHERE p.isleaf)'
        : 'pg_relation_size($1::oid::regclass)'
    } / current_setting('block_size')::int AS pages`,
    [table.oid],
  );
  return Number(row?.pages ?? 0);
}

/** How many rows the scanned part has, and how many of them changed. */
export async function countRows(
  session: PostgresSession,
  { table, sinceAge, scanned }: Omit<ChangeQuery, 'keyColumns' | 'columns'>,
): Promise<{ rows: number; changed: number }> {
  const [row] = await session.query(
    `SELECT count(*) AS total, count(*) FILTER (WHERE age(t.xmin) <= ${String(sinceAge)}) AS changed FROM ${source(table, scanned)}`,
  );
  return { rows: Number(row?.total ?? 0), changed: Number(row?.changed ?? 0) };
}

/**
 * The changed rows, in batches through a cursor, so that memory does not grow with the table.
 *
 * @param chance probability with which each changed row is taken; 1 takes all
 */
export async function* readChangedRows(
  session: PostgresSession,
  query: ChangeQuery,
  chance: number,
): AsyncGenerator<ChangedRow[]> {
  const { table, keyColumns, columns, sinceAge, scanned } = query;
  const selected = [...keyColumns, ...columns].map(({ name }) => `t.${quote(name)}`);
  const conditions = [
    `age(t.xmin) <= ${String(sinceAge)}`,
    ...(chance < 1 ? [`random() < ${String(chance)}`] : []),
  ];
  const rows = readByCursor(
    session,
    `SELECT ${['t.xmin', ...selected].join(', ')} FROM ${source(table, scanned)} WHERE ${conditions.join(' AND ')}`,
  );
  for await (const batch of rows) {
    yield batch.map(([writer, ...values]) => ({
      writer: writer ?? '',
      key: values.slice(0, keyColumns.length),
      values: values.slice(keyColumns.length),
    }));
  }
}

/** The keys of all rows, in batches. */
export async function* readKeys(
  session: PostgresSession,
  table: TableFacts,
  keyColumns: readonly MarkedColumn[],
): AsyncGenerator<(string | null)[][]> {
  yield* readByCursor(
    session,
    `SELECT ${keyColumns.map(({ name }) => `t.${quote(name)}`).join(', ')} FROM ${source(table, 1)}`,
  );
}

/** The transaction that wrote each of these rows, in the order asked; `undefined` where there is no such row. */
export async function readWriters(
  session: PostgresSession,
  table: TableFacts,
  keyColumns: readonly MarkedColumn[],
  keys: readonly (readonly string[])[],
): Promise<(string | undefined)[]> {
  const castOf = new Map(table.columns.map(({ name, castType }) => [name, castType]));
  const answers: (string | undefined)[] = [];
  for (let start = 0; start < keys.length; start += batchRows) {
    const batch = keys.slice(start, start + batchRows);
    const matches = keyColumns.map(
      ({ name }, index) => `t.${quote(name)} = (w.item ->> ${String(index)})::${castOf.get(name) ?? 'text'}`,
    );
    const rows = await session.queryArrays(
      `SELECT w.ordinal, t.xmin
       FROM json_array_elements($1::json) WITH ORDINALITY AS w(item, ordinal)
       JOIN ${source(table, 1)} ON ${matches.join(' AND ')}`,
      [
        JSON.stringify(
          batch.map((key) => key.map((value, index) => sourceText(keyColumns[index]?.kind ?? 'text', value))),
        ),
      ],
    );
    const writers = new Map(rows.map(([ordinal, writer]) => [Number(ordinal), writer ?? undefined]));
    answers.push(...batch.map((_, index) => writers.get(index + 1)));
  }
  return answers;
}

/** The table under the alias t; children that inherit from it are tables of their own. */
function source({ kind, schema, table }: TableFacts, scanned: number): string {
  const sample = scanned < 1 ? ` TABLESAMPLE SYSTEM (${String(scanned * 100)})` : '';
  return `${kind === 'p' ? '' : 'ONLY '}${quote(schema)}.${quote(table)} AS t${sample}`;
}

async function* readByCursor(session: PostgresSession, sql: string): AsyncGenerator<(string | null)[][]> {
  await session.query(`DECLARE changed NO SCROLL CURSOR FOR ${sql}`);
  for (;;) {
    const batch = await session.queryArrays(`FETCH ${String(batchRows)} FROM changed`);
    if (batch.length > 0) yield batch;
    if (batch.length < batchRows) break;
  }
  await session.query('CLOSE changed');
}
