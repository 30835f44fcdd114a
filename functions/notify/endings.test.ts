import { afterEach, beforeEach, expect, test } from 'vitest';
import { alertKinds } from '../../shared/rules/alert-kinds.ts';
import { connection, startOnCall, type OnCall } from '../../tests/support/on-call.ts';

// What ends each kind of alert. A kind that is new has to say here what takes its message back.

let onCall: OnCall;

beforeEach(async () => {
  onCall = await startOnCall();
});
afterEach(() => onCall.stop());

const now = (): string => onCall.clock.now().toISOString();
const endpoint = { type: 'endpoint' as const, id: 'vpce-0fedcba9876543210' };
const source = { type: 'source' as const, id: 'postgres' };
const trouble = { type: 'source' as const, id: 'postgres/assimilate_seem' };

const bus = (type: string, detail: object): object => ({
  id: `event-${now()}`,
  source: 'fivetran.privatelink',
  'detail-type': type,
  time: now(),
  detail: { version: 1, ...detail },
});
const attention = (kind: string, subject: object, resolved: boolean): object =>
  bus('Attention', { subject, kind, summary: 'It is so.', since: now(), resolved });
const execution = (status: string, input: object, run = status): object => ({
  id: `event-${now()}`,
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
  time: now(),
  detail: {
    executionArn: `arn:aws:states:us-east-1:111122223333:execution:fivetran-privatelink-dev-machine:${run}`,
    status,
    stopDate: onCall.clock.now().getTime(),
    input: JSON.stringify(input),
  },
});
const machine = (kind: string, subject: object, phase = 'problem'): object => ({
  phase,
  kind,
  severity: 'warning',
  subject,
  summary: 'It is so.',
  observedAt: now(),
});
const syncSucceeds = (): object =>
  bus('Fivetran Sync Ended', {
    connectionId: connection.id,
    syncId: '',
    status: 'SUCCESSFUL',
    reason: '',
    endedAt: now(),
    observedBy: 'webhook',
    review: false,
  });

type Incidents = {
  [Kind in keyof typeof alertKinds]: (typeof alertKinds)[Kind] extends { once: true } ? never : Kind;
}[keyof typeof alertKinds];

/** How it begins, and everything that may end it; `undefined`: nobody says, it is closed after a day. */
const endings: Record<Incidents, { begins: () => object; ends: ((() => object) | undefined)[] }> = {
  'sync-failed': { begins: () => machine('sync-failed', connection), ends: [syncSucceeds, runSyncResolves] },
  'sync-rescheduled': { begins: () => machine('sync-rescheduled', connection), ends: [syncSucceeds] },
  'increment-short': { begins: () => machine('increment-short', connection), ends: [runSyncResolves] },
  'source-trouble-ahead': {
    begins: () => machine('source-trouble-ahead', trouble),
    ends: [() => machine('source-trouble-ahead', trouble, 'resolved')],
  },
  'increment-unverified': {
    begins: () => machine('increment-unverified', connection),
    ends: [runSyncResolves, undefined],
  },
  'setup-test-failed': {
    begins: () => machine('setup-test-failed', connection),
    ends: [syncSucceeds, runSyncResolves, undefined],
  },
  ...reconciled(connection, [
    'sync-overdue',
    'connection-delayed',
    'manual-reschedule',
    'connection-paused',
    'connection-broken',
    'secret-rotated',
  ]),
  ...reconciled({ type: 'secret', id: 'fivetran' }, ['secret-unfilled']),
  ...reconciled({ type: 'webhook', id: 'account' }, ['webhook-inactive']),
  ...reconciled({ type: 'targets', id: 'postgres' }, ['targets-unhealthy']),
  ...reconciled({ type: 'service', id: 'vpce-svc-0123456789abcdef0' }, [
    'acceptance-off',
    'principal-wildcard',
  ]),
  ...reconciled(endpoint, ['endpoint-unexpected']),
  'endpoint-unproven': {
    begins: () => machine('endpoint-unproven', endpoint),
    ends: [() => attention('endpoint-unproven', endpoint, true), acceptEndpointResolves],
  },
  'endpoint-not-available': {
    begins: () => machine('endpoint-not-available', endpoint),
    ends: [() => attention('endpoint-not-available', endpoint, true)],
  },
  'endpoint-held': {
    begins: () => machine('endpoint-held', endpoint),
    ends: [() => attention('endpoint-held', endpoint, true), acceptEndpointResolves],
  },
  'endpoint-lost': {
    begins: () =>
      bus('Endpoint Connection Lost', {
        serviceId: 'vpce-svc-0123456789abcdef0',
        endpointId: endpoint.id,
        state: 'deleted',
        since: now(),
      }),
    ends: [() => attention('endpoint-lost', endpoint, true), undefined],
  },
  'endpoint-decision-failed': {
    begins: () => machine('endpoint-decision-failed', endpoint),
    ends: [() => execution('SUCCEEDED', { endpointId: endpoint.id }), acceptEndpointResolves, undefined],
  },
  'connection-setup-failed': {
    begins: () => machine('connection-setup-failed', source),
    ends: [
      () => execution('SUCCEEDED', { source: source.id }),
      () => machine('connection-setup-failed', source, 'resolved'),
      undefined,
    ],
  },
  'execution-failed': {
    begins: () => execution('FAILED', { connectionId: connection.id }),
    ends: [() => execution('SUCCEEDED', { connectionId: connection.id }), syncSucceeds, undefined],
  },
  'unreadable-alert': { begins: () => ({ what: 'ever' }), ends: [undefined] },
};

