import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFivetranBench, textOf, type FivetranBench } from '../../../tests/support/fivetran-bench.ts';
import type { JsonObject } from '../../json.ts';

let bench: FivetranBench;
let link: { id: string; host: string };
beforeAll(async () => {
  bench = await startFivetranBench();
  link = await bench.linkUp();
});
afterAll(() => bench.stop());

const create = (change: JsonObject = {}, config: JsonObject = {}) =>
  bench.call('POST', 'connections', {
    ...bench.connectionBody(link, config),
    run_setup_tests: false,
    paused: true,
    ...change,
  });
const without = (body: JsonObject, ...names: string[]): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));

describe('who may ask, and how', () => {
  test('a wrong key is answered 401 with a code and a message, and no data', async () => {
    const reply = await bench.call('GET', 'groups', undefined, { authorization: `Basic ${btoa('a:b')}` });
    expect(reply).toMatchObject({ status: 401, code: 'AuthFailed', data: {} });
    expect(reply.message).toEqual(expect.any(String));
  });

  test.each([
    ['connections', 'application/json', 406],
    ['connections', 'application/json;version=2', 200],
    ['connections', 'application/json; version=2', 200],
    ['destinations', 'application/json', 406],
    ['private-links', 'application/json;version=2', 406],
    ['private-links', 'application/json', 200],
    ['webhooks', 'text/html', 406],
    ['groups', '*/*', 200],
  ])('%s with Accept %s is answered %i', async (path, accept, status) => {
    expect((await bench.call('GET', path, undefined, { accept })).status).toBe(status);
  });

  test('a body that is no JSON, of another type, or missing', async () => {
    expect(await bench.call('POST', 'groups', '{')).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(await bench.call('POST', 'groups', '[]')).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(await bench.call('POST', 'groups')).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(await bench.call('POST', 'connections', '{}', { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
    });
  });

  test('a path that is not there, and a method that it does not know', async () => {
    expect(await bench.call('GET', 'connectors')).toMatchObject({ status: 404, code: 'NotFound' });
    expect(await bench.call('DELETE', 'connections')).toMatchObject({ status: 405 });
  });

  test('a limited rate is told with Retry-After, as often as the fault says', async () => {
    bench.fivetran.faults.set({
      kind: 'answer',
      status: 429,
      retryAfterSeconds: 3,
      times: 2,
      path: '/v1/groups',
    });
    expect((await bench.call('GET', 'webhooks')).status).toBe(200);
    for (const status of [429, 429, 200]) {
      const reply = await bench.call('GET', 'groups');
      expect(reply.status).toBe(status);
      expect(reply.headers.get('retry-after')).toBe(status === 429 ? '3' : null);
    }
  });

  test('faults can be set, listed and cleared over HTTP', async () => {
    const url = `${bench.fivetran.url}/_local/faults`;
    const set = await fetch(url, {
      method: 'POST',
      body: '{"kind":"answer","status":503,"path":"/v1/groups"}',
    });
    expect(await set.json()).toMatchObject([{ kind: 'answer', status: 503, times: 1 }]);
    expect((await bench.call('GET', 'groups')).status).toBe(503);
    for (const body of ['{"kind":"earthquake"}', 'no JSON', '{}']) {
      const refused = await fetch(url, { method: 'POST', body });
      expect(refused.status).toBe(400);
      expect(await refused.text()).toContain('one of these as its kind: answer, lose-rows,');
    }
    const incomplete = await fetch(url, { method: 'POST', body: '{"kind":"fail-sync"}' });
    expect(await incomplete.json()).toEqual({ message: 'reason: expected string' });
    await fetch(url, { method: 'POST', body: '{"kind":"refuse-teleport"}' });
    await fetch(url, { method: 'DELETE' });
    expect(await (await fetch(url)).json()).toEqual([]);
  });
});

describe('lists', () => {
  test('come in pages of at most 1,000, with a cursor that is absent on the last', async () => {
    for (let index = 0; index < 5; index += 1) await bench.call('POST', 'groups', { name: `page_${index}` });
    const names: unknown[] = [];
    let cursor = '';
    let pages = 0;
    do {
      const { data } = await bench.call('GET', `groups?limit=2${cursor}`);
      const items = data.items as JsonObject[];
      expect(items.length).toBeLessThanOrEqual(2);
      names.push(...items.map(({ name }) => name));
      cursor = data.next_cursor === undefined ? '' : `&cursor=${textOf(data.next_cursor)}`;
      pages += 1;
    } while (cursor !== '');
    expect(pages).toBe(3);
    expect(names).toEqual(['Databricks', 'page_0', 'page_1', 'page_2', 'page_3', 'page_4']);
  });

  test.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=bm9ib2R5'])('%s is refused', async (query) => {
    expect(await bench.call('GET', `groups?${query}`)).toMatchObject({ status: 400, code: 'InvalidInput' });
  });
});

