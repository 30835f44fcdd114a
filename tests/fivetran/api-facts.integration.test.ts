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
  operationNames,
  operationOf,
  type Exchange,
} from '../support/api-facts.ts';
import { startFivetranBench, type FivetranBench } from '../support/fivetran-bench.ts';

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
    await fivetran.connections.sync(id);
    await bench.settled(id);
    expect((await fivetran.connections.get(id)).succeededAt).not.toBeNull();
    expect(await fivetran.schemas.selectedTables(id)).toHaveLength(15);
    expect(
      await all(fivetran.connections.list({ groupId: bench.fivetran.groupId, schema: 'facts' })),
    ).toHaveLength(1);
    expect((await fivetran.destinations.get(bench.fivetran.groupId)).service).toBe('databricks');
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
  const link = 'a_private_link';
  const connection = {
    group_id: 'none',
    service: 'postgres',
    config: { schema_prefix: 'x' },
  };
  test.each<[string, string, string, unknown, number, string]>([
    [
      'a connection without a group',
      'POST',
      'connections',
      { ...connection, group_id: undefined },
      400,
      'InvalidInput',
    ],
    [
      'a connection without a service',
      'POST',
      'connections',
      { ...connection, service: undefined },
      400,
      'InvalidInput',
    ],
    [
      'a connection without a schema prefix',
      'POST',
      'connections',
      { ...connection, config: {} },
      400,
      'InvalidInput',
    ],
    [
      'a field that does not exist',
      'POST',
      'connections',
      { ...connection, surprise: 1 },
      400,
      'InvalidInput',
    ],
    [
      'a word that is no frequency',
      'POST',
      'connections',
      { ...connection, sync_frequency: 7 },
      400,
      'InvalidInput',
    ],
    ['setup tests without a body', 'POST', 'connections/none/test', undefined, 404, 'NotFound'],
    [
      'a link whose name is too long',
      'POST',
      'private-links',
      {
        name: 'x'.repeat(24),
        region: 'AWS_US_EAST_1',
        service: 'SOURCE_AWS',
        config: { connection_service_name: 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0' },
      },
      400,
      'InvalidInput',
    ],
    [
      'a link in no Region',
      'POST',
      'private-links',
      { name: link, region: 'us-east-1', service: 'SOURCE_AWS', config: {} },
      400,
      'InvalidInput',
    ],
    [
      'a webhook over plain http',
      'POST',
      'webhooks/account',
      { url: 'http://example.com', events: ['sync_end'] },
      400,
      'InvalidInput',
    ],
    ['a connection that is not there', 'GET', 'connections/none', undefined, 404, 'NotFound'],
    ['a page of too many items', 'GET', 'connections?limit=1001', undefined, 400, 'InvalidInput'],
  ])('%s', async (_what, method, path, body, status, code) => {
    const reply = await bench.call(method, path, body);
    expect([reply.status, reply.code, typeof reply.message]).toEqual([status, code, 'string']);
  });

  test('an Accept header of the wrong version', async () => {
    const reply = await bench.call('GET', 'connections', undefined, { accept: 'text/html' });
    expect(reply.status).toBe(406);
  });
});