function reconciled<Kind extends Incidents>(subject: object, kinds: Kind[]) {
  return Object.fromEntries(
    kinds.map((kind) => [
      kind,
      { begins: () => attention(kind, subject, false), ends: [() => attention(kind, subject, true)] },
    ]),
  ) as Record<Kind, (typeof endings)[Incidents]>;
}
/** With a verified increment. */
function runSyncResolves(): object {
  return machine('sync-failed', connection, 'resolved');
}
function acceptEndpointResolves(): object {
  return machine('endpoint-held', endpoint, 'resolved');
}

const minutesOfADay = 24 * 60;

test.each(
  Object.entries(endings).flatMap(([kind, { begins, ends }]) =>
    ends.map((end, index) => ({
      kind,
      begins,
      end,
      way: end === undefined ? 'a quiet day' : `way ${String(index + 1)}`,
    })),
  ),
)('$kind is taken back by what ends it ($way)', async ({ begins, end }) => {
  await onCall.invoke(begins());
  expect(onCall.top()[0]?.text).toMatch(/^[🔴🟠]/u);
  onCall.clock.advance(60);
  if (end === undefined) onCall.clock.advance(minutesOfADay * 60);
  else await onCall.invoke(end());
  await onCall.tick();
  expect(onCall.top().map(({ text }) => text)).toEqual([expect.stringMatching(/^✅/)]);
  if (end === undefined) expect(onCall.replies()[0]?.text).toContain('Nobody said that it is over');
});

test.each(
  Object.entries(endings)
    .filter(([kind, { ends }]) => kind !== 'unreadable-alert' && ends.some((end) => end !== undefined))
    .flatMap(([kind, { begins, ends }]) =>
      ends.flatMap((end) => (end === undefined ? [] : [{ kind, begins, end }])),
    ),
)('$kind that is told again after it was over, late, opens nothing', async ({ begins, end }) => {
  const first = begins();
  await onCall.invoke(first);
  onCall.clock.advance(60);
  await onCall.invoke(end());
  // Lambda tries an event again for up to six hours, Fivetran a webhook for a day.
  for (const minutes of [1, 10, 60, 5 * 60, 18 * 60]) {
    onCall.clock.advance(minutes * 60);
    await onCall.invoke(first);
    await onCall.tick();
  }
  expect(onCall.top().map(({ text }) => text)).toEqual([expect.stringMatching(/^✅/)]);
});

test.each(
  Object.entries(endings).flatMap(([kind, { begins }]) =>
    kind === 'unreadable-alert' ? [] : [{ kind, begins }],
  ),
)('$kind that was closed after a quiet day is not opened by its late repeat', async ({ begins, kind }) => {
  const first = begins();
  await onCall.invoke(first);
  onCall.clock.advance(minutesOfADay * 60 + 60);
  await onCall.tick(30);
  const fades = alertKinds[kind as keyof typeof alertKinds];
  await onCall.invoke(first);
  await onCall.tick();
  const sign = 'fades' in fades ? /^✅/ : /^[🔴🟠]/u;
  expect(onCall.top().map(({ text }) => text)).toEqual([expect.stringMatching(sign)]);
});

test.each(['increment-short', 'increment-unverified'] as const)(
  '%s outlasts a success without proof, told by Fivetran or by run-sync',
  async (kind) => {
    await onCall.invoke(machine(kind, connection));
    onCall.clock.advance(60);
    await onCall.invoke(syncSucceeds());
    await onCall.invoke({ ...machine('sync-failed', connection, 'resolved'), scope: 'sync' });
    await onCall.tick();
    expect(onCall.top().map(({ text }) => text)).toEqual([expect.stringMatching(/^[🔴🟠]/u)]);
  },
);

test('sync-failed is over by a success that could not be verified', async () => {
  await onCall.invoke(machine('sync-failed', connection));
  onCall.clock.advance(60);
  await onCall.invoke({ ...machine('sync-failed', connection, 'resolved'), scope: 'sync' });
  await onCall.tick();
  expect(onCall.top().map(({ text }) => text)).toEqual([expect.stringMatching(/^✅/)]);
});
