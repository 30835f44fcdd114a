import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startFivetranBench, textOf, type FivetranBench } from '../../tests/support/fivetran-bench.ts';
import { isJsonObject, parseJson, type JsonObject } from '../json.ts';
import { makeCertificates } from '../postgres/certificates.ts';

interface Received {
  body: string;
  event: JsonObject;
  signature: string | undefined;
  at: number;
}

let bench: FivetranBench;
let receiver: Server;
let url: string;
let status = 200;
const received: Received[] = [];
const minuteMs = 10;

beforeAll(async () => {
  const certificates = await makeCertificates('Receiver CA', ['127.0.0.1']);
  receiver = createServer(
    { key: certificates.keyPem, cert: certificates.certificatePem },
    (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const event = parseJson(body);
        const signature = request.headers['x-fivetran-signature-256'];
        received.push({
          body,
          event: isJsonObject(event) ? event : {},
          signature: typeof signature === 'string' ? signature : undefined,
          at: performance.now(),
        });
        response.writeHead(status).end();
      });
    },
  );
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  url = `https://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}/hook`;
  bench = await startFivetranBench(undefined, { webhookCaPem: certificates.caPem, minuteMs });
});
afterAll(async () => {
  await bench.stop();
  receiver.close();
});
afterEach(async () => {
  status = 200;
  received.length = 0;
  bench.fivetran.faults.clear();
  for (const { id } of bench.fivetran.account.webhooks.values()) await bench.call('DELETE', `webhooks/${id}`);
});

let made = 0;
/** Makes something happen: a connection is created. */
const happen = async (): Promise<string> => {
  made += 1;
  const link = await bench.linkUp(`pl_hook_${made}`);
  const { data } = await bench.call('POST', 'connections', {
    ...bench.connectionBody(link, { schema_prefix: `hook_${made}` }),
    run_setup_tests: false,
    paused: true,
  });
  return textOf(data.id);
};
const create = (body: JsonObject = {}, scope = 'account') =>
  bench.call('POST', `webhooks/${scope}`, { url, events: ['create_connector'], secret: 's3cret', ...body });

describe('a webhook', () => {
  test('is probed before it is taken, with a payload that names no sync', async () => {
    const reply = await create();
    expect(reply).toMatchObject({
      status: 200,
      message: 'Account webhook has been created',
      data: { type: 'account', url, active: true, secret: '******', events: ['create_connector'] },
    });
    expect(received).toHaveLength(1);
    expect(received[0]?.event).toMatchObject({ event: 'test_event', connector_id: '_connector_1' });
    expect(received[0]?.event).not.toHaveProperty('sync_id');
  });

  test('is not taken when the probe is answered otherwise, unless it is to be inactive', async () => {
    status = 401;
    expect(await create()).toMatchObject({ status: 400, code: 'InvalidInput' });
    expect((await bench.call('GET', 'webhooks')).data.items).toEqual([]);
    const inactive = await create({ active: false });
    expect(inactive).toMatchObject({ status: 200, data: { active: false } });
    const path = `webhooks/${textOf(inactive.data.id)}`;
    expect((await bench.call('PATCH', path, { active: true })).status).toBe(400);
    status = 204;
    expect(await bench.call('PATCH', path, { active: true })).toMatchObject({
      status: 200,
      data: { active: true },
    });
  });

  test('needs https, events that exist, and a receiver whose certificate holds', async () => {
    expect(await create({ url: url.replace('https', 'http') })).toMatchObject({
      status: 400,
      message: expect.stringContaining('https') as string,
    });
    expect((await create({ events: ['everything'] })).status).toBe(400);
    expect((await create({ events: [] })).status).toBe(400);
    expect((await create({ url: url.replace('127.0.0.1', 'localhost') })).status).toBe(400);
    expect((await create({}, 'group/nobody')).status).toBe(404);
  });

  test('hears what it asked for, signed over the raw body', async () => {
    await create();
    await create({ events: ['sync_end'] });
    const id = await happen();
    await vi.waitFor(() => expect(received).toHaveLength(3));
    const [, , told] = received;
    expect(told?.event).toMatchObject({
      event: 'create_connector',
      created: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      connector_type: 'postgres',
      connector_id: id,
      connector_name: `hook_${made}`,
      destination_group_id: bench.fivetran.groupId,
    });
    expect(told?.signature).toBe(
      createHmac('sha256', 's3cret')
        .update(told?.body ?? '')
        .digest('hex'),
    );
  });

  test('of another group hears nothing', async () => {
    const { data: group } = await bench.call('POST', 'groups', { name: 'elsewhere' });
    await create({}, `group/${textOf(group.id)}`);
    const mine = await create({}, `group/${bench.fivetran.groupId}`);
    expect(mine.data).toMatchObject({ type: 'group', group_id: bench.fivetran.groupId });
    await happen();
    await vi.waitFor(() => expect(received).toHaveLength(3));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(received).toHaveLength(3);
  });

  test('is told again at growing intervals until it answers', async () => {
    await create();
    received.length = 0;
    status = 500;
    await happen();
    await vi.waitFor(() => expect(received).toHaveLength(3), { timeout: 5_000 });
    status = 200;
    await vi.waitFor(() => expect(received).toHaveLength(4), { timeout: 5_000 });
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    const gaps = received.slice(1).map(({ at }, index) => at - (received[index]?.at ?? 0));
    for (const [index, gap] of gaps.entries()) expect(gap).toBeGreaterThan((index + 1) * 5 * minuteMs - 5);
  });

  test('is switched off after a day without success', async () => {
    const { data } = await create();
    status = 500;
    await happen();
    const webhook = bench.fivetran.account.webhooks.get(textOf(data.id));
    await vi.waitFor(() => expect(webhook?.failingSince).toBeDefined());
    // A day before now, in this account's minutes.
    webhook!.failingSince = new Date(Date.now() - 24 * 60 * minuteMs);
    await vi.waitFor(
      async () => expect((await bench.call('GET', `webhooks/${textOf(data.id)}`)).data.active).toBe(false),
      { timeout: 5_000 },
    );
  });

  test('can lose a message and get one twice', async () => {
    await create();
    received.length = 0;
    bench.fivetran.faults.set({ kind: 'lose-webhook', event: 'create_connector' });
    await happen();
    await happen();
    await vi.waitFor(() => expect(received).toHaveLength(1));
    bench.fivetran.faults.set({ kind: 'duplicate-webhook' });
    await happen();
    await vi.waitFor(() => expect(received).toHaveLength(3));
    expect(received[1]?.body).toBe(received[2]?.body);
  });

  test('can be tried with any event', async () => {
    const { data } = await create();
    const path = `webhooks/${textOf(data.id)}/test`;
    expect((await bench.call('POST', path, {})).status).toBe(400);
    expect((await bench.call('POST', path, { event: 'sync_end' })).data).toMatchObject({
      succeed: true,
      status: 200,
    });
    status = 503;
    expect((await bench.call('POST', path, { event: 'sync_end' })).data).toMatchObject({
      succeed: false,
      status: 503,
    });
  });
});
