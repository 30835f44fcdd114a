import { describe, expect, test } from 'vitest';
import type { BusEvent } from '../../shared/clients/event-bus/event-bus.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import { ConfigError, UnavailableError } from '../../shared/errors.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import { silentLog } from '../../tests/support/silent-log.ts';
import { silentMetrics } from '../../tests/support/silent-metrics.ts';
import { sign } from '../../tests/support/webhook-signer.ts';
import { onFivetranWebhook, type WebhookDependencies } from './on-fivetran-webhook.ts';

const now = '2026-11-02T10:00:00.000Z';
const id = 'assimilate_seem';
const syncEnd = {
  event: 'sync_end',
  created: '2026-11-02T09:59:58.638Z',
  connector_type: 'postgres',
  connector_id: id,
  connector_name: 'dvdrental',
  sync_id: 'b4703f73-0001',
  destination_group_id: 'inappropriate_implode',
  data: { status: 'SUCCESSFUL' },
};
const failure = {
  ...syncEnd,
  data: { status: 'FAILURE_WITH_TASK', reason: 'FATAL: too many connections', taskType: 'reconnect' },
};

function world(change: Partial<WebhookDependencies> = {}) {
  const clock = createManualClock(now);
  const table = createMemoryLedger();
  const events: BusEvent[] = [];
  const syncs = createSyncs(table, clock);
  const leases = createLeases(table, clock);
  const dependencies: WebhookDependencies = {
    secrets: () => Promise.resolve(['new secret', 'old secret']),
    bus: {
      put: (put) => {
        events.push(...put);
        return Promise.resolve();
      },
    },
    syncs,
    leases,
    policy: 'every 24h',
    clock,
    log: silentLog,
    metrics: silentMetrics,
    ...change,
  };
  const send = (body: Buffer, signature: string) => onFivetranWebhook({ body, signature }, dependencies);
  return {
    events,
    syncs,
    leases,
    send,
    post: async (event: unknown, secret = 'new secret') => {
      const body = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
      return (await send(body, sign(body, secret))).statusCode;
    },
  };
}

describe('a webhook request', () => {
  test('of an ended sync becomes one event on the bus', async () => {
    const { post, events } = world();
    expect(await post(failure)).toBe(200);
    expect(events).toEqual([
      {
        type: 'Fivetran Sync Ended',
        detail: {
          version: 1,
          connectionId: id,
          syncId: 'b4703f73-0001',
          status: 'FAILURE_WITH_TASK',
          reason: 'FATAL: too many connections',
          endedAt: '2026-11-02T09:59:58.638Z',
          observedBy: 'webhook',
          review: true,
        },
      },
    ]);
  });

  test('leaves no row and no password of its reason on the bus or in the ledger', async () => {
    const { post, events, syncs } = world();
    const reason = 'ERROR: Key (email)=(mary@example.com) already exists; password=hunter2 was used';
    expect(await post({ ...failure, data: { ...failure.data, reason } })).toBe(200);
    const left = JSON.stringify([events, await syncs.state(id)]);
    expect(left).toContain('already exists');
    expect(left).not.toMatch(/mary|hunter2/);
  });

  test('is accepted with its signature in upper or lower case hex', async () => {
    const { send } = world();
    const body = Buffer.from(JSON.stringify(syncEnd));
    const signature = sign(body, 'new secret');
    expect((await send(body, signature.toUpperCase())).statusCode).toBe(200);
    expect((await send(body, signature.toLowerCase())).statusCode).toBe(200);
  });

  test('without a valid signature is counted, for the alarm', async () => {
    const counted: Readonly<Record<string, number>>[] = [];
    const { send } = world({ metrics: { counts: (values) => void counted.push(values) } });
    expect((await send(Buffer.from('{}'), 'forged')).statusCode).toBe(401);
    expect(counted).toEqual([{ SignaturesRefused: 1 }]);
  });

  test('is accepted under both secrets during a rotation', async () => {
    const { post } = world();
    expect([await post(syncEnd, 'new secret'), await post(syncEnd, 'old secret')]).toEqual([200, 200]);
  });

  test('is checked against a secret that was rotated a moment ago', async () => {
    const { post } = world({
      secrets: ({ fresh = false } = {}) => Promise.resolve([fresh ? 'newest secret' : 'old secret']),
    });
    expect(await post(syncEnd, 'newest secret')).toBe(200);
  });

  test.each([
    ['another secret', (body: Buffer) => sign(body, 'a guess')],
    ['no signature', () => ''],
    ['a short signature', (body: Buffer) => sign(body, 'new secret').slice(2)],
    ['a prefixed signature', (body: Buffer) => `sha256=${sign(body, 'new secret')}`],
    ['a signature that is no hex', () => 'z'.repeat(64)],
    ['the signature of the reformatted body', (body: Buffer) => sign(`${body.toString()} `, 'new secret')],
  ])('with %s is answered 401 and leaves nothing on the bus or in the ledger', async (_what, signature) => {
    const { send, events, syncs } = world();
    const body = Buffer.from(JSON.stringify(failure));
    expect((await send(body, signature(body))).statusCode).toBe(401);
    expect([events, (await syncs.state(id)).reported]).toEqual([[], undefined]);
  });

  test('that is larger than any event is refused before it is looked at', async () => {
    let reads = 0;
    const { post } = world({
      secrets: () => {
        reads += 1;
        return Promise.resolve(['new secret']);
      },
    });
    expect(await post(' '.repeat(256 * 1024 + 1))).toBe(413);
    expect(reads).toBe(0);
  });

  test.each([
    [
      'Fivetran’s probe without a sync id',
      {
        event: 'test_event',
        created: now,
        connector_type: '_connector_type',
        connector_id: '_connector_1',
        group_id: '_destination_1',
      },
    ],
    ['an event that is new to us', { ...syncEnd, event: 'something_new' }],
    ['an event of another service', { ...syncEnd, connector_type: 'salesforce' }],
    ['an event without a connection', { event: 'sync_end', created: now }],
    ['a connection id that is none', { ...syncEnd, connector_id: '../../x' }],
    ['a replay from last week', { ...syncEnd, created: '2026-10-25T10:00:00Z' }],
    ['an event without a time', { ...syncEnd, created: undefined }],
    ['a body that is no event', ['a', 'list']],
    ['a body that is no JSON', '<html>'],
  ])('with %s is accepted and ignored', async (_what, event) => {
    const { post, events } = world();
    expect(await post(event)).toBe(200);
    expect(events).toEqual([]);
  });

  test('is read in the newer names of its fields too', async () => {
    const { post, events } = world();
    const { connector_id: connection_id, connector_type: connection_type, ...rest } = failure;
    expect(await post({ ...rest, connection_id, connection_type })).toBe(200);
    expect(events).toHaveLength(1);
  });

  test('of a start gives the later end its beginning', async () => {
    const { post, syncs } = world();
    await post({ ...syncEnd, event: 'sync_start', created: '2026-11-02T09:55:00.000Z', data: undefined });
    await post(syncEnd);
    expect((await syncs.state(id)).reported).toMatchObject({ startedAt: '2026-11-02T09:55:00.000Z' });
  });

  test('that comes late does not hide a later end', async () => {
    const { post, syncs } = world();
    await post(syncEnd);
    await post({ ...failure, sync_id: 'older', created: '2026-11-02T08:00:00Z' });
    expect((await syncs.state(id)).reported).toMatchObject({ syncId: 'b4703f73-0001' });
  });

  test.each([
    ['the bus is not there', new UnavailableError('no bus')],
    ['a setting is missing', new ConfigError('no secret')],
  ])('is to be sent again when %s', async (_what, error) => {
    const { post } = world({ bus: { put: () => Promise.reject(error) } });
    expect(await post(failure)).toBe(503);
  });

  test('is to be sent again while the secret has no value yet', async () => {
    const { post } = world({ secrets: () => Promise.reject(new ConfigError('no value yet')) });
    expect(await post(syncEnd)).toBe(503);
  });
});

