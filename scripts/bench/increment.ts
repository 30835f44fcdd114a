import { build } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import * as z from 'zod/mini';
import { startDatabricks } from '../../local/databricks/databricks.ts';
import { startWarehouse, withConnection } from '../../local/databricks/warehouse.ts';
import { startPostgres, withClient } from '../../local/postgres/postgres.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { bundleSettings } from '../build.ts';
import type { Figure } from './figure.ts';

/** What marking and verifying one large table took. */
export interface LargeIncrement {
  /** Taking the first mark, which only begins to count. */
  baseline: Step;
  mark: Step & { changedRows: number };
  verify: Step & { verdict: string; comparedRows: number };
  /** Every kind of lock that our sessions held on a relation, as `pg_locks.mode` names them. */
  lockModes: string[];
}

interface Step {
  seconds: number;
  /** The process's peak so far, Node itself included. */
  megabytes: number;
}

const Answer = z.object({
  seconds: z.number(),
  megabytes: z.number(),
  error: z.optional(z.string()),
  result: z.optional(
    z.object({
      markId: z.nullish(z.string()),
      changedRows: z.optional(z.number()),
      verdict: z.optional(z.string()),
      rows: z.optional(z.number()),
    }),
  ),
});

/** Content of one row as a function of its number, in SQL that both databases understand. */
const columns = `n AS id, 'customer ' || n AS name, CAST(n % 9973 AS DECIMAL(10, 2)) / 100 AS amount,
  TIMESTAMP '2026-01-01 00:00:00' + n * INTERVAL '1 second' AS moment`;

/**
 * Marks and verifies a table of `rows` rows of which `changes` changed (updates and insertions in equal parts), with
 * the real PostgreSQL and the local Databricks, and watches the locks meanwhile.
 */
export async function measureLargeIncrement(rows: number, changes: number): Promise<LargeIncrement> {
  const [postgres, warehouse] = await Promise.all([startPostgres(), startWarehouse()]);
  const databricks = await startDatabricks({ warehouse });
  const schema = 'bench';
  const table = 'customers';
  const half = Math.floor(changes / 2);
  const folder = await mkdtemp(path.join(tmpdir(), 'fivetran-privatelink-bench-'));
  let worker: ChildProcess | undefined;
  try {
    return await withClient(postgres, 'admin', async (admin) => {
      await admin.query('CREATE SCHEMA bench');
      await admin.query(
        `CREATE TABLE bench.customers (id bigint PRIMARY KEY, name text, amount numeric(10,2), moment timestamp)`,
      );
      await admin.query(
        `INSERT INTO bench.customers SELECT ${columns} FROM generate_series(1, ${String(rows)}) AS s(n)`,
      );
      await admin.query(
        'GRANT USAGE ON SCHEMA bench TO privatelink_checks; GRANT SELECT ON bench.customers TO privatelink_checks',
      );
      const { host, port, database: dbname, caPem: ca, users } = postgres;
      const { name: username, password } = users.checks;
      const setting = {
        source: { host, port, dbname, ca, username, password },
        databricks: { host: databricks.url, warehouseId: databricks.warehouseId, token: databricks.token },
        catalog: warehouse.catalog,
        schema,
        table,
        ledgerFile: path.join(folder, 'ledger'),
      };
      worker = await startWorker(setting, folder);
      const baseline = await order(worker, { mark: true });

      await admin.query(`UPDATE bench.customers SET name = name || ' x' WHERE id <= ${String(half)}`);
      await admin.query(
        `INSERT INTO bench.customers SELECT ${columns} FROM generate_series(${String(rows + 1)}, ${String(rows + changes - half)}) AS s(n)`,
      );
      const target = `${warehouse.catalog}.bench.customers`;
      await withConnection(warehouse, async (connection) => {
        await connection.run(`CREATE SCHEMA ${warehouse.catalog}.bench`);
        await connection.run(
          `CREATE TABLE ${target} AS SELECT CAST(id AS BIGINT) AS id, name || CASE WHEN id <= ${String(half)} THEN ' x' ELSE '' END AS name,
             CAST(amount AS DECIMAL(10, 2)) AS amount, moment, false AS _fivetran_deleted, now() AS _fivetran_synced
           FROM (SELECT ${columns} FROM range(1, ${String(rows + changes - half + 1)}) AS s(n))`,
        );
      });

      const watching = new AbortController();
      const locks = watchLocks(admin, watching.signal);
      const mark = await order(worker, { mark: true });
      watching.abort();
      worker.disconnect();
      worker = await startWorker(setting, folder);
      const verify = await order(worker, { verify: mark.result?.markId ?? '' });
      return {
        baseline,
        mark: { ...mark, changedRows: mark.result?.changedRows ?? 0 },
        verify: { ...verify, verdict: verify.result?.verdict ?? '', comparedRows: verify.result?.rows ?? 0 },
        lockModes: await locks,
      };
    });
  } finally {
    worker?.disconnect();
    await rm(folder, { recursive: true, force: true });
    await databricks.stop();
    warehouse.stop();
    await postgres.stop();
  }
}

