import { describe, expect, test } from 'vitest';
import { startSync } from '../start-sync/start-sync.ts';
import { createConnections } from '../../shared/clients/ledger/connections.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import type { Connection, PastSync } from '../../shared/contracts/fivetran.ts';
import type {
  BeginResult,
  EndedSync,
  Following,
  ProgressResult,
  StartSyncResult,
} from '../../shared/contracts/sync.ts';
import { connectionOf, createFivetranDouble } from '../../tests/support/fivetran-double.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import { UnavailableError } from '../../shared/errors.ts';
import { silentLog } from '../../tests/support/silent-log.ts';
import { readSync } from './read-sync.ts';

const id = 'assimilate_seem';
const skewSeconds = 5 * 86_400;

function world(connections: Connection[] = [connectionOf()]) {
  const clock = createManualClock('2026-11-22T10:30:00.000Z');
  const table = createMemoryLedger();
  const fivetran = createFivetranDouble(clock, connections, skewSeconds);
  fivetran.links.push({
    id: 'pl_1',
    name: 'pl_postgres',
    region: 'AWS_US_EAST_1',
    service: 'SOURCE_AWS',
    state: 'OK',
    stateSummary: '',
    createdAt: '',
    serviceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0',
  });
  const syncs = createSyncs(table, clock);
  const leases = createLeases(table, clock);
  const dependencies = {
    fivetran,
    connections: createConnections(table),
    syncs,
    leases,
    registers: { bindingOfPrivateLink: () => Promise.resolve(undefined) },
    privateLink: {
      service: (serviceId: string) =>
        Promise.resolve({
          serviceId,
          serviceName: '',
          region: 'us-east-1',
          state: 'available',
          acceptanceRequired: true,
          loadBalancerArns: [],
          tags: { 'fivetran-privatelink-source': 'postgres' },
        }),
    },
    clock,
    log: silentLog,
  };
  const serverNow = () => new Date(clock.now().getTime() + skewSeconds * 1000).toISOString();
  return {
    clock,
    fivetran,
    dependencies,
    syncs,
    leases,
    serverNow,
    connection: fivetran.connectionsById.get(id)!,
    begin: (request: object = {}, execution = 'run-1') =>
      readSync(
        { mode: 'begin', execution, request: { connectionId: id, ...request } },
        dependencies,
      ) as Promise<BeginResult>,
    close: (sync: EndedSync | null, execution = 'run-1', verdict = 'verified') =>
      readSync(
        { mode: 'close', execution, connectionId: id, outcome: 'succeeded', sync, verdict },
        dependencies,
      ),
    start: (execution = 'run-1', following?: Following) =>
      startSync(
        { connectionId: id, execution, following },
        { fivetran, leases, syncs, clock, log: silentLog },
      ) as Promise<StartSyncResult>,
    look: (following: Parameters<typeof startSync>[0]['following'], execution = 'run-1') =>
      readSync(
        { mode: 'progress', execution, connectionId: id, following: following! },
        dependencies,
      ) as Promise<ProgressResult>,
  };
}

/** Runs one whole sync of that many seconds, and counts the questions to Fivetran's API. */
async function runOf(
  seconds: number,
  options: { webhook?: boolean; expectedSeconds?: number } = {},
): Promise<{ calls: number; looks: number; foundAfterSeconds: number }> {
  const { clock, fivetran, connection, serverNow, begin, start, look, syncs } = world();
  if (options.expectedSeconds !== undefined) {
    await syncs.change(id, { durationSeconds: options.expectedSeconds });
  }
  await begin();
  fivetran.calls.length = 0;
  // What a run costs when its path is known: the connection and its tables, once.
  await begin();
  const began = clock.now().getTime();
  let { following, waitSeconds } = await start();
  let ended = false;
  for (let looks = 1; looks < 20_000; looks += 1) {
    clock.advance(waitSeconds);
    const elapsed = (clock.now().getTime() - began) / 1000;
    if (elapsed >= seconds && !ended) {
      ended = true;
      connection.syncState = 'scheduled';
      connection.succeededAt = serverNow();
      if (options.webhook === true) {
        await syncs.noteEnd(id, { syncId: 's', status: 'SUCCESSFUL', reason: '', endedAt: serverNow() });
      }
    }
    const result = await look(following);
    if (result.outcome !== 'running') {
      expect(result.outcome).toBe('succeeded');
      return { calls: fivetran.calls.length, looks, foundAfterSeconds: elapsed - seconds };
    }
    ({ following, waitSeconds } = result);
  }
  throw new Error('It was never found to be over.');
}

