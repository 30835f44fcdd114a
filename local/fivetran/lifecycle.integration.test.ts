import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startFivetranBench, textOf, type FivetranBench } from '../../tests/support/fivetran-bench.ts';
import type { JsonObject } from '../json.ts';
import { startPostgres, withClient, type LocalPostgres } from '../postgres/postgres.ts';

let postgres: LocalPostgres;
let bench: FivetranBench;
/** Where the bench's links lead; a test may cut them. */
let reachable = true;

beforeAll(async () => {
  postgres = await startPostgres();
  await admin(
    'REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM fivetran; GRANT SELECT ON language, store TO fivetran',
  );
  bench = await startFivetranBench(postgres, {
    minuteMs: 20,
    resolveLink: () => (reachable ? { host: postgres.host, port: postgres.port } : undefined),
  });
});
afterAll(async () => {
  await bench.stop();
  await postgres.stop();
});
afterEach(() => {
  reachable = true;
  bench.fivetran.faults.clear();
});

const admin = (sql: string): Promise<unknown> => withClient(postgres, 'admin', (client) => client.query(sql));
const get = async (id: string): Promise<JsonObject> => (await bench.call('GET', `connections/${id}`)).data;
const tested = async (id: string, body: JsonObject = {}): Promise<JsonObject> =>
  (await bench.call('POST', `connections/${id}/test`, body)).data;
const lastSync = (id: string) => bench.fivetran.account.connections.get(id)?.syncs.at(-1);
/** A connection whose setup tests did not run. */
const untested = async (schemaPrefix: string, config: JsonObject = {}): Promise<string> => {
  const link = await bench.linkUp(`pl_${schemaPrefix}`);
  const { data } = await bench.call('POST', 'connections', {
    ...bench.connectionBody(link, { schema_prefix: schemaPrefix, ...config }),
    run_setup_tests: false,
  });
  return textOf(data.id);
};

describe('setup tests try the source for real', () => {
  test('all pass through the link, and the connection is connected', async () => {
    const id = await untested('passes');
    expect(await tested(id)).toMatchObject({
      status: { setup_state: 'connected' },
      setup_tests: [
        { title: 'Connecting to Host', status: 'PASSED' },
        { title: 'Validating Certificate', status: 'PASSED', message: 'TLSv1.3' },
        { title: 'Connecting to Database', status: 'PASSED' },
        { title: 'Checking Permissions', status: 'PASSED', message: '2 tables can be read.' },
        { title: 'Checking Update Method', status: 'PASSED' },
      ],
    });
  });

  test.each<[string, JsonObject, string, RegExp]>([
    ['a wrong password', { password: 'wrong' }, 'Connecting to Database', /password authentication failed/],
    ['an unknown database', { database: 'nobody' }, 'Connecting to Database', /pg_hba|does not exist/],
    [
      'logical replication without a slot',
      { update_method: 'WAL_PGOUTPUT' },
      'Checking Update Method',
      /wal_level is replica/,
    ],
  ])('%s fails the test that finds it', async (_, config, title, message) => {
    const id = await untested(`fails_${title.length}_${Object.keys(config).join()}`.slice(0, 20), config);
    const { setup_tests: tests, status } = await tested(id);
    expect(status).toMatchObject({ setup_state: 'incomplete' });
    expect(tests).toContainEqual(
      expect.objectContaining({ title, status: 'FAILED', message: expect.stringMatching(message) as string }),
    );
  });

  test('a link that leads nowhere, and a connection that has none', async () => {
    const id = await untested('nowhere');
    reachable = false;
    expect((await tested(id)).setup_tests).toContainEqual(
      expect.objectContaining({
        title: 'Connecting to Host',
        status: 'FAILED',
        message: expect.stringContaining('could not be resolved') as string,
      }),
    );
    reachable = true;
    await bench.call('PATCH', `connections/${id}`, { networking_method: 'Directly', run_setup_tests: false });
    expect((await tested(id)).setup_tests).toContainEqual(
      expect.objectContaining({
        title: 'Connecting to Host',
        message: expect.stringContaining('timed out') as string,
      }),
    );
  });

  test('a user without grants may read no table', async () => {
    await admin('REVOKE SELECT ON language, store FROM fivetran');
    const id = await untested('no_grants');
    expect((await tested(id)).setup_tests).toContainEqual(
      expect.objectContaining({ title: 'Checking Permissions', status: 'FAILED' }),
    );
    await admin('GRANT SELECT ON language, store TO fivetran');
    expect((await tested(id)).status).toMatchObject({ setup_state: 'connected' });
  });
});

