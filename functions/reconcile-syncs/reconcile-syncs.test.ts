import { describe, expect, test } from 'vitest';
import type { BusEvent } from '../../shared/clients/event-bus/event-bus.ts';
import { createConditions } from '../../shared/clients/ledger/conditions.ts';
import { openFleet } from '../../shared/clients/ledger/fleet.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import type { LedgerTable } from '../../shared/clients/ledger/table.ts';
import type { Connection } from '../../shared/contracts/fivetran.ts';
import { AccessDeniedError, ConfigError, UnavailableError } from '../../shared/errors.ts';
import { connectionOf, createFivetranDouble } from '../../tests/support/fivetran-double.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import { silentLog } from '../../tests/support/silent-log.ts';
import { reconcileSyncs } from './reconcile-syncs.ts';

const url = 'https://example.com/fivetran';
const id = 'assimilate_seem';

function world(connections: Connection[] = [connectionOf()]) {
  const clock = createManualClock('2026-11-22T10:30:00.000Z');
  const table = createMemoryLedger();
  const fivetran = createFivetranDouble(clock, connections);
  fivetran.registered.push({ id: 'w_1', type: 'account', url, events: ['sync_end'], active: true });
  const events: BusEvent[] = [];
  const syncs = createSyncs(table, clock);
  const leases = createLeases(table, clock);
  let writes = 0;
  let busError: Error | undefined;
  const countedTable: LedgerTable = {
    ...table,
    put: (...args) => {
      writes += 1;
      return table.put(...args);
    },
  };
  const counted: Record<string, number>[] = [];
  const role = { version: 'v1' };
  let keyError: Error | undefined;
  return {
    clock,
    fivetran,
    events,
    syncs,
    leases,
    role,
    counted,
    connection: fivetran.connectionsById.get(id)!,
    writes: () => writes,
    breakBus: (error: Error | undefined) => (busError = error),
    breakKey: (error: Error | undefined) => (keyError = error),
    told: () =>
      events.map(({ type, detail }) =>
        'kind' in detail ? `${detail.kind}${detail.resolved ? ' over' : ''}` : type,
      ),
    reconcile: (policy = 'every 24h') =>
      reconcileSyncs({
        conditions: createConditions(table),
        fivetranKey: {
          secretId: 'test/fivetran',
          read: () => (keyError === undefined ? Promise.resolve() : Promise.reject(keyError)),
        },
        fivetran,
        openFleet: () => openFleet(countedTable, clock),
        syncs,
        leases,
        bus: {
          put: (put) => {
            if (busError !== undefined) return Promise.reject(busError);
            events.push(...put);
            return Promise.resolve();
          },
        },
        roleVersion: (source) =>
          source === 'denied'
            ? Promise.reject(new AccessDeniedError('secretsmanager:DescribeSecret'))
            : Promise.resolve(role.version),
        webhookUrl: url,
        policy,
        graceMs: 120_000,
        clock,
        log: silentLog,
        metrics: { counts: (values) => void counted.push(values) },
      }),
  };
}