describe('before the initial sync', () => {
  test('Fivetran is told to read the schema, so that the mark knows its tables', async () => {
    const { fivetran, dependencies, connection, begin } = world();
    Object.assign(connection, { succeededAt: null, isHistoricalSync: true });
    const captured = fivetran.tables;
    fivetran.tables = undefined;
    fivetran.schemas.reload = () => Promise.resolve(captured ?? []);
    await begin();
    expect(await dependencies.connections.read(id)).toMatchObject({ tables: captured, copiesAll: true });
  });

  test('a connection that is not set up yet is not asked to read it', async () => {
    const { fivetran, connection, begin } = world();
    connection.setupState = 'incomplete';
    fivetran.tables = undefined;
    await begin();
    expect(fivetran.calls).not.toContain(`schemas.reload ${id}`);
  });

  test('a schema that cannot be read holds nothing up', async () => {
    const { fivetran, dependencies, begin } = world();
    fivetran.tables = undefined;
    fivetran.schemas.reload = () => Promise.reject(new UnavailableError('Fivetran answered 504.'));
    expect((await begin()).outcome).toBe('start');
    expect((await dependencies.connections.read(id))?.tables).toEqual([]);
  });

  test('a paused connection stays so until its sync is started', async () => {
    const { fivetran, connection, begin } = world();
    connection.paused = true;
    expect(await begin({ whenPaused: 'unpause' })).toMatchObject({ outcome: 'start', unpause: true });
    expect(fivetran.sent).toEqual([]);
  });

  test('the mark after it holds changes only', async () => {
    const { clock, dependencies, connection, serverNow, begin, start, look } = world();
    Object.assign(connection, { succeededAt: null, isHistoricalSync: true });
    await begin();
    const { following, waitSeconds } = await start();
    clock.advance(waitSeconds + 3600);
    Object.assign(connection, { syncState: 'scheduled', succeededAt: serverNow() });
    expect((await look(following)).outcome).toBe('succeeded');
    expect((await dependencies.connections.read(id))?.copiesAll).toBe(false);
  });
});

test('tables that Fivetran captured only in the initial sync are recorded when that has ended', async () => {
  const { clock, fivetran, connection, dependencies, serverNow, begin, start, look } = world();
  const captured = fivetran.tables;
  fivetran.tables = undefined;
  connection.setupState = 'incomplete';
  await begin();
  expect((await dependencies.connections.read(id))?.tables).toEqual([]);
  const { following, waitSeconds } = await start();
  clock.advance(waitSeconds + 3600);
  connection.syncState = 'scheduled';
  connection.succeededAt = serverNow();
  fivetran.tables = captured;
  expect((await look(following)).outcome).toBe('succeeded');
  expect((await dependencies.connections.read(id))?.tables).toEqual(captured);
});

describe('waiting for a sync', () => {
  test.each([
    ['with a webhook', { webhook: true }],
    ['without any webhook', {}],
    ['with a right prediction', { expectedSeconds: 1800 }],
    ['with a wrong prediction', { expectedSeconds: 60 }],
  ])('of 30 minutes costs at most 10 API calls %s', async (_how, options) => {
    expect((await runOf(1800, options)).calls).toBeLessThanOrEqual(10);
  });

  test.each([
    ['with a webhook', { webhook: true }],
    ['without any webhook', {}],
    ['with a wrong prediction', { expectedSeconds: 60 }],
  ])('of 5 hours costs at most 40 API calls %s', async (_how, options) => {
    expect((await runOf(5 * 3600, options)).calls).toBeLessThanOrEqual(40);
  });

  test('finds the end within a tenth of the duration when the webhook reports it', async () => {
    expect((await runOf(1800, { webhook: true })).foundAfterSeconds).toBeLessThanOrEqual(180);
  });

  test('finds the end soon when the duration is known, also without a webhook', async () => {
    expect((await runOf(1750, { expectedSeconds: 1800 })).foundAfterSeconds).toBeLessThanOrEqual(400);
  });

  test('for 13 days stays below 10,000 events of the execution’s history', async () => {
    const { looks } = await runOfHistorical(13 * 86_400);
    // Wait, task and choice: nine events a look.
    expect(looks * 9).toBeLessThan(10_000);
  });
});