describe('a certificate that nobody vouches for', () => {
  let untrusting: FivetranBench;
  beforeAll(async () => {
    untrusting = await startFivetranBench(postgres, { sourceCaPem: '' });
  });
  afterAll(() => untrusting.stop());
  const create = async (prefix: string, more: JsonObject = {}) => {
    const link = await untrusting.linkUp(`pl_${prefix}`);
    return untrusting.call('POST', 'connections', {
      ...untrusting.connectionBody(link, { schema_prefix: prefix }),
      ...more,
    });
  };

  test('fails its test, which shows it, until it is approved', async () => {
    const { data } = await create('approved');
    expect(data.status).toMatchObject({ setup_state: 'incomplete' });
    const failed = (data.setup_tests as JsonObject[]).find(({ status }) => status === 'FAILED');
    expect(failed).toMatchObject({ title: 'Validating Certificate' });
    const [shown] = failed?.details as JsonObject[];
    const path = `connections/${textOf(data.id)}`;
    expect(await untrusting.call('POST', `${path}/certificates`, { hash: shown?.hash })).toMatchObject({
      status: 400,
      message: "Field 'encoded_cert' is required",
    });
    expect(
      await untrusting.call('POST', `${path}/certificates`, {
        hash: shown?.hash,
        encoded_cert: shown?.encoded_cert,
      }),
    ).toMatchObject({ status: 200, data: { hash: shown?.hash, type: 'X.509' } });
    expect((await untrusting.call('POST', `${path}/test`, {})).data.status).toMatchObject({
      setup_state: 'connected',
    });
    await untrusting.call('DELETE', `${path}/certificates/${textOf(shown?.hash)}`);
    expect((await untrusting.call('POST', `${path}/test`, {})).data.status).toMatchObject({
      setup_state: 'broken',
    });
  });

  test('is approved by trust_certificates, and only then data flows', async () => {
    const { data } = await create('trusted', { trust_certificates: true });
    expect(data.status).toMatchObject({ setup_state: 'connected' });
    expect((await untrusting.sync(textOf(data.id))).succeeded_at).not.toBeNull();
  });
});

test('an expired certificate and a server without TLS are refused', async () => {
  const own = await startPostgres();
  const other = await startFivetranBench(own, { sourceCaPem: own.caPem });
  const link = await other.linkUp('pl_expired');
  const { data } = await other.call('POST', 'connections', other.connectionBody(link));
  expect(data.status).toMatchObject({ setup_state: 'connected' });
  const failure = async (): Promise<unknown> => {
    const { setup_tests: tests } = (await other.call('POST', `connections/${textOf(data.id)}/test`, {})).data;
    return (tests as JsonObject[]).find(({ status }) => status === 'FAILED');
  };

  await own.replaceCertificates({ notBefore: new Date('2020-01-01'), notAfter: new Date('2020-02-01') });
  await vi.waitFor(async () => expect(await failure()).toMatchObject({ title: 'Validating Certificate' }), {
    timeout: 5_000,
  });
  await own.replaceCertificates();
  await withClient(own, 'admin', async (client) => {
    await client.query('ALTER SYSTEM SET ssl = off');
    await client.query('SELECT pg_reload_conf()');
  });
  await vi.waitFor(
    async () =>
      expect(await failure()).toMatchObject({
        title: 'Validating Certificate',
        message: expect.stringContaining('does not support TLS') as string,
      }),
    { timeout: 5_000 },
  );
  await other.stop();
  await own.stop();
});