describe('private links', () => {
  const wanted = (change: JsonObject = {}): JsonObject => ({
    name: 'pl_other',
    region: 'AWS_US_EAST_1',
    service: 'SOURCE_AWS',
    config: { connection_service_name: bench.serviceName },
    ...change,
  });

  test('are CREATING until somebody accepts the endpoint, then OK with its host', async () => {
    const created = await bench.call('POST', 'private-links', wanted({ name: 'pl_waiting' }));
    expect(created).toMatchObject({
      status: 201,
      code: 'Success',
      data: { name: 'pl_waiting', state: 'CREATING', cloud_provider: 'AWS', service: 'SOURCE_AWS' },
    });
    const path = `private-links/${textOf(created.data.id)}`;
    await expect
      .poll(async () => (await bench.call('GET', path)).data.resource_upstream_status, { interval: 10 })
      .toBe('pendingAcceptance');
    expect((await bench.call('GET', path)).data).not.toHaveProperty('host');
    await bench.accept();
    await expect.poll(async () => (await bench.call('GET', path)).data.state, { interval: 10 }).toBe('OK');
    expect((await bench.call('GET', path)).data.host).toMatch(/^vpce-[0-9a-f]+-.*\.vpce\.amazonaws\.com$/);
    expect(await bench.call('DELETE', path)).toMatchObject({
      status: 200,
      message: expect.stringContaining('is marked for deletion') as string,
    });
    expect((await bench.call('GET', path)).status).toBe(404);
  });

  test('FAIL when the service is not there or does not allow Fivetran', async () => {
    const { data } = await bench.call(
      'POST',
      'private-links',
      wanted({
        name: 'pl_nowhere',
        config: { connection_service_name: 'com.amazonaws.vpce.us-east-1.vpce-svc-00000000000000000' },
      }),
    );
    await expect
      .poll(async () => (await bench.call('GET', `private-links/${textOf(data.id)}`)).data, { interval: 10 })
      .toMatchObject({ state: 'FAIL', state_summary: expect.stringContaining('does not exist') as string });
  });

  test('FAIL when a fault says so', async () => {
    bench.fivetran.faults.set({ kind: 'fail-private-link', summary: 'quota' });
    const { data } = await bench.call('POST', 'private-links', wanted({ name: 'pl_quota' }));
    await expect
      .poll(async () => (await bench.call('GET', `private-links/${textOf(data.id)}`)).data.state, {
        interval: 10,
      })
      .toBe('FAIL');
  });

  test.each<[string, JsonObject, string]>([
    ['a name of 24 characters', { name: 'a'.repeat(24) }, "Field 'name'"],
    ['a name with a hyphen', { name: 'pl-source-prod' }, "Field 'name'"],
    ['a name that begins with a digit', { name: '1pl' }, "Field 'name'"],
    ['an unknown region', { region: 'AWS_MARS_1' }, "Field 'region'"],
    ['an unknown service', { service: 'POSTGRES' }, "Field 'service'"],
    [
      'a service name that is none',
      { config: { connection_service_name: 'vpce-svc-1' } },
      'connection_service_name',
    ],
    ['an unknown field', { colour: 'red' }, "Field 'colour' is not supported"],
    ['an unknown field of the config', { config: { connection_service_name: 'x', y: 1 } }, 'config'],
  ])('%s is refused', async (_, change, message) => {
    expect(await bench.call('POST', 'private-links', wanted(change))).toMatchObject({
      status: 400,
      code: 'InvalidInput',
      message: expect.stringContaining(message) as string,
    });
  });

  test.each(['name', 'region', 'service', 'config'])('a missing %s is named', async (field) => {
    expect(await bench.call('POST', 'private-links', without(wanted(), field))).toMatchObject({
      status: 400,
      code: 'InvalidInput',
      message: `Field '${field}' is required`,
    });
  });

  test('a name that is taken, and a link in use', async () => {
    expect((await bench.call('POST', 'private-links', wanted({ name: 'pl_bench' }))).status).toBe(409);
    const used = await create({}, { schema_prefix: 'uses_link' });
    expect(used.status).toBe(201);
    expect((await bench.call('DELETE', `private-links/${link.id}`)).status).toBe(409);
  });
});