async function runOfHistorical(seconds: number): Promise<{ looks: number }> {
  const { clock, connection, serverNow, begin, start, look } = world([connectionOf({ succeededAt: null })]);
  await begin();
  const began = clock.now().getTime();
  let { following, waitSeconds } = await start();
  for (let looks = 1; ; looks += 1) {
    clock.advance(waitSeconds);
    if ((clock.now().getTime() - began) / 1000 >= seconds) {
      connection.syncState = 'scheduled';
      connection.succeededAt = serverNow();
    }
    const result = await look(following);
    if (result.outcome === 'succeeded') return { looks };
    expect(result.outcome).toBe('running');
    ({ following, waitSeconds } = result);
  }
}

/** Starts a sync and does what run-sync does until it is over; `meanwhile` is called before each look. */
async function followed(
  it: ReturnType<typeof world>,
  meanwhile: (so: { asked: number; sinceLastSeconds: number }) => void = () => undefined,
): Promise<{ outcomes: string[]; last: ProgressResult; starts: number[] }> {
  const starts: number[] = [];
  const start = (following?: Following) => {
    starts.push(it.clock.now().getTime());
    return it.start('run-1', following);
  };
  await it.begin();
  let { following, waitSeconds } = await start();
  const outcomes: string[] = [];
  for (let looks = 0; looks < 1000; looks += 1) {
    it.clock.advance(waitSeconds);
    const sinceLastSeconds = (it.clock.now().getTime() - starts.at(-1)!) / 1000;
    meanwhile({ asked: starts.length, sinceLastSeconds });
    const last = await it.look(following);
    outcomes.push(last.outcome);
    if (last.sync !== null) return { outcomes, last, starts };
    ({ following, waitSeconds } = last.outcome === 'restart' ? await start(last.following) : last);
  }
  throw new Error('It is never over.');
}

