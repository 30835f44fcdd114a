import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, withClient, type LocalPostgres } from '../../local/postgres/postgres.ts';
import type { VerifyIncrementResult } from '../../shared/contracts/increment.ts';
import { caughtUp, startStandby } from '../support/standby.ts';
import { checkOf, named } from './check.ts';
import { createCopier, type Loss } from './copier.ts';
import { startDestination } from './databricks.ts';
import { createIncrement, markIdOf, selected } from './harness.ts';

// A real standby that streams from a real primary: Fivetran may be made to read one.

let primary: LocalPostgres;
let standby: LocalPostgres;
let admin: pg.Client;
let end: Awaited<ReturnType<typeof startDestination>>;
let increment: ReturnType<typeof createIncrement>;
let copier: ReturnType<typeof createCopier>;

const actor = { schema: 'public', table: 'actor', key: ['actor_id'] };

const createIncrementOn = (postgres: LocalPostgres): ReturnType<typeof createIncrement> =>
  createIncrement({
    postgres,
    destination: end.destination,
    catalog: end.warehouse.catalog,
    tables: [selected('actor')],
  });

const onStandby = (sql: string): Promise<unknown> =>
  withClient(standby, 'admin', (client) => client.query(sql));

/** The control file tells the new timeline from the first checkpoint on. */
async function promote(): Promise<void> {
  await onStandby('SELECT pg_promote()');
  await onStandby('CHECKPOINT');
}

beforeAll(async () => {
  [primary, end] = await Promise.all([startPostgres(), startDestination()]);
  admin = new pg.Client({
    connectionString: primary.connectionString('admin'),
    ssl: { ca: primary.caPem },
    types: { getTypeParser: () => (text: string) => text },
  });
  await admin.connect();
  await admin.query("SET TimeZone = 'UTC'");
});
afterAll(async () => {
  await admin.end();
  await primary.stop();
  await end.stop();
});
beforeEach(async () => {
  standby = await startStandby(primary);
  increment = createIncrementOn(standby);
  copier = createCopier(admin, end.warehouse, 'rental_public');
});
afterEach(() => standby.stop());

/** Marks on the standby, syncs, and verifies. */
async function run(lose?: Loss): Promise<VerifyIncrementResult> {
  await caughtUp(primary, standby);
  const markId = markIdOf(await increment.mark());
  await copier.sync([actor], lose);
  return increment.verify(markId);
}

describe('an increment that is marked on a standby', () => {
  it('is verified, and short by what the destination lost, dropped or kept', async () => {
    expect((await run()).reason).toContain('no earlier mark');
    await admin.query("INSERT INTO actor (actor_id, first_name, last_name) VALUES (900, 'abe', 'ka')");
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 1 });
    await admin.query("UPDATE actor SET last_name = 'x' WHERE actor_id = 900");
    expect(await run((change) => change === 'update')).toMatchObject({
      verdict: 'short',
      tables: [{ table: 'actor', missing: 1 }],
    });
    await admin.query('DELETE FROM actor WHERE actor_id = 900');
    await run((change) => change === 'delete');
    expect(await run((change) => change === 'delete')).toMatchObject({
      verdict: 'short',
      tables: [{ table: 'actor', missingDeletes: 1 }],
    });
  });

  it('has what a long transaction with more savepoints than a snapshot lists commits after the mark', async () => {
    const long = new pg.Client({
      connectionString: primary.connectionString('admin'),
      ssl: { ca: primary.caPem },
    });
    await long.connect();
    await run();
    await long.query('BEGIN');
    for (let id = 1; id <= 80; id += 1) {
      await long.query(
        `SAVEPOINT s; UPDATE actor SET last_name = 'long' WHERE actor_id = ${String(id)}; RELEASE SAVEPOINT s`,
      );
    }
    await admin.query("UPDATE actor SET last_name = 'short' WHERE actor_id = 100");
    const during = await run();
    expect(during).toMatchObject({ verdict: 'verified', rows: 1 });
    await long.query('COMMIT');
    await long.end();
    expect(await run((_, key) => key === '["7"]')).toMatchObject({
      verdict: 'short',
      tables: [{ table: 'actor', missing: 1 }],
    });
  });
});

describe('check-source', () => {
  it('calls a standby one, and skips what its statistics cannot tell', async () => {
    await run();
    await admin.query('UPDATE actor SET last_update = last_update');
    await caughtUp(primary, standby);
    const found = await checkOf(standby, increment);
    expect(named(found, 'source.standby')).toMatchObject({ status: 'warning' });
    expect(named(found, 'source.standby')?.remedy).toContain('hot_standby_feedback');
    expect(named(found, 'source.teleport-headroom')).toMatchObject({
      status: 'skipped',
      summary: expect.stringContaining('a standby does not count changes') as unknown,
    });
    expect(found.filter(({ status }) => status === 'blocking')).toEqual([]);
  });

  it('tells of its promotion, and marks begin anew', async () => {
    await run();
    await promote();
    expect(named(await checkOf(standby, increment), 'source.transaction-id')).toMatchObject({
      status: 'warning',
      summary: expect.stringContaining('The standby that Fivetran read was promoted') as unknown,
    });
    const markId = markIdOf(await increment.mark());
    expect(await increment.verify(markId)).toMatchObject({
      verdict: 'skipped',
      reason: expect.stringContaining('the standby was promoted') as unknown,
    });
  });

  it('does not warn of a fail-over to a standby that had everything', async () => {
    const before = createIncrementOn(primary);
    await before.mark();
    await caughtUp(primary, standby);
    await promote();
    const found = named(await checkOf(standby, before), 'source.transaction-id');
    expect(found).toMatchObject({ status: 'ok' });
    expect(found?.summary).toMatch(/failed over since .* \(timeline 1, now 2\)/);
  });

  it('warns of a fail-over to a standby that lagged', async () => {
    await caughtUp(primary, standby);
    await onStandby("ALTER SYSTEM SET primary_conninfo = ''");
    await onStandby('SELECT pg_reload_conf()');
    await expect
      .poll(async () => (await admin.query('SELECT FROM pg_stat_replication')).rowCount, { timeout: 30_000 })
      .toBe(0);
    for (let turn = 0; turn < 20; turn += 1) await admin.query('SELECT txid_current()');
    const before = createIncrementOn(primary);
    await before.mark();
    await promote();
    const found = named(await checkOf(standby, before), 'source.transaction-id');
    expect(found).toMatchObject({ status: 'warning' });
    expect(found?.summary).toMatch(
      /moved backwards .* a standby that lagged was promoted \(timeline 1, now 2\)/,
    );
    expect(found?.summary).toContain('until a historical re-sync is started in Fivetran');
  });
});
