import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../local/postgres/certificates.ts';
import { startPostgres, type LocalPostgres } from '../../local/postgres/postgres.ts';
import { fivetranWith, type Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { systemClock } from '../../shared/clock.ts';
import {
  faultsOfAnswer,
  faultsOfRequest,
  forbiddenRequests,
  operationNames,
  operationOf,
  type Exchange,
} from '../support/api-facts.ts';
import { startFivetranBench, textOf, type FivetranBench } from '../support/fivetran-bench.ts';

// Every method of our client, over HTTP against the local Fivetran, held against what Fivetran's own API description
// says: what we send is allowed, and what the local Fivetran answers is what Fivetran would.

let postgres: LocalPostgres;
let bench: FivetranBench;
let proxy: Server;
let receiver: ReturnType<typeof createHttpsServer>;
let fivetran: Fivetran;
const exchanges: Exchange[] = [];

beforeAll(async () => {
  const certificates = await makeCertificates('receiver', ['127.0.0.1', 'localhost']);
  receiver = createHttpsServer(
    { key: certificates.keyPem, cert: certificates.certificatePem },
    (request, response) => {
      request.resume();
      request.on('end', () => response.end());
    },
  ).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  postgres = await startPostgres();
  bench = await startFivetranBench(postgres, { webhookCaPem: certificates.caPem });
  proxy = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void forward(request.method ?? '', request.url ?? '', request.headers, Buffer.concat(chunks)).then(
        ({ status, text }) => response.writeHead(status, { 'content-type': 'application/json' }).end(text),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  fivetran = fivetranWith({
    baseUrl: `http://127.0.0.1:${port}`,
    credentials: () =>
      Promise.resolve({ apiKey: bench.fivetran.apiKey, apiSecret: bench.fivetran.apiSecret }),
    clock: systemClock,
    timeLeftMs: () => Number.POSITIVE_INFINITY,
  });
});
afterAll(async () => {
  proxy.close();
  receiver.close();
  await bench.stop();
  await postgres.stop();
});

async function forward(
  method: string,
  url: string,
  headers: Record<string, string | string[] | undefined>,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${bench.fivetran.url}${url}`, {
    method,
    headers: {
      accept: String(headers.accept),
      authorization: String(headers.authorization),
      ...(body.length === 0 ? {} : { 'content-type': 'application/json' }),
    },
    ...(body.length === 0 ? {} : { body: body.toString() }),
  });
  const text = await answer.text();
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  exchanges.push({
    method,
    path: pathname,
    query: [...searchParams.keys()],
    accept: String(headers.accept),
    body: body.length === 0 ? undefined : (JSON.parse(body.toString()) as unknown),
    status: answer.status,
    answer: JSON.parse(text) as unknown,
  });
  return { status: answer.status, text };
}

const all = async (pages: AsyncIterable<{ items: unknown[] }>): Promise<unknown[]> => {
  const items: unknown[] = [];
  for await (const page of pages) items.push(...page.items);
  return items;
};

describe('the client and the local Fivetran', () => {
  test('keep to Fivetran’s API description in every operation that is used', async () => {
    const link = await fivetran.privateLinks.create({
      name: 'pl_facts',
      region: 'AWS_US_EAST_1',
      serviceName: bench.serviceName,
    });
    await expect
      .poll(
        async () => {
          await bench.accept();
          return (await fivetran.privateLinks.get(link.id)).state;
        },
        { interval: 20 },
      )
      .toBe('OK');
    const { host = '' } = await fivetran.privateLinks.get(link.id);
    expect(await fivetran.privateLinks.list()).toHaveLength(1);
    const { id } = await fivetran.connections.create({
      groupId: bench.fivetran.groupId,
      service: 'postgres',
      schemaPrefix: 'facts',
      privateLinkId: link.id,
      host,
      port: 5432,
      database: postgres.database,
      user: postgres.users.fivetran.name,
      password: postgres.users.fivetran.password,
      updateMethod: 'QUERY_BASED',
      destinationSchemaNames: 'FIVETRAN_NAMING',
      syncFrequency: 360,
      scheduleType: 'manual',
    });
    expect((await fivetran.connections.test(id)).setupState).toBe('connected');
    await fivetran.connections.update(id, {
      paused: false,
      scheduleType: 'manual',
      syncFrequency: 60,
      networking: { privateLinkId: link.id },
      config: { host, user: postgres.users.fivetran.name, password: postgres.users.fivetran.password },
    });
    await fivetran.connections.test(id);
    expect(await fivetran.schemas.reload(id)).toHaveLength(15);
    await fivetran.connections.sync(id);
    await bench.settled(id);
    expect((await fivetran.connections.get(id)).succeededAt).not.toBeNull();
    expect(await fivetran.schemas.selectedTables(id)).toHaveLength(15);
    expect(
      await all(fivetran.connections.list({ groupId: bench.fivetran.groupId, schema: 'facts' })),
    ).toHaveLength(1);
    expect((await fivetran.destinations.get(bench.fivetran.groupId)).service).toBe('databricks');
    const [group] = await fivetran.groups.list();
    expect(await fivetran.groups.get(bench.fivetran.groupId)).toEqual(group);
    const { port } = receiver.address() as AddressInfo;
    const webhook = await fivetran.webhooks.createForAccount({
      url: `https://127.0.0.1:${port}/fivetran`,
      events: ['sync_end'],
      secret: 'a secret',
    });
    await fivetran.webhooks.update(webhook.id, {
      active: true,
      events: ['sync_start', 'sync_end'],
      secret: 'new',
    });
    expect(await fivetran.webhooks.list()).toMatchObject([{ active: true }]);

    expect(exchanges.flatMap(faultsOfRequest)).toEqual([]);
    expect(exchanges.flatMap(faultsOfAnswer)).toEqual([]);
    expect(new Set(exchanges.map(operationOf))).toEqual(new Set(operationNames));
  });

  // Sync history is not in the description, so that only the round trip can be held.
  test('agree about the history of syncs, and that an account may not have it', async () => {
    const id = await bench.connect('history');
    await bench.sync(id);
    const [sync] = bench.fivetran.account.connections.get(id)?.syncs ?? [];
    const now = Date.now();
    const window = { from: new Date(now - 3_600_000), to: new Date(now + 60_000) };
    const list = () => fivetran.syncHistory.list(id, window);
    expect(await list()).toMatchObject([
      {
        syncId: sync?.id,
        startedAt: sync?.startedAt.toISOString().replace('Z', '000Z'),
        status: 'SUCCESSFUL',
        figures: { rows: sync?.rows },
      },
    ]);
    bench.fivetran.faults.set({ kind: 'no-sync-history' });
    expect(await list()).toBeUndefined();
    await bench.call('DELETE', `connections/${id}`);
  });
});