describe('a look at a sync', () => {
  const after = async (change: (w: ReturnType<typeof world>) => void, seconds = 10) => {
    const it = world();
    await it.begin();
    const { following } = await it.start();
    change(it);
    it.clock.advance(seconds);
    return { ...it, following, result: await it.look(following) };
  };

  test('tells a failure, also when an earlier success is recorded', async () => {
    const { result } = await after(({ connection, serverNow }) => {
      connection.syncState = 'scheduled';
      connection.failedAt = serverNow();
      connection.tasks = [{ code: 'reconnect', message: 'Reconnect' }];
    });
    expect(result).toMatchObject({
      outcome: 'failed',
      sync: { status: 'FAILURE', tasks: [{ code: 'reconnect' }] },
    });
  });

  test('does not call it a failure while Fivetran already tries again', async () => {
    const { result } = await after(({ connection, serverNow }) => {
      connection.failedAt = serverNow();
    });
    expect(result.outcome).toBe('running');
  });

  test('tells that somebody paused the connection meanwhile', async () => {
    const { result } = await after(({ connection }) => {
      connection.paused = true;
      connection.syncState = 'paused';
    });
    expect(result).toMatchObject({ outcome: 'failed', sync: { status: 'PAUSED' } });
  });

  test('asks for the sync once more when Fivetran has not begun it, and gives up after that', async () => {
    const it = world();
    it.fivetran.connections.sync = () => Promise.resolve();
    const { outcomes, last, starts } = await followed(it);
    expect(starts).toHaveLength(2);
    expect(outcomes.filter((outcome) => outcome !== 'running')).toEqual(['restart', 'failed']);
    expect(last.sync).toMatchObject({ status: 'NOT_STARTED' });
  });

  test('tells a cancelled sync only after a second look', async () => {
    const { following, connection, look, clock } = await after(() => undefined);
    const running = await look(following);
    connection.syncState = 'scheduled';
    clock.advance(60);
    const quiet = await look(running.following);
    expect(quiet).toMatchObject({ outcome: 'running', following: { quietLooks: 1 } });
    clock.advance(60);
    expect(await look(quiet.following)).toMatchObject({ outcome: 'failed', sync: { status: 'CANCELED' } });
  });

  test('believes the webhook that a sync was cancelled', async () => {
    const { following, connection, look, clock, syncs, serverNow } = await after(() => undefined);
    connection.syncState = 'scheduled';
    await syncs.noteEnd(id, { syncId: 's-1', status: 'CANCELED', reason: 'by a user', endedAt: serverNow() });
    clock.advance(1);
    expect(await look(following)).toMatchObject({
      outcome: 'failed',
      sync: { status: 'CANCELED', reason: 'by a user', syncId: 's-1' },
    });
  });

  describe('of a manual schedule whose reschedule is due', () => {
    const rescheduled = () => {
      const it = world([connectionOf({ scheduleType: 'manual' })]);
      it.fivetran.connections.sync = () => {
        Object.assign(it.connection, {
          syncState: 'rescheduled',
          rescheduledFor: it.connection.rescheduledFor ?? it.serverNow(),
        });
        return Promise.resolve();
      };
      return it;
    };

    test('asks for it once, and waits while Fivetran still shows the reschedule', async () => {
      const it = rescheduled();
      const { starts, last } = await followed(it, ({ asked, sinceLastSeconds }) => {
        if (asked < 2 || sinceLastSeconds < 60) return;
        Object.assign(it.connection, {
          syncState: 'scheduled',
          rescheduledFor: null,
          succeededAt: it.serverNow(),
        });
      });
      expect(starts).toHaveLength(2);
      expect(last.outcome).toBe('succeeded');
      expect(last.following.reschedules).toBe(1);
    });

    test('asks again at least a minute later, and says after many tries that it does not begin', async () => {
      const { starts, last } = await followed(rescheduled());
      const [, ...again] = starts;
      const gaps = again.slice(1).map((at, index) => (at - again[index]!) / 1000);
      expect(gaps.length).toBeGreaterThan(5);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(60);
      expect(last).toMatchObject({
        sync: { status: 'NOT_STARTED', reason: expect.stringContaining('times') as string },
        following: { reschedules: 1 },
      });
    });

    test('asks at once for a reschedule that is new', async () => {
      const it = rescheduled();
      const { starts } = await followed(it, ({ asked, sinceLastSeconds }) => {
        if (asked !== 2 || sinceLastSeconds < 30) return;
        it.connection.rescheduledFor = it.serverNow();
      });
      expect(starts[2]! - starts[1]!).toBeLessThan(120_000);
    });
  });

  test('gives up after ten reschedules', async () => {
    const it = world();
    await it.begin();
    let { following } = await it.start();
    it.connection.syncState = 'rescheduled';
    const outcomes: string[] = [];
    for (let count = 1; count <= 11; count += 1) {
      it.connection.rescheduledFor = new Date(Date.parse(it.serverNow()) + 600_000).toISOString();
      it.clock.advance(700);
      const result = await it.look(following);
      outcomes.push(result.outcome);
      ({ following } = result);
    }
    expect(outcomes).toEqual(['rescheduled', ...Array<string>(9).fill('running'), 'failed']);
  });

  test('follows an automatic reschedule without asking for the sync', async () => {
    const it = world();
    await it.begin();
    const { following } = await it.start();
    it.connection.syncState = 'rescheduled';
    it.connection.rescheduledFor = new Date(Date.parse(it.serverNow()) - 1000).toISOString();
    it.clock.advance(3);
    expect((await it.look(following)).outcome).not.toBe('restart');
  });
});