describe('creating a connection', () => {
  test('answers 201 with the documented fields, secrets masked', async () => {
    const reply = await create({ sync_frequency: 15, schedule_type: 'auto' }, { schema_prefix: 'created' });
    expect(reply).toMatchObject({
      status: 201,
      code: 'Success',
      data: {
        service: 'postgres',
        schema: 'created',
        group_id: bench.fivetran.groupId,
        paused: true,
        succeeded_at: null,
        failed_at: null,
        sync_frequency: 15,
        schedule_type: 'auto',
        networking_method: 'PrivateLink',
        private_link_id: link.id,
        config: { password: '******', update_method: 'TELEPORT', schema_prefix: 'created' },
        status: {
          setup_state: 'incomplete',
          sync_state: 'paused',
          update_state: 'on_schedule',
          is_historical_sync: true,
          rescheduled_for: null,
          tasks: [],
          warnings: [],
        },
      },
    });
    expect(reply.data).not.toHaveProperty('setup_tests');
    const listed = await bench.call('GET', 'connections?schema=created');
    expect(listed.data.items).toHaveLength(1);
    expect((await bench.call('GET', 'connections?schema=create')).data.items).toHaveLength(0);
    const grouped = await bench.call('GET', `groups/${bench.fivetran.groupId}/connections?schema=created`);
    expect(grouped.data.items).toHaveLength(1);
  });

  test('answers 201 also when its setup tests fail, and stays incomplete', async () => {
    const reply = await create({ run_setup_tests: true }, { schema_prefix: 'unreachable' });
    expect(reply).toMatchObject({
      status: 201,
      data: {
        status: { setup_state: 'incomplete' },
        setup_tests: [
          { title: 'Connecting to Host', status: 'FAILED' },
          { title: 'Validating Certificate', status: 'SKIPPED' },
          { title: 'Connecting to Database', status: 'SKIPPED' },
          { title: 'Checking Permissions', status: 'SKIPPED' },
          { title: 'Checking Update Method', status: 'SKIPPED' },
        ],
      },
    });
  });

  test.each<[string, JsonObject, JsonObject, string]>([
    ['an unknown service', { service: 'oracle_db' }, {}, "Unsupported service 'oracle_db'"],
    [
      'a link without the method',
      { networking_method: 'Directly' },
      {},
      'Networking method must be PrivateLink in order to set private_link_id',
    ],
    ['a frequency that is none', { sync_frequency: 7 }, {}, "Field 'sync_frequency'"],
    [
      'a schedule that is none',
      { schedule_type: 'cron' },
      {},
      "Field 'schedule_type' must be one of: auto, manual",
    ],
    ['a daily time without the daily frequency', { daily_sync_time: '14:00' }, {}, 'daily_sync_time'],
    [
      'a daily time of another form',
      { sync_frequency: 1440, daily_sync_time: '14:30' },
      {},
      'daily_sync_time',
    ],
    ['naming that is none', { destination_schema_names: 'MINE' }, {}, 'destination_schema_names'],
    ['an unknown field', { colour: 'red' }, {}, "Field 'colour' is not supported"],
    ['an unknown field of the config', {}, { colour: 'red' }, "Field 'config.colour' is not supported"],
    ['XMIN, which is no more', {}, { update_method: 'XMIN' }, "Field 'config.update_method'"],
    ['a slot without logical replication', {}, { replication_slot: 'x' }, 'only for WAL_PGOUTPUT'],
    ['a port that is a text', {}, { port: '5432' }, "Field 'config.port'"],
    ['a prefix in upper case', {}, { schema_prefix: 'DVD' }, "Field 'config.schema_prefix'"],
  ])('%s is refused', async (_, change, config, message) => {
    expect(await create(change, { schema_prefix: 'refused', ...config })).toMatchObject({
      status: 400,
      code: 'InvalidInput',
      message: expect.stringContaining(message) as string,
    });
  });

  test.each(['group_id', 'service', 'config'])('a missing %s is named', async (field) => {
    const body = without(bench.connectionBody(link), field);
    expect(await bench.call('POST', 'connections', body)).toMatchObject({
      status: 400,
      code: 'InvalidInput',
      message: `Field '${field}' is required`,
    });
  });

  test('a missing schema_prefix is named, and so is a missing private link', async () => {
    const body = bench.connectionBody(link);
    const config = without(body.config as JsonObject, 'schema_prefix');
    expect(await bench.call('POST', 'connections', { ...body, config })).toMatchObject({
      status: 400,
      message: "Field 'config.schema_prefix' is required",
    });
    expect(await bench.call('POST', 'connections', without(body, 'private_link_id'))).toMatchObject({
      status: 400,
      message: "Field 'private_link_id' is required",
    });
  });

  test('an unknown group or link is 404, a prefix that is taken 409', async () => {
    expect(await create({ group_id: 'nobody' })).toMatchObject({ status: 404, code: 'NotFound' });
    expect(await create({ private_link_id: 'nobody' })).toMatchObject({ status: 404, code: 'NotFound' });
    await create({}, { schema_prefix: 'twice' });
    expect(await create({}, { schema_prefix: 'twice' })).toMatchObject({ status: 409, code: 'Conflict' });
  });

  test('QUERY_BASED is what a connection gets that does not say; TELEPORT is refused where the account has none', async () => {
    const body = bench.connectionBody(link, { schema_prefix: 'silent' });
    const silent = await bench.call('POST', 'connections', {
      ...body,
      run_setup_tests: false,
      config: without(body.config as JsonObject, 'update_method'),
    });
    expect(silent.data.config).toMatchObject({ update_method: 'QUERY_BASED' });
    bench.fivetran.faults.set({ kind: 'refuse-teleport' });
    expect(await create({}, { schema_prefix: 'teleport' })).toMatchObject({
      status: 400,
      code: 'InvalidInput',
      message: "Field 'config.update_method' must be one of: QUERY_BASED, WAL_PGOUTPUT",
    });
    bench.fivetran.faults.clear('refuse-teleport');
    expect((await create({}, { schema_prefix: 'teleport' })).status).toBe(201);
  });
});