describe('an ended sync is reviewed', () => {
  const reviewOf = async (
    event: object,
    prepare: (w: ReturnType<typeof world>) => Promise<unknown> = () => Promise.resolve(),
    policy = 'every 24h',
  ) => {
    const it = world({ policy });
    await prepare(it);
    await it.post(event);
    const [put] = it.events;
    return put !== undefined && 'review' in put.detail ? put.detail.review : undefined;
  };
  const verified = (lastJudgedAt: string) => (w: ReturnType<typeof world>) =>
    w.syncs.change(id, { lastJudgedAt, lastOutcome: 'succeeded' });

  test('when it failed', async () => {
    expect(await reviewOf(failure)).toBe(true);
  });
  test('when its status is new to us', async () => {
    expect(await reviewOf({ ...syncEnd, data: { status: 'EXPLODED' } })).toBe(true);
  });
  test('when it was rescheduled', async () => {
    expect(await reviewOf({ ...syncEnd, data: { status: 'RESCHEDULED' } })).toBe(true);
  });
  test('when none was ever verified', async () => {
    expect(await reviewOf(syncEnd)).toBe(true);
  });
  test('when the last verification is a day old', async () => {
    expect(await reviewOf(syncEnd, verified('2026-11-01T09:00:00.000Z'))).toBe(true);
  });
  test('once after a failure', async () => {
    expect(
      await reviewOf(syncEnd, (w) =>
        w.syncs.change(id, { lastJudgedAt: '2026-11-02T09:00:00.000Z', lastOutcome: 'failed' }),
      ),
    ).toBe(true);
  });
  test('always, when that is the policy', async () => {
    expect(await reviewOf(syncEnd, verified('2026-11-02T09:30:00.000Z'), 'always')).toBe(true);
  });
  test('not when the last verification is an hour old', async () => {
    expect(await reviewOf(syncEnd, verified('2026-11-02T09:00:00.000Z'))).toBe(false);
  });
  test('not when the policy is never', async () => {
    expect(await reviewOf(syncEnd, undefined, 'never')).toBe(false);
  });
  test('not when somebody cancelled it', async () => {
    expect(await reviewOf({ ...syncEnd, data: { status: 'CANCELED' } })).toBe(false);
  });
  const followedSince = (since: string) => async (w: ReturnType<typeof world>) => {
    await w.leases.take(`sync#${id}`, 'run-1', 60);
    await w.syncs.change(id, { followed: { execution: 'run-1', since, startedByUs: true } });
  };
  test.each([failure, syncEnd, { ...syncEnd, data: { status: 'RESCHEDULED' } }])(
    'by nobody else while an execution follows it, which finds the report in the ledger',
    async (event) => {
      const it = world();
      await followedSince('2026-11-02T09:00:00.000Z')(it);
      expect(await it.post(event)).toBe(200);
      expect(it.events).toEqual([]);
      expect((await it.syncs.state(id)).reported).toMatchObject({ syncId: event.sync_id, followed: true });
    },
  );
  test('when it ended before the sync that an execution follows began', async () => {
    expect(await reviewOf(failure, followedSince('2026-11-02T09:59:59.000Z'))).toBe(true);
  });
  test('when an execution prepares the next sync', async () => {
    expect(await reviewOf(failure, (w) => w.leases.take(`sync#${id}`, 'run-1', 60))).toBe(true);
  });
});