describe('one sync is handled once', () => {
  const ended = (endedAt: string, syncId: string): EndedSync => ({
    status: 'SUCCESSFUL',
    reason: '',
    tasks: [],
    warnings: [],
    endedAt,
    startedAt: null,
    syncId,
    figures: '',
  });
  const succeededAt = '2026-11-22T11:00:00.500000Z';
  const webhook = {
    review: true,
    syncId: 's-1',
    status: 'SUCCESSFUL',
    reason: '',
    endedAt: '2026-11-22T11:00:01.000Z',
  };
  const reconciliation = { ...webhook, syncId: '', endedAt: '2026-11-22T11:00:00.500Z' };
  const seen = {
    trigger: async (w: ReturnType<typeof world>) => {
      const result = await w.begin({}, 'trigger');
      if (result.outcome === 'start') await w.close(ended('2026-11-22T11:00:00.500Z', ''), 'trigger');
      return result.outcome;
    },
    webhook: async (w: ReturnType<typeof world>) => (await w.begin(webhook, 'webhook')).outcome,
    reconciliation: async (w: ReturnType<typeof world>) =>
      (await w.begin(reconciliation, 'reconciliation')).outcome,
  };
  const orders = [
    ['webhook', 'reconciliation'],
    ['reconciliation', 'webhook'],
    ['trigger', 'webhook', 'reconciliation'],
    ['trigger', 'reconciliation', 'webhook'],
    ['webhook', 'webhook'],
  ] as const;

  test.each(orders.map((order) => [order.join(', ')] as const))('when seen by %s', async (text) => {
    const it = world([connectionOf({ succeededAt })]);
    const outcomes: string[] = [];
    for (const who of text.split(', ') as (keyof typeof seen)[]) {
      const outcome = await seen[who](it);
      // The same observer again is another execution.
      outcomes.push(outcome);
    }
    const again = await it.begin(webhook, 'somebody else');
    expect(outcomes.slice(1).filter((outcome) => outcome !== 'handled')).toEqual(
      text === 'webhook, webhook' ? ['succeeded'] : [],
    );
    expect(again.outcome).toBe('handled');
  });

  test('when its webhook comes while an execution follows it', async () => {
    const it = world();
    await it.begin({}, 'trigger');
    await it.start('trigger');
    const endedAt = it.serverNow();
    expect((await it.begin({ ...webhook, endedAt }, 'webhook')).outcome).toBe('handled');
  });

  test('and an earlier sync is reviewed although an execution follows the next one', async () => {
    const it = world([connectionOf({ succeededAt })]);
    await it.begin({}, 'trigger');
    expect((await it.begin(webhook, 'webhook, before the next sync')).outcome).toBe('succeeded');
    const other = world([connectionOf({ succeededAt })]);
    await other.begin({}, 'trigger');
    await other.start('trigger');
    expect((await other.begin(webhook, 'webhook, during the next sync')).outcome).toBe('succeeded');
  });

  test('and one that a later sync has overtaken is reviewed as the later one', async () => {
    const it = world([connectionOf({ succeededAt, failedAt: null })]);
    const result = await it.begin({
      ...webhook,
      status: 'FAILURE',
      reason: 'old',
      endedAt: '2026-11-22T10:00:00.000Z',
    });
    expect(result).toMatchObject({
      outcome: 'succeeded',
      sync: { endedAt: '2026-11-22T11:00:00.500Z', reason: '', syncId: '' },
    });
  });

  test('and a failure that Fivetran turns into a success under the same id ends twice', async () => {
    const failedAt = '2026-11-22T10:58:00.250000Z';
    const it = world([connectionOf({ succeededAt: '2026-11-22T10:00:00Z', failedAt })]);
    const failure = { ...webhook, status: 'FAILURE_WITH_TASK', endedAt: '2026-11-22T10:58:01.000Z' };
    expect((await it.begin(failure, 'of the failure')).outcome).toBe('failed');
    it.connection.succeededAt = succeededAt;
    expect((await it.begin(webhook, 'of the success')).outcome).toBe('succeeded');
    expect((await it.begin(failure, 'of the failure, again')).outcome).toBe('handled');
    expect((await it.begin(webhook, 'of the success, again')).outcome).toBe('handled');
  });

  test('and a failure that was followed is the one that its webhook tells of late', async () => {
    const it = world([connectionOf({ failedAt: '2026-11-22T11:00:00.500Z' })]);
    await it.close({ ...ended('2026-11-22T11:00:00.500Z', 's-1'), status: 'FAILURE' });
    expect((await it.begin({ ...webhook, status: 'FAILURE_WITH_TASK' }, 'webhook')).outcome).toBe('handled');
  });

  test('and a failure that Fivetran’s timestamps do not show yet is reviewed all the same', async () => {
    const it = world([connectionOf({ succeededAt: '2026-11-22T10:00:00Z' })]);
    const failure = { ...webhook, status: 'FAILURE', reason: 'out of memory' };
    expect(await it.begin(failure)).toMatchObject({
      outcome: 'failed',
      sync: { status: 'FAILURE', reason: 'out of memory', syncId: 's-1' },
    });
  });
});

