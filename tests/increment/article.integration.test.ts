import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { withClient } from '../../local/postgres/postgres.ts';
import { startStack, type LocalStack } from '../../local/stack.ts';
import { connectSource, type EndedRun } from '../support/source-run.ts';

// The case that the manual proves by hand, one row in actor, and what no log would have told: through run-sync, with
// the shipped bundles.

let stack: LocalStack;
let sync: () => Promise<EndedRun>;

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
  ({ sync } = await connectSource(stack));
});
afterAll(() => stack.stop());
beforeEach(() => stack.fivetran.faults.clear());

const sql = (text: string): Promise<unknown> =>
  withClient(stack.postgres, 'admin', (client) => client.query(text));

async function atDatabricks(condition: string): Promise<unknown[]> {
  const connection = await stack.warehouse.connect();
  try {
    const reader = await connection.runAndReadAll(
      `SELECT first_name, last_name FROM ${stack.warehouse.catalog}.dvd_public.actor
       WHERE NOT _fivetran_deleted AND ${condition}`,
    );
    return reader.getRowsJson();
  } finally {
    connection.closeSync();
  }
}

/** Changes 12,000 rows in one go: below what Teleport carries. */
const twelveThousand = `INSERT INTO actor (first_name, last_name) SELECT 'n' || n, 'many' FROM generate_series(1, 12000) AS n`;

test('one inserted row is verified, count 1, and seen at Databricks', async () => {
  await sql(`INSERT INTO actor (first_name, last_name) VALUES ('abe', 'ka')`);
  expect((await sync()).verification).toMatchObject({ verdict: 'verified', rows: 1 });
  expect(await atDatabricks(`first_name = 'abe'`)).toEqual([['abe', 'ka']]);
});

test('one update and one delete are verified', async () => {
  await sql(`INSERT INTO actor (first_name, last_name) VALUES ('to', 'go')`);
  expect((await sync()).verification).toMatchObject({ verdict: 'verified', rows: 1 });
  await sql(`UPDATE actor SET last_name = 'changed' WHERE first_name = 'abe'`);
  await sql(`DELETE FROM actor WHERE first_name = 'to'`);
  expect((await sync()).verification).toMatchObject({ verdict: 'verified', rows: 1 });
  expect(await atDatabricks(`first_name IN ('abe', 'to')`)).toEqual([['abe', 'changed']]);
});

test('12,000 changes are verified', async () => {
  await sql(twelveThousand);
  expect((await sync()).verification).toMatchObject({ verdict: 'verified', rows: 12_000 });
});

test('of 12,000 changes three rows that the destination lost are named with their number, until they arrive', async () => {
  stack.fivetran.faults.set({ kind: 'lose-rows', table: 'actor', count: 3 });
  await sql(twelveThousand);
  const lost = await sync();
  expect(lost.status).toBe('FAILED');
  expect(lost.verification).toMatchObject({ verdict: 'short', rows: 11_997 });
  expect(lost.verification?.summary).toContain('public.actor (3 rows)');
  await sql(`UPDATE actor SET last_name = 'again' WHERE last_name = 'many'`);
  // More than Teleport carries at once: the table is loaded whole.
  await sync();
  expect((await sync()).verification).toMatchObject({ verdict: 'verified' });
});

test('an update and a deletion that the destination dropped are named with table and number', async () => {
  stack.fivetran.faults.set({ kind: 'drop-updates', table: 'actor', count: 1 });
  await sql(`UPDATE actor SET last_name = 'dropped' WHERE first_name = 'abe'`);
  expect((await sync()).verification?.summary).toContain('public.actor (1 row)');
  await sql(`UPDATE actor SET last_name = 'arrives' WHERE first_name = 'abe'`);
  expect((await sync()).verification).toMatchObject({ verdict: 'verified' });
  stack.fivetran.faults.set({ kind: 'drop-deletes', table: 'actor', count: 1 });
  await sql(`DELETE FROM actor WHERE first_name = 'abe'`);
  await sync();
  expect((await sync()).verification?.summary).toContain('public.actor (1 deletion)');
});