describe('reconciliation', () => {
  test('only begins to remember what it sees for the first time', async () => {
    const it = world([connectionOf({ paused: true, failedAt: '2026-11-22T09:30:00Z' })]);
    expect(await it.reconcile()).toEqual({ connections: 1, endedSyncs: 0, changes: 0 });
    it.clock.advance(3600);
    expect(await it.reconcile()).toEqual({ connections: 1, endedSyncs: 0, changes: 0 });
    expect(it.events).toEqual([]);
  });

  test('reports the lost end of a connection that it sees for the first time and an execution has followed', async () => {
    const it = world([connectionOf({ failedAt: '2026-11-22T10:29:00Z' })]);
    await it.syncs.change(id, { lastEndedAt: '2026-11-22T10:20:00.000Z', lastOutcome: 'succeeded' });
    expect((await it.reconcile()).endedSyncs).toBe(0);
    it.clock.advance(61);
    expect((await it.reconcile()).endedSyncs).toBe(1);
    expect((await it.reconcile()).endedSyncs).toBe(0);
  });

  test('writes nothing while nothing changes', async () => {
    const it = world();
    await it.reconcile();
    const before = it.writes();
    await it.reconcile();
    expect(it.writes()).toBe(before);
  });

  test('reports a sync whose webhook was lost, once and after a grace period', async () => {
    const it = world();
    await it.reconcile();
    it.connection.failedAt = it.clock.now().toISOString();
    it.clock.advance(60);
    expect((await it.reconcile()).endedSyncs).toBe(0);
    it.clock.advance(61);
    expect((await it.reconcile()).endedSyncs).toBe(1);
    expect((await it.reconcile()).endedSyncs).toBe(0);
    expect(it.events).toMatchObject([
      { detail: { connectionId: id, status: 'FAILURE', review: true, syncId: '' } },
    ]);
  });

  test('reports it again when the bus did not take it', async () => {
    const it = world();
    await it.reconcile();
    it.connection.failedAt = it.clock.now().toISOString();
    it.clock.advance(300);
    it.breakBus(new UnavailableError('no bus'));
    await expect(it.reconcile()).rejects.toThrow('no bus');
    it.breakBus(undefined);
    expect((await it.reconcile()).endedSyncs).toBe(1);
  });

  test('looks at everything else although one connection cannot be looked at, and then fails', async () => {
    const it = world([connectionOf({ id: 'bad_one' }), connectionOf()]);
    await it.reconcile();
    const failedAt = it.clock.now().toISOString();
    for (const connection of it.fivetran.connectionsById.values()) connection.failedAt = failedAt;
    it.fivetran.registered.length = 0;
    await it.syncs.change('bad_one', { sentRole: { source: 'denied', versionId: 'v1' } });
    it.clock.advance(300);
    await expect(it.reconcile()).rejects.toThrow(AccessDeniedError);
    expect(it.told()).toEqual(['webhook-inactive', 'Fivetran Sync Ended']);
    expect(it.events[1]).toMatchObject({ detail: { connectionId: id } });
    await it.syncs.change('bad_one', { sentRole: { source: 'postgres', versionId: 'v1' } });
    expect(await it.reconcile()).toMatchObject({ endedSyncs: 1 });
    expect(it.events[2]).toMatchObject({ detail: { connectionId: 'bad_one' } });
  });

  test('looks at the connections although the webhook cannot be looked at', async () => {
    const it = world();
    await it.reconcile();
    it.connection.failedAt = it.clock.now().toISOString();
    it.clock.advance(300);
    it.fivetran.webhooks.list = () => Promise.reject(new UnavailableError('no webhooks'));
    await expect(it.reconcile()).rejects.toThrow('no webhooks');
    expect(it.told()).toEqual(['Fivetran Sync Ended']);
  });

  test('says nothing of a sync that its webhook has reported', async () => {
    const it = world();
    await it.reconcile();
    it.connection.failedAt = it.clock.now().toISOString();
    it.clock.advance(1);
    await it.syncs.noteEnd(id, {
      syncId: 's',
      status: 'FAILURE',
      reason: '',
      endedAt: it.clock.now().toISOString(),
    });
    it.clock.advance(600);
    expect((await it.reconcile()).endedSyncs).toBe(0);
  });

  test.each([
    ['is told when that one has died', () => Promise.resolve(), 1],
    [
      'is not told again when that one has closed it',
      (it: ReturnType<typeof world>) =>
        it.syncs.change(id, { lastEndedAt: it.connection.failedAt ?? '', lastOutcome: 'failed' }),
      0,
    ],
  ])('a failure that its webhook left to an execution %s', async (_what, close, endedSyncs) => {
    const it = world();
    await it.reconcile();
    const since = it.clock.now().toISOString();
    await it.leases.take(`sync#${id}`, 'run-1', 7200);
    await it.syncs.change(id, { followed: { execution: 'run-1', since, startedByUs: true } });
    it.clock.advance(60);
    const endedAt = it.clock.now().toISOString();
    it.connection.failedAt = endedAt;
    await it.syncs.noteEnd(id, { syncId: 's', status: 'FAILURE', reason: '', endedAt, followed: true });
    it.clock.advance(600);
    expect((await it.reconcile()).endedSyncs).toBe(0);
    await close(it);
    await it.leases.release(`sync#${id}`, 'run-1');
    expect((await it.reconcile()).endedSyncs).toBe(endedSyncs);
  });

  test('says nothing of a sync that an execution follows', async () => {
    const it = world();
    await it.reconcile();
    await it.leases.take(`sync#${id}`, 'run-1', 7200);
    const since = it.clock.now().toISOString();
    await it.syncs.change(id, { followed: { execution: 'run-1', since, startedByUs: true } });
    it.connection.failedAt = it.clock.now().toISOString();
    it.clock.advance(600);
    expect((await it.reconcile()).endedSyncs).toBe(0);
  });

  test('tells of a sync that ended before the one that an execution follows began', async () => {
    const it = world();
    await it.reconcile();
    it.connection.failedAt = it.clock.now().toISOString();
    it.clock.advance(600);
    await it.leases.take(`sync#${id}`, 'run-1', 7200);
    const since = it.clock.now().toISOString();
    await it.syncs.change(id, { followed: { execution: 'run-1', since, startedByUs: true } });
    expect((await it.reconcile()).endedSyncs).toBe(1);
  });

  test('lets a success be reviewed only when a verification is due', async () => {
    const it = world();
    await it.reconcile();
    await it.syncs.change(id, { lastJudgedAt: '2026-11-22T09:00:00.000Z', lastOutcome: 'succeeded' });
    it.connection.succeededAt = it.clock.now().toISOString();
    it.clock.advance(600);
    await it.reconcile();
    expect(it.events).toMatchObject([{ detail: { status: 'SUCCESSFUL', review: false } }]);
  });

  test.each<[string, (c: Connection) => void, (c: Connection) => void]>([
    ['connection-paused', (c) => (c.paused = true), (c) => (c.paused = false)],
    ['connection-broken', (c) => (c.setupState = 'broken'), (c) => (c.setupState = 'connected')],
    ['connection-delayed', (c) => (c.updateState = 'delayed'), (c) => (c.updateState = 'on_schedule')],
    ['sync-overdue', (c) => (c.syncFrequency = 5), (c) => (c.syncFrequency = 360)],
    [
      'manual-reschedule',
      (c) =>
        Object.assign(c, {
          scheduleType: 'manual',
          syncState: 'rescheduled',
          rescheduledFor: '2026-11-22T10:00:00Z',
        }),
      (c) => (c.syncState = 'scheduled'),
    ],
  ])('tells %s when it begins and when it is over, once each', async (kind, begin, end) => {
    const it = world();
    await it.reconcile();
    begin(it.connection);
    await it.reconcile();
    await it.reconcile();
    expect(it.told()).toEqual([kind]);
    end(it.connection);
    await it.reconcile();
    await it.reconcile();
    expect(it.told()).toEqual([kind, `${kind} over`]);
  });

  test('tells a changed update method once', async () => {
    const it = world();
    await it.reconcile();
    it.connection.updateMethod = 'QUERY_BASED';
    await it.reconcile();
    await it.reconcile();
    expect(it.told()).toEqual(['update-method-changed']);
    expect(it.events).toMatchObject([
      { detail: { summary: expect.stringContaining('from TELEPORT to QUERY_BASED') as unknown } },
    ]);
  });

  test('tells that a password was rotated that we had sent, until it is carried over', async () => {
    const it = world();
    await it.reconcile();
    it.role.version = 'v2';
    await it.reconcile();
    expect(it.told()).toEqual([]);
    await it.syncs.change(id, { sentRole: { source: 'postgres', versionId: 'v1' } });
    await it.reconcile();
    await it.syncs.change(id, { sentRole: { source: 'postgres', versionId: 'v2' } });
    await it.reconcile();
    expect(it.told()).toEqual(['secret-rotated', 'secret-rotated over']);
  });

  test('notices that Fivetran has switched the webhook off, and on again', async () => {
    const it = world();
    it.fivetran.registered[0]!.active = false;
    await it.reconcile();
    await it.reconcile();
    it.fivetran.registered[0]!.active = true;
    await it.reconcile();
    expect(it.told()).toEqual(['webhook-inactive', 'webhook-inactive over']);
  });

  test('notices that the webhook is not registered, and that one is under whatever id', async () => {
    const it = world();
    it.fivetran.registered.length = 0;
    await it.reconcile();
    it.fivetran.registered.push({ id: 'w_2', type: 'account', url, events: ['sync_end'], active: true });
    await it.reconcile();
    const subject = { type: 'webhook', id: 'account', name: url };
    expect(it.events).toMatchObject([
      {
        detail: {
          kind: 'webhook-inactive',
          subject,
          summary: expect.stringContaining('invoke ensure-webhook') as unknown,
          resolved: false,
        },
      },
      { detail: { kind: 'webhook-inactive', subject, resolved: true } },
    ]);
  });

  test('tells of a secret without an API key instead of failing, asks nobody, and takes it back, once each', async () => {
    const it = world();
    const nothing = { connections: 0, endedSyncs: 0, changes: 0 };
    it.breakKey(new ConfigError('The secret test/fivetran has no value yet.'));
    expect(await it.reconcile()).toEqual({ ...nothing, changes: 1 });
    expect(await it.reconcile()).toEqual(nothing);
    expect(it.fivetran.calls).toEqual([]);
    it.breakKey(undefined);
    expect(await it.reconcile()).toEqual({ ...nothing, connections: 1, changes: 1 });
    await it.reconcile();
    const subject = { type: 'secret', id: 'fivetran', name: 'test/fivetran' };
    expect(it.told()).toEqual(['secret-unfilled', 'secret-unfilled over']);
    expect(it.events).toMatchObject([
      {
        detail: {
          subject,
          summary: expect.stringMatching(/^The secret test\/fivetran has no value yet\./) as unknown,
        },
      },
      { detail: { subject } },
    ]);
  });

  test('fails when the secret may not be read, and says nothing of it being empty', async () => {
    const it = world();
    it.breakKey(new AccessDeniedError('secretsmanager:GetSecretValue'));
    await expect(it.reconcile()).rejects.toThrow(AccessDeniedError);
    expect(it.told()).toEqual([]);
  });

  test('tells of the secret again when the bus did not take it', async () => {
    const it = world();
    it.breakKey(new ConfigError('The secret test/fivetran has no value yet.'));
    it.breakBus(new UnavailableError('no bus'));
    await expect(it.reconcile()).rejects.toThrow('no bus');
    it.breakBus(undefined);
    await it.reconcile();
    expect(it.told()).toEqual(['secret-unfilled']);
  });

  test('counts how old the oldest data is, and nothing when not all connections could be listed', async () => {
    const it = world();
    it.connection.succeededAt = it.clock.now().toISOString();
    it.clock.advance(90);
    await it.reconcile();
    it.fivetran.connections.list = () => {
      throw new UnavailableError('no connections');
    };
    await expect(it.reconcile()).rejects.toThrow('no connections');
    expect(it.counted).toEqual([{ StalestSeconds: 90 }]);
  });

  test('leaves connections of other services alone', async () => {
    const it = world([connectionOf({ service: 'salesforce', setupState: 'broken' })]);
    expect(await it.reconcile()).toEqual({ connections: 0, endedSyncs: 0, changes: 0 });
  });

  test('of 5,000 connections costs six list calls and nothing else of Fivetran’s API', async () => {
    const fleet = Array.from({ length: 5000 }, (_, index) =>
      connectionOf({ id: `c_${index}`, name: `n_${index}` }),
    );
    const it = world(fleet);
    await it.reconcile();
    it.fivetran.calls.length = 0;
    for (const connection of it.fivetran.connectionsById.values()) {
      connection.failedAt = it.clock.now().toISOString();
    }
    it.clock.advance(600);
    expect(await it.reconcile()).toMatchObject({ connections: 5000, endedSyncs: 5000 });
    expect(it.fivetran.calls).toEqual(['webhooks.list', ...Array<string>(5).fill('connections.list')]);
  });
});