describe('the beginning of a run', () => {
  test('leads from the connection to its source, and records it for the functions inside the VPC', async () => {
    const it = world();
    expect(await it.begin()).toMatchObject({
      outcome: 'start',
      source: 'postgres',
      serviceId: 'vpce-svc-0123456789abcdef0',
      privateLinkId: 'pl_1',
      connection: { connectionId: id, name: 'dvdrental', updateMethod: 'TELEPORT' },
    });
    expect(await it.dependencies.connections.read(id)).toMatchObject({
      connectionId: id,
      source: 'postgres',
      destination: { service: 'databricks', catalog: 'workspace' },
    });
  });

  test.each<[string, (w: ReturnType<typeof world>) => void, RegExp]>([
    [
      'a connection that does not exist',
      ({ fivetran }) => fivetran.connectionsById.delete(id),
      /no connection assimilate_seem: connectionId must be/,
    ],
    [
      'a connection of another service',
      ({ connection }) => (connection.service = 'mysql'),
      /is of service mysql; connectionId must name/,
    ],
    [
      'a destination that is not connected',
      ({ fivetran }) => (fivetran.destination!.setupStatus = 'incomplete'),
      /destination projected_sickle .* is incomplete: finish its set-up/,
    ],
    [
      'a group without a destination',
      ({ fivetran }) => (fivetran.destination = undefined),
      /has no destination: set one up/,
    ],
    [
      'a paused connection',
      ({ connection }) => (connection.paused = true),
      /unpause it in Fivetran, or start/,
    ],
  ])('fails for %s with a sentence that names what to change', async (_what, spoil, sentence) => {
    const it = world();
    spoil(it);
    await expect(it.begin()).rejects.toThrow(sentence);
  });

  test('leaves the lease to whoever runs next when a paused connection is skipped', async () => {
    const it = world([connectionOf({ paused: true })]);
    expect((await it.begin({ whenPaused: 'skip' })).outcome).toBe('skipped');
    expect(await it.leases.holder(`sync#${id}`)).toBeUndefined();
  });

  test('follows a sync that Fivetran has rescheduled', async () => {
    const it = world([connectionOf({ syncState: 'rescheduled', rescheduledFor: '2026-11-22T12:00:00Z' })]);
    const result = await it.begin({
      review: true,
      status: 'RESCHEDULED',
      syncId: 's-2',
      reason: '',
      endedAt: '2026-11-22T11:30:00.000Z',
    });
    expect(result).toMatchObject({ outcome: 'follow', waitSeconds: 1 });
    expect(await it.leases.holder(`sync#${id}`)).toBe('run-1');
  });
});