describe('a sync', () => {
  let id: string;
  beforeAll(async () => {
    const link = await bench.linkUp('pl_sync');
    const { data } = await bench.call(
      'POST',
      'connections',
      bench.connectionBody(link, { schema_prefix: 'sync' }),
    );
    id = textOf(data.id);
    await bench.sync(id);
  });

  test('is syncing while it runs, and a second trigger does not double it', async () => {
    bench.fivetran.faults.set({ kind: 'slow-sync', milliseconds: 200 });
    const before = bench.fivetran.account.connections.get(id)?.syncs.length ?? 0;
    await bench.call('POST', `connections/${id}/sync`, {});
    expect(await get(id)).toMatchObject({ status: { sync_state: 'syncing' } });
    await bench.call('POST', `connections/${id}/sync`, { force: false });
    const after = await bench.settled(id);
    expect(after.status).toMatchObject({ sync_state: 'scheduled' });
    expect(bench.fivetran.account.connections.get(id)?.syncs).toHaveLength(before + 1);
  });

  test('is cancelled by a forced one', async () => {
    bench.fivetran.faults.set({ kind: 'slow-sync', milliseconds: 60_000 });
    await bench.call('POST', `connections/${id}/sync`, {});
    const first = lastSync(id);
    await bench.call('POST', `connections/${id}/sync`, { force: true });
    await bench.settled(id);
    expect(first).toMatchObject({ status: 'CANCELED' });
    expect(lastSync(id)).toMatchObject({ status: 'SUCCESSFUL' });
  });

  test('is cancelled also while the source keeps it waiting', async () => {
    await withClient(postgres, 'admin', async (client) => {
      await client.query('BEGIN; LOCK TABLE store IN ACCESS EXCLUSIVE MODE');
      await bench.call('POST', `connections/${id}/sync`, {});
      await vi.waitFor(
        async () => {
          const { rows } = await client.query('SELECT 1 FROM pg_locks WHERE NOT granted');
          expect(rows).toHaveLength(1);
        },
        { timeout: 10_000 },
      );
      bench.fivetran.faults.set({ kind: 'fail-sync', reason: 'x' });
      const first = lastSync(id);
      await bench.call('POST', `connections/${id}/sync`, { force: true });
      expect(first).toMatchObject({ status: 'CANCELED' });
      await client.query('ROLLBACK');
    });
    await bench.settled(id);
    await bench.sync(id);
    expect(lastSync(id)).toMatchObject({ status: 'SUCCESSFUL' });
  });

  test('fails when the way is cut: the connection is broken, does not sync, and comes back with its tests', async () => {
    reachable = false;
    expect(await bench.sync(id)).toMatchObject({
      status: { setup_state: 'broken', tasks: [{ code: 'reconnect' }] },
    });
    expect(lastSync(id)).toMatchObject({ status: 'FAILURE_WITH_TASK', taskType: 'reconnect' });
    reachable = true;
    const failed = lastSync(id);
    await bench.sync(id);
    expect(lastSync(id)).toBe(failed);
    expect((await tested(id)).status).toMatchObject({ setup_state: 'connected', tasks: [] });
    await bench.sync(id);
    expect(lastSync(id)).toMatchObject({ status: 'SUCCESSFUL' });
  });

  test('fails without breaking the connection when a grant is taken away meanwhile', async () => {
    await admin('REVOKE SELECT ON store FROM fivetran');
    expect(await bench.sync(id)).toMatchObject({ status: { setup_state: 'connected' } });
    expect(lastSync(id)).toMatchObject({
      status: 'FAILURE',
      reason: 'ERROR: permission denied for table store',
    });
    expect((await tested(id)).setup_tests).toContainEqual(
      expect.objectContaining({
        title: 'Checking Permissions',
        status: 'FAILED',
        message: expect.stringContaining('public.store') as string,
      }),
    );
    await admin('GRANT SELECT ON store TO fivetran');
    expect((await tested(id)).status).toMatchObject({ setup_state: 'connected' });
  });

  test('fails as a fault says, with a task or without', async () => {
    bench.fivetran.faults.set({ kind: 'fail-sync', reason: 'java.lang.RuntimeException: x' });
    const before = await get(id);
    const failed = await bench.sync(id);
    expect(failed.failed_at).not.toBe(before.failed_at);
    expect(failed.status).toMatchObject({ tasks: [] });
    bench.fivetran.faults.set({
      kind: 'fail-sync',
      reason: 'no warehouse',
      task: { code: 'reconnect_warehouse', message: 'Reconnect' },
    });
    expect((await bench.sync(id)).status).toMatchObject({ tasks: [{ code: 'reconnect_warehouse' }] });
    expect((await bench.sync(id)).status).toMatchObject({ tasks: [] });
  });

  test('is put off: a manual schedule waits for a trigger', async () => {
    bench.fivetran.faults.set({ kind: 'reschedule-sync', reason: 'quota', afterSeconds: 0.05 });
    const before = await get(id);
    const put = await bench.sync(id);
    expect(put).toMatchObject({
      succeeded_at: before.succeeded_at,
      failed_at: before.failed_at,
      status: { sync_state: 'rescheduled', rescheduled_for: expect.stringMatching(/Z$/) as string },
    });
    const waiting = lastSync(id);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(lastSync(id)).toBe(waiting);
    expect(await bench.sync(id)).toMatchObject({
      status: { sync_state: 'scheduled', rescheduled_for: null },
    });
  });

  test('stands in the history, newest first, within a window of at most 7 days', async () => {
    const { data } = await bench.call('GET', `connections/${id}/sync-history?limit=1`);
    expect(data.items).toMatchObject([{ sync_id: lastSync(id)?.id, status: 'SUCCESSFUL' }]);
    expect(data.next_cursor).toEqual(expect.any(String));
    const [start, end] = ['2026-01-01T00:00:00Z', '2026-01-09T00:00:00Z'];
    expect(
      (await bench.call('GET', `connections/${id}/sync-history?start_time=${start}&end_time=${end}`)).status,
    ).toBe(400);
    bench.fivetran.faults.set({ kind: 'no-sync-history' });
    expect((await bench.call('GET', `connections/${id}/sync-history`)).status).toBe(405);
  });

  test('is started by a lever as by Fivetran itself, also over HTTP, and goes on after the method was switched', async () => {
    const before = bench.fivetran.account.connections.get(id)?.syncs.length ?? 0;
    bench.fivetran.comeDue(id);
    await bench.settled(id);
    const local = (action: string, body?: unknown) =>
      fetch(`${bench.fivetran.url}/_local/connections/${id}/${action}`, {
        method: 'POST',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    expect((await local('switch-method', { method: 'QUERY_BASED' })).status).toBe(200);
    expect((await get(id)).config).toMatchObject({ update_method: 'QUERY_BASED' });
    await admin(`UPDATE language SET name = 'Dutch' WHERE language_id = 6`);
    expect((await local('come-due')).status).toBe(200);
    await bench.settled(id);
    expect(bench.fivetran.account.connections.get(id)?.syncs).toHaveLength(before + 2);
    expect(lastSync(id)).toMatchObject({ status: 'SUCCESSFUL', rows: 1 });
    expect((await local('switch-method', {})).status).toBe(400);
    expect((await local('explode')).status).toBe(404);
    expect(() => bench.fivetran.comeDue('nobody')).toThrow('no connection nobody');
  });

  test('may be asked to load everything again', async () => {
    expect((await bench.call('POST', `connections/${id}/resync`, {})).status).toBe(200);
    expect(await bench.settled(id)).toMatchObject({ status: { is_historical_sync: false } });
    expect(lastSync(id)?.rows).toBe(8);
  });
});

describe("Fivetran's own schedule", () => {
  let id: string;
  const syncs = (): number => bench.fivetran.account.connections.get(id)?.syncs.length ?? 0;
  beforeAll(async () => {
    const link = await bench.linkUp('pl_auto');
    const { data } = await bench.call('POST', 'connections', {
      ...bench.connectionBody(link, { schema_prefix: 'auto' }),
      schedule_type: 'auto',
      sync_frequency: 5,
      paused: true,
    });
    id = textOf(data.id);
  });

  test('starts nothing while the connection is paused, and the initial sync when it is resumed', async () => {
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(syncs()).toBe(0);
    await bench.call('PATCH', `connections/${id}`, { paused: false });
    await vi.waitFor(() => expect(lastSync(id)).toMatchObject({ status: 'SUCCESSFUL' }), { timeout: 5_000 });
  });

  test('goes on at the frequency, tries a broken connection again, and mends it', async () => {
    const before = syncs();
    await vi.waitFor(() => expect(syncs()).toBeGreaterThan(before + 1), { timeout: 5_000 });
    reachable = false;
    await vi.waitFor(async () => expect((await get(id)).status).toMatchObject({ setup_state: 'broken' }), {
      timeout: 5_000,
    });
    reachable = true;
    await vi.waitFor(() => expect(lastSync(id)).toMatchObject({ status: 'SUCCESSFUL' }), { timeout: 5_000 });
  });

  test('continues by itself after it was put off', async () => {
    bench.fivetran.faults.set({
      kind: 'reschedule-sync',
      connectionId: id,
      reason: 'quota',
      afterSeconds: 0.3,
    });
    await vi.waitFor(
      async () => expect((await get(id)).status).toMatchObject({ sync_state: 'rescheduled' }),
      { timeout: 5_000, interval: 10 },
    );
    await vi.waitFor(() => expect(lastSync(id)).toMatchObject({ status: 'SUCCESSFUL' }), { timeout: 5_000 });
  });

  test('calls a connection delayed that has not succeeded for long', async () => {
    bench.fivetran.faults.set({ kind: 'fail-sync', connectionId: id, reason: 'x', times: 1_000 });
    await bench.call('PATCH', `connections/${id}`, { paused: false });
    await vi.waitFor(async () => expect((await get(id)).status).toMatchObject({ update_state: 'delayed' }), {
      timeout: 5_000,
    });
    await bench.call('PATCH', `connections/${id}`, { paused: true });
    // A sync that runs when the connection is paused goes on to its end.
    await bench.settled(id);
    expect((await get(id)).status).toMatchObject({ sync_state: 'paused', update_state: 'on_schedule' });
  });
});
