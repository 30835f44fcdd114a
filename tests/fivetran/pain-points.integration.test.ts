import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensurePrivateLink } from '../../functions/ensure-private-link/ensure-private-link.ts';
import { startPostgres, withClient, type LocalPostgres } from '../../local/postgres/postgres.ts';
import { makeCertificates } from '../../local/postgres/certificates.ts';
import { startFivetranBench, textOf, type FivetranBench } from '../support/fivetran-bench.ts';
import { startOnCall } from '../support/on-call.ts';
import { silentLog } from '../support/silent-log.ts';
import { createShiftedClock, createSyncBench, webhookSecret } from '../support/sync-bench.ts';

// What users of other integrations of Fivetran report as missing or broken, each as a test over HTTP against the
// local Fivetran with its real copy of a real PostgreSQL.

let postgres: LocalPostgres;
let bench: FivetranBench;
let id: string;
let certificates: Awaited<ReturnType<typeof makeCertificates>>;
const receivers: HttpsServer[] = [];
beforeAll(async () => {
  certificates = await makeCertificates('receiver', ['127.0.0.1']);
  postgres = await startPostgres();
  bench = await startFivetranBench(postgres, { webhookCaPem: certificates.caPem });
  id = await bench.connect('pains');
  await bench.sync(id);
});
afterAll(async () => {
  await bench.stop();
  for (const receiver of receivers) receiver.close();
  await postgres.stop();
});
afterEach(() => {
  bench.fivetran.faults.clear();
});