describe('one connection', () => {
  let path: string;
  beforeAll(async () => {
    const { data } = await create({}, { schema_prefix: 'one' });
    path = `connections/${textOf(data.id)}`;
  });

  test('takes changes, and keeps what is not named', async () => {
    expect(await bench.call('PATCH', path, { sync_frequency: 5, schedule_type: 'auto' })).toMatchObject({
      status: 200,
      data: { sync_frequency: 5, schedule_type: 'auto', paused: true, networking_method: 'PrivateLink' },
    });
    expect(
      await bench.call('PATCH', path, {
        networking_method: 'PrivateLink',
        private_link_id: link.id,
        run_setup_tests: false,
        config: { connection_type: 'PrivateLink', user: 'other' },
      }),
    ).toMatchObject({ status: 200, data: { config: { user: 'other', password: '******' } } });
  });

  test.each<[string, JsonObject, string]>([
    ['only controls of the tests', { run_setup_tests: true, trust_certificates: true }, 'At least one'],
    ['nothing', {}, 'At least one'],
    ['a link without the method', { private_link_id: 'x' }, 'Networking method must be PrivateLink'],
    [
      'the permanent prefix',
      { config: { schema_prefix: 'other' } },
      "Field 'config.schema_prefix' is not supported",
    ],
    ['the group', { group_id: 'x' }, "Field 'group_id' is not supported"],
  ])('refuses a change of %s', async (_, body, message) => {
    expect(await bench.call('PATCH', path, body)).toMatchObject({
      status: 400,
      code: 'InvalidInput',
      message: expect.stringContaining(message) as string,
    });
  });

  test('is tested with a body only, even an empty one', async () => {
    expect((await bench.call('POST', `${path}/test`)).status).toBe(400);
    expect(await bench.call('POST', `${path}/test`, {})).toMatchObject({
      status: 200,
      data: { setup_tests: expect.any(Array) as unknown[], status: { setup_state: 'incomplete' } },
    });
  });

  test('has no state, and no schema before it is connected', async () => {
    expect((await bench.call('GET', `${path}/state`)).status).toBe(405);
    expect(
      await bench.call('GET', `${path}/schemas`, undefined, { accept: 'application/json' }),
    ).toMatchObject({
      status: 400,
      code: 'InvalidInput',
      message: expect.stringContaining("to be 'connected', but it was 'incomplete'") as string,
    });
  });

  test.each<[string, unknown]>([
    ['an empty scope', { scope: {} }],
    ['an empty list of tables', { scope: { public: [] } }],
  ])('refuses a re-sync with %s', async (_, body) => {
    expect((await bench.call('POST', `${path}/resync`, body)).status).toBe(400);
  });

  test('does not sync while it is paused, and says 200 all the same', async () => {
    expect(await bench.call('POST', `${path}/sync`, { force: false })).toMatchObject({
      status: 200,
      code: 'Success',
      data: {},
    });
    expect((await bench.call('GET', path)).data.status).toMatchObject({ sync_state: 'paused' });
  });

  test('is gone after it is deleted', async () => {
    expect((await bench.call('DELETE', path)).status).toBe(200);
    for (const [method, action] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/sync'],
      ['POST', '/test'],
      ['GET', '/sync-history'],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : { paused: true };
      expect(await bench.call(method, `${path}${action}`, body)).toMatchObject({
        status: 404,
        code: 'NotFound',
      });
    }
  });
});