describe('Fivetran’s own history of syncs', () => {
  const endedAt = '2026-11-22T11:00:00.500Z';
  const past = {
    syncId: 's-7',
    startedAt: '2026-11-22T10:50:00Z',
    endedAt,
    status: 'FAILURE',
    reason: 'too many connections',
    figures: { rows: 12, 'load volume mb': 0.5 },
  };
  const review = { review: true, syncId: '', status: 'FAILURE', reason: '', endedAt };
  const reviewed = (history: PastSync[] | undefined, request: object = review) => {
    const it = world([connectionOf({ failedAt: endedAt })]);
    it.fivetran.history = history;
    return it.begin(request);
  };

  test('names the sync that no webhook told, its start, its reason and what Fivetran counted', async () => {
    expect(
      (await reviewed([{ ...past, syncId: 's-6', endedAt: '2026-11-22T10:00:00Z' }, past])).sync,
    ).toEqual({
      status: 'FAILURE',
      reason: 'too many connections',
      tasks: [],
      warnings: [],
      endedAt,
      startedAt: '2026-11-22T10:50:00.000Z',
      syncId: 's-7',
      figures: 'rows 12, load volume mb 0.5',
    });
  });

  test('is read by the id that the webhook told, and leaves what that told', async () => {
    const told = { ...review, syncId: 's-7', reason: 'told' };
    const { sync } = await reviewed([{ ...past, syncId: 'another' }, past], told);
    expect(sync).toMatchObject({ syncId: 's-7', reason: 'told', figures: 'rows 12, load volume mb 0.5' });
  });

  test.each([
    ['is not offered', undefined],
    ['does not know the sync', []],
    ['knows only of others', [{ ...past, endedAt: '2026-11-22T10:00:00Z' }]],
    ['tells no ends', [{ ...past, endedAt: null }]],
  ])('changes nothing where it %s', async (_where, history) => {
    expect((await reviewed(history)).sync).toMatchObject({ syncId: '', startedAt: null, figures: '' });
  });

  test('that cannot be read holds nothing up', async () => {
    const it = world([connectionOf({ failedAt: endedAt })]);
    it.fivetran.syncHistory.list = () => Promise.reject(new UnavailableError('Fivetran answered 503.'));
    expect((await it.begin(review)).outcome).toBe('failed');
  });
});

describe('the end of a run', () => {
  const sync: EndedSync = {
    status: 'SUCCESSFUL',
    reason: '',
    tasks: [],
    warnings: [],
    endedAt: '2026-11-22T11:00:00.500Z',
    startedAt: null,
    syncId: '',
    figures: '',
  };

  test.each([
    ['verified', 'all'],
    ['skipped', 'sync'],
    ['', 'sync'],
  ])('with the verdict "%s" shows that %s is over', async (verdict, scope) => {
    const it = world();
    expect(await it.close(sync, 'run-1', verdict)).toMatchObject({ observedAt: sync.endedAt, scope });
  });

  test('leaves a verification due that could not be done', async () => {
    const it = world();
    await it.close(sync, 'run-1', '');
    expect(await it.syncs.state(id)).toMatchObject({ lastOutcome: 'succeeded', lastEndedAt: sync.endedAt });
    expect((await it.syncs.state(id)).lastJudgedAt).toBeUndefined();
  });
});

describe('the evidence', () => {
  test('names Fivetran’s tasks, warnings, schedule and private link', async () => {
    const it = world([
      connectionOf({
        setupState: 'broken',
        tasks: [{ code: 'reconnect', message: 'Reconnect' }],
        warnings: [{ code: 'resync_table_warning', message: 'actor' }],
      }),
    ]);
    it.fivetran.links[0]!.state = 'FAIL';
    const result = await readSync({ mode: 'evidence', connectionId: id }, it.dependencies);
    expect(result).toMatchObject({
      status: 'blocking',
      findings: [
        { check: 'fivetran.setup', status: 'blocking' },
        { check: 'fivetran.task', status: 'blocking' },
        { check: 'fivetran.warning', status: 'warning' },
        { check: 'fivetran.schedule', status: 'ok' },
        { check: 'fivetran.last-sync', status: 'ok' },
        { check: 'fivetran.private-link', status: 'blocking' },
      ],
    });
  });
});