test('an update method of old is the one word beyond the description, and is sent on purpose', () => {
  const body = {
    group_id: 'g',
    service: 'postgres',
    config: { schema_prefix: 'x', update_method: 'TELEPORT' },
    surprise: true,
  };
  expect(
    faultsOfRequest({
      method: 'POST',
      path: '/v1/connections',
      query: ['sort'],
      accept: 'application/json',
      body,
      status: 201,
      answer: {},
    }),
  ).toEqual([
    'POST /v1/connections: Accept is application/json and not application/json;version=2',
    'POST /v1/connections: query sort is unknown',
    'POST /v1/connections: body.config.update_method is "TELEPORT"',
    'POST /v1/connections: body.surprise is unknown',
  ]);
});

describe('the local Fivetran answers what the description forbids with the documented error', () => {
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    const link = await bench.linkUp('pl_forbidden');
    const body = bench.connectionBody(link, { schema_prefix: 'forbidden' });
    const created = await bench.call('POST', 'connections', { ...body, paused: true });
    const webhook = await bench.call('POST', 'webhooks/account', {
      url: 'https://example.com/forbidden',
      events: ['sync_end'],
      active: false,
    });
    ids.connectionId = textOf(created.data.id);
    ids.privateLinkId = link.id;
    ids.webhookId = textOf(webhook.data.id);
    ids.destinationId = bench.fivetran.groupId;
    ids.groupId = bench.fivetran.groupId;
  });
  const pathOf = (operation: string, id: (name: string) => string): [method: string, path: string] => {
    const [method = '', template = ''] = operation.split(' ');
    return [method, template.replace('/v1/', '').replace(/\{(\w+)\}/g, (_, name: string) => id(name))];
  };
  const known = (name: string): string => ids[name]!;
  const unchanged = (): string =>
    JSON.stringify(bench.fivetran.account.connections.get(known('connectionId'))?.config);

  test.each(forbiddenRequests().map((request) => [request.operation, request.why, request] as const))(
    '%s with %s',
    async (_operation, _why, { operation, query = '', headers, body, status }) => {
      const before = unchanged();
      const [method, path] = pathOf(operation, known);
      const reply = await bench.call(method, query === '' ? path : `${path}?${query}`, body, headers);
      expect({ status: reply.status, code: typeof reply.code, message: typeof reply.message }).toEqual({
        status,
        code: 'string',
        message: 'string',
      });
      expect(reply.code).not.toBe('Success');
      expect(unchanged()).toBe(before);
    },
  );

  test.each(operationNames.filter((name) => name.includes('{')))(
    '%s with an unknown id',
    async (operation) => {
      const [method, path] = pathOf(operation, () => 'no_such_id');
      const reply = await bench.call(method, path, method === 'GET' ? undefined : {});
      expect([reply.status, reply.code]).toEqual([404, 'NotFound']);
    },
  );

  test.each(operationNames)('the path of %s with a method that it does not have', async (operation) => {
    const [, path] = pathOf(operation, known);
    const reply = await bench.call('PUT', path, {});
    expect([reply.status, reply.code]).toEqual([405, 'MethodNotAllowed']);
  });

  // What the description says in words only.
  test.each<[string, string, string, unknown]>([
    ['setup tests without a body', 'POST', 'connections/:id/test', undefined],
    ['a change of nothing that lasts', 'PATCH', 'connections/:id', { run_setup_tests: true }],
    [
      'a private link without the networking method',
      'PATCH',
      'connections/:id',
      { private_link_id: ':link' },
    ],
    [
      'a private networking method without the link',
      'PATCH',
      'connections/:id',
      { networking_method: 'PrivateLink' },
    ],
    [
      'a daily time for another frequency',
      'PATCH',
      'connections/:id',
      { daily_sync_time: '08:00', sync_frequency: 60 },
    ],
    ['a link whose name is too long', 'POST', 'private-links', privateLink({ name: 'x'.repeat(24) })],
    ['a link whose name has a hyphen', 'POST', 'private-links', privateLink({ name: 'pl-facts' })],
    ['a link in no Region', 'POST', 'private-links', privateLink({ region: 'us-east-1' })],
    [
      'a webhook over plain http',
      'POST',
      'webhooks/account',
      { url: 'http://example.com', events: ['sync_end'] },
    ],
    [
      'a schema that cannot be excluded so',
      'POST',
      'connections/:id/schemas/reload',
      { exclude_mode: 'ALL' },
    ],
  ])('%s', async (_what, method, path, body) => {
    const sent: unknown =
      body === undefined
        ? undefined
        : JSON.parse(JSON.stringify(body).replace(':link', known('privateLinkId')));
    const reply = await bench.call(method, path.replace(':id', known('connectionId')), sent);
    expect([reply.status, typeof reply.message]).toEqual([400, 'string']);
  });
});

function privateLink(change: object): object {
  const config = { connection_service_name: 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0' };
  return { name: 'pl_one', region: 'AWS_US_EAST_1', service: 'SOURCE_AWS', config, ...change };
}