describe('destinations and groups', () => {
  test('the account begins with a group whose Databricks destination is connected', async () => {
    const { groupId } = bench.fivetran;
    expect((await bench.call('GET', `destinations/${groupId}`)).data).toMatchObject({
      id: groupId,
      group_id: groupId,
      service: 'databricks',
      setup_status: 'CONNECTED',
      config: { catalog: 'workspace' },
    });
    expect((await bench.call('POST', `destinations/${groupId}/test`, {})).data.setup_tests).toMatchObject([
      { status: 'PASSED' },
      { status: 'PASSED' },
    ]);
  });

  test('a destination needs its group, its service and its time zone, and a catalog that is there', async () => {
    const { data: group } = await bench.call('POST', 'groups', { name: 'another' });
    const body = {
      group_id: group.id,
      service: 'databricks',
      time_zone_offset: '0',
      config: { catalog: 'elsewhere', personal_access_token: 'dapi' },
    };
    for (const field of ['group_id', 'service', 'time_zone_offset']) {
      expect(await bench.call('POST', 'destinations', without(body as JsonObject, field))).toMatchObject({
        status: 400,
        message: `Field '${field}' is required`,
      });
    }
    expect(await bench.call('POST', 'destinations', { ...body, service: 'excel' })).toMatchObject({
      status: 400,
      message: "Unsupported service 'excel'",
    });
    expect(await bench.call('POST', 'destinations', { ...body, group_id: 'nobody' })).toMatchObject({
      status: 404,
      message: 'Destination with id nobody not found',
    });
    expect(await bench.call('POST', 'destinations', body)).toMatchObject({
      status: 201,
      data: { setup_status: 'INCOMPLETE', config: { personal_access_token: '******' } },
    });
    expect((await bench.call('POST', 'destinations', body)).status).toBe(409);
    const path = `destinations/${textOf(group.id)}`;
    expect((await bench.call('PATCH', path, { config: { catalog: 'workspace' } })).status).toBe(400);
    expect(
      await bench.call('PATCH', path, { time_zone_offset: '+1', config: { catalog: 'workspace' } }),
    ).toMatchObject({ status: 200, data: { setup_status: 'CONNECTED', time_zone_offset: '+1' } });
    expect((await bench.call('DELETE', `groups/${textOf(group.id)}`)).status).toBe(409);
    expect((await bench.call('DELETE', path)).status).toBe(200);
    expect((await bench.call('DELETE', `groups/${textOf(group.id)}`)).status).toBe(200);
  });
});