/** Bundled first, as the Lambdas are: Node's own reading of TypeScript takes more memory than the work. */
async function startWorker(setting: unknown, folder: string): Promise<ChildProcess> {
  const bundle = path.join(folder, 'increment-worker.mjs');
  await build({
    ...bundleSettings,
    entryPoints: [path.join(import.meta.dirname, 'increment-worker.ts')],
    outfile: bundle,
  });
  const worker = fork(bundle, [JSON.stringify(setting)], { execArgv: [], serialization: 'json' });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('exit', (code) => reject(new Error(`The worker ended with ${String(code)}.`)));
  });
  return worker;
}

async function order(
  worker: ChildProcess,
  what: { mark: true } | { verify: string },
): Promise<z.output<typeof Answer>> {
  const answer = new Promise<unknown>((resolve) => worker.once('message', resolve));
  worker.send(what);
  const read = parse(Answer, await answer, "The worker's answer");
  if (read.error !== undefined) throw new Error(read.error);
  return read;
}

/** All modes of relation locks that our sessions were seen with, asked for every few milliseconds. */
async function watchLocks(admin: pg.Client, signal: AbortSignal): Promise<string[]> {
  const modes = new Set<string>();
  while (!signal.aborted) {
    const { rows } = await admin.query<{ mode: string }>(
      `SELECT DISTINCT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE a.usename = 'privatelink_checks' AND l.locktype = 'relation'`,
    );
    for (const { mode } of rows) modes.add(mode);
    await delay(5);
  }
  return [...modes].sort();
}

/** For `npm run bench`. */
export async function measureIncrement(): Promise<Figure[]> {
  const small = await measureLargeIncrement(10_000, 10_000);
  const large = await measureLargeIncrement(1_000_000, 10_000);
  return [
    { name: 'mark, 10,000 rows of which 10,000 changed', value: small.mark.seconds, unit: 's' },
    {
      name: 'mark, 1,000,000 rows of which 10,000 changed',
      value: large.mark.seconds,
      unit: 's',
      ratio: large.mark.seconds / small.mark.seconds,
    },
    { name: 'verify, 10,000 rows of which 10,000 changed', value: small.verify.seconds, unit: 's' },
    {
      name: 'verify, 1,000,000 rows of which 10,000 changed',
      value: large.verify.seconds,
      unit: 's',
      ratio: large.verify.seconds / small.verify.seconds,
    },
    { name: 'peak memory of mark, 1,000,000 rows', value: large.mark.megabytes, unit: 'MB' },
    { name: 'peak memory of verify, 10,000 rows', value: small.verify.megabytes, unit: 'MB' },
    {
      name: 'peak memory of verify, 1,000,000 rows',
      value: large.verify.megabytes,
      unit: 'MB',
      ratio: large.verify.megabytes / small.verify.megabytes,
    },
  ];
}
