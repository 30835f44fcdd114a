import type { DuckDBConnection } from '@duckdb/node-api';
import type pg from 'pg';
import { keyColumns } from '../source/tables.ts';
import type { CopyPlan } from './copy-plan.ts';

const batch = 5_000;

/**
 * Reads the table into the connection's temporary table `incoming` (key, hash, v0 …): all of it, or with `since`
 * only rows whose last writing transaction is not older than that one. A cursor keeps memory flat.
 */
export async function readRows(
  source: pg.Client,
  warehouse: DuckDBConnection,
  plan: CopyPlan,
  since: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const identifier = (name: string): string => source.escapeIdentifier(name);
  const values = plan.columns.map(({ source: name, transfer }) => transfer.read(identifier(name)));
  const keys = keyColumns(plan.table).map(({ name }) => {
    const column = plan.columns.find(({ source: other }) => other === name);
    return column === undefined ? `${identifier(name)}::text` : column.transfer.read(identifier(name));
  });
  const hash = `md5(ROW(${values.join(', ')})::text)`;
  const key = plan.keyless ? hash : `to_json(ARRAY[${keys.join(', ')}])::text`;
  const names = plan.columns.map((_, index) => `v${index}`);
  await warehouse.run(
    `CREATE OR REPLACE TEMP TABLE incoming (key VARCHAR, hash VARCHAR${names.map((name) => `, ${name} VARCHAR`).join('')})`,
  );
  await source.query(
    `DECLARE rows NO SCROLL CURSOR FOR SELECT ${[key, hash, ...values].join(', ')}
     FROM ${identifier(plan.table.schema)}.${identifier(plan.table.name)}
     ${since === undefined ? '' : `WHERE age(xmin) <= age(${source.escapeLiteral(since)}::xid)`}`,
  );
  const appender = await warehouse.createAppender('incoming', 'main', 'temp');
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await source.query<(string | null)[]>({
      text: `FETCH ${batch} FROM rows`,
      rowMode: 'array',
    });
    for (const row of rows) {
      for (const value of row) {
        if (value === null) appender.appendNull();
        else appender.appendVarchar(value);
      }
      appender.endRow();
    }
    if (rows.length < batch) break;
  }
  appender.closeSync();
  await source.query('CLOSE rows');
  if (plan.keyless) {
    await warehouse.run('CREATE OR REPLACE TEMP TABLE incoming AS SELECT DISTINCT ON (key) * FROM incoming');
  }
}

/** Reads the keys of all rows into the temporary table `present` (key). */
export async function readKeys(
  source: pg.Client,
  warehouse: DuckDBConnection,
  plan: CopyPlan,
  signal: AbortSignal,
): Promise<void> {
  await readRows(
    source,
    warehouse,
    { ...plan, columns: plan.columns.filter(({ isKey }) => isKey || plan.keyless) },
    undefined,
    signal,
  );
  await warehouse.run('CREATE OR REPLACE TEMP TABLE present AS SELECT key FROM incoming');
}