/** A receiver over HTTPS that hands what comes to our webhook function. */
async function receiverOf(run: ReturnType<typeof sut>): Promise<string> {
  const server = createHttpsServer(
    { key: certificates.keyPem, cert: certificates.certificatePem },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const signature = String(request.headers['x-fivetran-signature-256'] ?? '');
        void run.receive(Buffer.concat(chunks), signature).then(({ statusCode, body }) => {
          response.writeHead(statusCode).end(body);
        });
      });
    },
  ).listen(0, '127.0.0.1');
  receivers.push(server);
  await once(server, 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/fivetran`;
}

const settled = () => bench.settled(id);
const patch = (body: object) => bench.call('PATCH', `connections/${id}`, body);
const syncsSoFar = (): number => bench.fivetran.account.connections.get(id)?.syncs.length ?? 0;
const sut = (clock = createShiftedClock()) => createSyncBench(bench.fivetran, clock);

describe('a user of Fivetran does not meet these again', () => {
  test('1: waiting for ever after a failed sync', async () => {
    const run = sut();
    bench.fivetran.faults.set({ kind: 'fail-sync', connectionId: id, reason: 'out of memory' });
    const { last } = await run.follow(id, await run.start(id), settled);
    expect(last).toMatchObject({ outcome: 'failed', sync: { status: 'FAILURE' } });
  });

  test('2: a rescheduled sync of a manual schedule that nobody ever starts', async () => {
    const run = sut();
    bench.fivetran.faults.set({
      kind: 'reschedule-sync',
      connectionId: id,
      reason: 'quota',
      afterSeconds: 0.3,
    });
    const due = async () => {
      await settled();
      await new Promise((resolve) => setTimeout(resolve, 400));
    };
    const { last, looks } = await run.follow(id, await run.start(id), due);
    expect(last.outcome).toBe('succeeded');
    expect(looks.filter(({ outcome }) => outcome === 'restart')).toHaveLength(1);
    expect(looks.filter(({ outcome }) => outcome === 'rescheduled').length).toBeLessThanOrEqual(1);
  });

  test('3: a broken connection that is tested again and again and never synced', async () => {
    const run = sut();
    const { name, password } = postgres.users.fivetran;
    await withClient(postgres, 'admin', (client) => client.query(`ALTER ROLE ${name} PASSWORD 'changed'`));
    await bench.sync(id);
    expect((await settled()).status).toMatchObject({ setup_state: 'broken' });
    await withClient(postgres, 'admin', (client) =>
      client.query(`ALTER ROLE ${name} PASSWORD '${password}'`),
    );
    expect(await run.begin({ connectionId: id })).toMatchObject({ outcome: 'start', needsTest: true });
    expect(await run.test(id)).toMatchObject({ outcome: 'passed' });
    const { last } = await run.follow(id, await run.start(id), settled);
    expect(last.outcome).toBe('succeeded');
  });

  test('4: missing a sync that ended before anybody looked', async () => {
    const run = sut();
    const before = await bench.settled(id);
    const started = await run.start(id);
    await settled();
    run.clock.advance(10);
    const { last, looks } = await run.follow(id, started, () => Promise.resolve());
    expect(looks).toHaveLength(1);
    expect(last.outcome).toBe('succeeded');
    expect(Date.parse(last.sync!.endedAt)).toBeGreaterThan(Date.parse(before.succeeded_at as string));
  });

  test('4: taking an earlier end for the end of the sync that was started', async () => {
    const run = sut();
    await bench.sync(id);
    bench.fivetran.faults.set({ kind: 'slow-sync', connectionId: id, milliseconds: 1500 });
    const started = await run.start(id);
    run.clock.advance(3);
    expect(await run.look(id, started.following)).toMatchObject({ outcome: 'running' });
    const { last } = await run.follow(id, started, settled);
    expect(last.outcome).toBe('succeeded');
  });

  test('5: two triggers at once that double or stop each other', async () => {
    const [one, other] = [sut(), sut()];
    bench.fivetran.faults.set({ kind: 'slow-sync', connectionId: id, milliseconds: 800 });
    const before = syncsSoFar();
    const first = await one.start(id);
    const second = await other.start(id);
    expect([first.outcome, second.outcome]).toEqual(['started', 'adopted']);
    const ends = await Promise.all([one.follow(id, first, settled), other.follow(id, second, settled)]);
    expect(ends.map(({ last }) => last.outcome)).toEqual(['succeeded', 'succeeded']);
    expect(syncsSoFar()).toBe(before + 1);
  });

  test('5: two executions for one connection', async () => {
    const run = sut();
    expect(await run.begin({ connectionId: id }, 'run-1')).toMatchObject({ outcome: 'start' });
    expect(await run.begin({ connectionId: id }, 'run-2')).toMatchObject({ outcome: 'handled' });
    expect(await run.begin({ connectionId: id }, 'run-1')).toMatchObject({ outcome: 'start' });
  });

  test('6: a paused connection that blocks, or is unpaused behind one’s back', async () => {
    const run = sut();
    await patch({ paused: true });
    await expect(run.begin({ connectionId: id })).rejects.toThrow(/is paused: .*whenPaused/);
    expect(await run.begin({ connectionId: id, whenPaused: 'skip' })).toMatchObject({ outcome: 'skipped' });
    expect((await bench.settled(id)).paused).toBe(true);
    const { unpause } = await run.begin({ connectionId: id, whenPaused: 'unpause' });
    expect((await bench.settled(id)).paused).toBe(true);
    const { last } = await run.follow(id, await run.start(id, 'run-1', undefined, { unpause }), settled);
    expect(last.outcome).toBe('succeeded');
    expect((await bench.settled(id)).paused).toBe(false);
  });

  test('7: a failure that is told without its reason', async () => {
    const run = sut();
    bench.fivetran.faults.set({
      kind: 'fail-sync',
      connectionId: id,
      reason: 'FATAL: too many connections for role',
      task: { code: 'reconnect', message: 'Reconnect' },
    });
    const { last } = await run.follow(id, await run.start(id), async () => {
      await settled();
      await run.webhook({
        event: 'sync_end',
        created: new Date().toISOString(),
        connector_type: 'postgres',
        connector_id: id,
        sync_id: 'a-sync',
        data: { status: 'FAILURE_WITH_TASK', reason: 'FATAL: too many connections for role' },
      });
    });
    expect(last).toMatchObject({
      outcome: 'failed',
      sync: {
        status: 'FAILURE_WITH_TASK',
        reason: 'FATAL: too many connections for role',
        tasks: [{ code: 'reconnect', message: 'Reconnect' }],
        syncId: 'a-sync',
      },
    });
    await bench.sync(id);
  });

  test('8: an error of throttling that ends as a riddle', async () => {
    const run = sut();
    bench.fivetran.faults.set({ kind: 'answer', status: 429, retryAfterSeconds: 2, times: 2 });
    const before = run.clock.now().getTime();
    expect((await run.fivetran.connections.get(id)).id).toBe(id);
    expect(run.clock.now().getTime() - before).toBeGreaterThanOrEqual(4000);
  });

  test.each([-3 * 86_400, 3 * 86_400])(
    '9: a first sync that is judged by our own clock, which is %i seconds off',
    async (shift) => {
      const run = sut(createShiftedClock(shift));
      const fresh = await bench.connect(`clock_${shift < 0 ? 'late' : 'early'}`);
      const started = await run.start(fresh);
      expect(started.following.baseline).toEqual({ succeededAt: null, failedAt: null });
      const { last } = await run.follow(fresh, started, () => bench.settled(fresh));
      expect(last.outcome).toBe('succeeded');
      await bench.call('DELETE', `connections/${fresh}`);
    },
  );

  test('10: a sync that is waited for without a deadline', async () => {
    const run = sut();
    bench.fivetran.faults.set({ kind: 'slow-sync', connectionId: id, milliseconds: 2500 });
    const started = await run.start(id);
    run.clock.advance(6 * 3600 + 1);
    expect(await run.look(id, started.following)).toMatchObject({
      outcome: 'failed',
      sync: { status: 'OVERDUE', reason: 'The sync has not ended within 6 hours.' },
    });
    await settled();
  });

  test('11: setup tests that fail behind a success of HTTP', async () => {
    const run = sut();
    bench.fivetran.faults.set({
      kind: 'fail-setup-test',
      title: 'Checking Permissions',
      message: 'Permission denied for schema public',
    });
    const result = await run.test(id);
    expect(result).toMatchObject({
      outcome: 'failed',
      connections: [
        {
          startSync: false,
          failing: [{ title: 'Checking Permissions', message: 'Permission denied for schema public' }],
        },
      ],
    });
    expect(result.summary).toContain('Checking Permissions (Permission denied for schema public)');
    bench.fivetran.faults.clear();
    expect(await run.test(id)).toMatchObject({ outcome: 'passed' });
  });

  test('12: a change that loses the private link, or is refused for it', async () => {
    const run = sut();
    const before = await run.fivetran.connections.get(id);
    const refused = await patch({ private_link_id: before.privateLinkId, networking_method: 'Directly' });
    expect([refused.status, refused.code]).toEqual([400, 'InvalidInput']);
    const after = await run.fivetran.connections.update(id, {
      networking: { privateLinkId: before.privateLinkId! },
      config: { user: postgres.users.fivetran.name, password: postgres.users.fivetran.password },
    });
    expect(after).toMatchObject({
      privateLinkId: before.privateLinkId,
      networkingMethod: 'PrivateLink',
      host: before.host,
    });
    expect(await run.test(id)).toMatchObject({ outcome: 'passed' });
  });

  test('13: a private link that is asked for twice while its endpoint waits for acceptance', async () => {
    const other = await startFivetranBench();
    const { fivetran } = createSyncBench(other.fivetran);
    const service = {
      serviceId: other.serviceName.split('.').at(-1)!,
      serviceName: other.serviceName,
      region: 'us-east-1',
      state: 'available',
      acceptanceRequired: true,
      loadBalancerArns: [],
      tags: { 'fivetran-privatelink': 'auto-accept', 'fivetran-privatelink-source': 'postgres' },
    };
    const ensure = (attempt: number) =>
      ensurePrivateLink(
        {
          mode: 'ensure',
          attempt,
          request: {
            source: 'postgres',
            groupId: other.fivetran.groupId,
            schemaPrefix: 'dvd',
            service: 'postgres',
            updateMethod: 'TELEPORT',
            destinationSchemaNames: 'FIVETRAN_NAMING',
          },
        },
        {
          fivetran,
          stackName: 'fivetran-privatelink-dev',
          privateLink: {
            service: () => Promise.resolve(service),
            managedServices: () => Promise.resolve([service]),
          },
          log: silentLog,
        },
      );
    const first = await ensure(0);
    expect(first).toMatchObject({ outcome: 'pending', state: 'CREATING' });
    expect(await ensure(1)).toMatchObject({ outcome: 'pending', privateLinkId: first.privateLinkId });
    await expect
      .poll(
        async () => {
          await other.accept();
          return (await ensure(2)).outcome;
        },
        { interval: 20, timeout: 5000 },
      )
      .toBe('ready');
    expect(await fivetran.privateLinks.list()).toHaveLength(1);
    await other.stop();
  });

  test('14: a sync that somebody else started and nobody noticed', async () => {
    const run = sut();
    const { data } = await bench.call('POST', 'webhooks/account', {
      url: await receiverOf(run),
      events: ['sync_start', 'sync_end'],
      secret: webhookSecret,
    });
    await bench.sync(id);
    const [sync] = bench.fivetran.account.connections.get(id)?.syncs.slice(-1) ?? [];
    await expect
      .poll(() => run.events, { timeout: 20_000 })
      .toMatchObject([
        {
          type: 'Fivetran Sync Ended',
          detail: {
            connectionId: id,
            syncId: sync?.id,
            status: 'SUCCESSFUL',
            observedBy: 'webhook',
            review: true,
          },
        },
      ]);
    // The webhook that tells of the start may come after the one that tells of the end.
    await expect
      .poll(async () => (await run.syncs.state(id)).reported, { timeout: 20_000 })
      .toMatchObject({ syncId: sync?.id, startedAt: sync?.startedAt.toISOString() });
    await bench.call('DELETE', `webhooks/${textOf(data.id)}`);
  });

  test('14: a sync that Fivetran ran by itself, and whose webhook was lost', async () => {
    const run = sut();
    await run.reconcile();
    expect(run.events.filter(({ type }) => type === 'Fivetran Sync Ended')).toEqual([]);
    bench.fivetran.faults.set({ kind: 'fail-sync', connectionId: id, reason: 'lost' });
    await bench.sync(id);
    expect(await run.reconcile()).toMatchObject({ endedSyncs: 1 });
    expect(run.events).toContainEqual({
      type: 'Fivetran Sync Ended',
      detail: expect.objectContaining({
        connectionId: id,
        status: 'FAILURE',
        review: true,
        observedBy: 'reconciliation',
      }) as unknown,
    });
    expect(await run.reconcile()).toMatchObject({ endedSyncs: 0 });
    await bench.sync(id);
  });

  test('15: a paused connection that looks like a healthy one', async () => {
    const run = sut();
    await run.reconcile();
    await patch({ paused: true });
    await run.reconcile();
    await run.reconcile();
    const told = () =>
      run.events.flatMap(({ type, detail }) =>
        type === 'Attention' && 'kind' in detail && detail.kind === 'connection-paused'
          ? [detail.resolved]
          : [],
      );
    expect(told()).toEqual([false]);
    await patch({ paused: false });
    await run.reconcile();
    expect(told()).toEqual([false, true]);
  });

  test('15: alerts that nobody can filter, that repeat themselves, and that stay when it is over', async () => {
    const onCall = await startOnCall();
    const run = sut();
    const channel = onCall.slack.secondChannel;
    onCall.routes = [{ group: bench.fivetran.groupId, channel, mention: '<@U0PAINS>' }];
    const tell = async (): Promise<void> => {
      for (const { type, detail } of run.events.splice(0)) {
        if (!('subject' in detail) || detail.subject.type !== 'connection') continue;
        const event = { source: 'fivetran.privatelink', 'detail-type': type, detail };
        await onCall.invoke({ ...event, id: randomUUID(), time: new Date().toISOString() });
      }
    };
    await run.reconcile();
    await patch({ paused: true });
    await run.reconcile();
    await run.reconcile();
    await tell();
    expect(onCall.top()).toMatchObject([{ channel, text: expect.stringContaining('was paused') as unknown }]);
    expect(JSON.stringify(onCall.top())).toContain('<@U0PAINS>');
    await patch({ paused: false });
    await run.reconcile();
    await tell();
    expect(onCall.top()).toHaveLength(1);
    expect(onCall.top()[0]?.text).toMatch(/resolved|over/i);
    await onCall.stop();
  });

  test('16: a network drop that ends the waiting', async () => {
    const target = new URL(bench.fivetran.url);
    let drops = 2;
    const proxy = createServer((socket) => {
      if (drops-- > 0) {
        socket.resetAndDestroy();
        return;
      }
      const onward = connect(Number(target.port), target.hostname);
      socket.pipe(onward).pipe(socket);
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const run = createSyncBench({ ...bench.fivetran, url: `http://127.0.0.1:${port}` });
    expect((await run.fivetran.connections.get(id)).id).toBe(id);
    expect(drops).toBeLessThan(0);
    proxy.close();
  });

  test('17: a rescheduled sync that is started again at once instead of when it is due', async () => {
    const run = sut();
    bench.fivetran.faults.set({
      kind: 'reschedule-sync',
      connectionId: id,
      reason: 'quota',
      afterSeconds: 3,
    });
    const before = syncsSoFar();
    const started = await run.start(id);
    const due = Date.parse(((await settled()).status as { rescheduled_for: string }).rescheduled_for);
    run.clock.advance(10);
    const put = await run.look(id, started.following);
    expect(put.outcome).toBe('rescheduled');
    run.clock.advance(put.waitSeconds - 1);
    expect(await run.look(id, put.following)).toMatchObject({ outcome: 'running' });
    expect(syncsSoFar()).toBe(before + 1);
    // Fivetran's Date header has whole seconds.
    await expect.poll(() => Date.now(), { timeout: 20_000, interval: 100 }).toBeGreaterThan(due + 1000);
    const { last, looks } = await run.follow(id, { ...put, waitSeconds: 1 }, settled);
    expect(last.outcome).toBe('succeeded');
    expect(looks.filter(({ outcome }) => outcome === 'restart')).toHaveLength(1);
    expect(syncsSoFar()).toBe(before + 2);
  });
});
