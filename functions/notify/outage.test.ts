import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Incidents } from '../../shared/clients/ledger/incidents.ts';
import { startOnCall, type OnCall } from '../../tests/support/on-call.ts';

let onCall: OnCall;

beforeEach(async () => {
  onCall = await startOnCall();
});
afterEach(() => onCall.stop());

const named = (index: number) => ({
  type: 'connection' as const,
  id: `connection_${String(index)}`,
  name: `tenant_${String(index).padStart(4, '0')}_rental`,
});

const failing = (index: number) => ({
  subject: named(index),
  summary: `sync of ${named(index).name} failed: the database has no free connections`,
  diagnosis: {
    code: 'too-many-connections',
    summary: `sync of ${named(index).name} failed: the database has no free connections`,
    cause: 'PostgreSQL refused a login because max_connections is used up.',
    evidence: [],
    remedy: 'End what hangs idle in transaction.',
    notChecked: [],
  },
});

const syncSucceeds = (index: number): object => ({
  id: `ok-${String(index)}`,
  source: 'fivetran.privatelink',
  'detail-type': 'Fivetran Sync Ended',
  time: onCall.clock.now().toISOString(),
  detail: {
    version: 1,
    connectionId: named(index).id,
    syncId: `ok-${String(index)}`,
    status: 'SUCCESSFUL',
    reason: '',
    endedAt: onCall.clock.now().toISOString(),
    observedBy: 'webhook',
    review: false,
  },
});

const allText = (): string =>
  onCall.slack
    .messages()
    .map(({ text, blocks }) => `${text}\n${JSON.stringify(blocks ?? [])}`)
    .join('\n');

test('a thousand connections that fail within a minute are five messages, and every one of them is named', async () => {
  for (let start = 0; start < 1_000; start += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, offset) => onCall.send(failing(start + offset))));
    onCall.clock.advance(0.55);
  }
  await onCall.tick(3);
  expect(onCall.slack.messages().length).toBeLessThanOrEqual(5);
  const text = allText();
  for (let index = 0; index < 1_000; index += 1) expect(text).toContain(named(index).name);
  expect(onCall.top().at(-1)?.text).toBe('🔴 997 × sync failed: the database has no free connections');
}, 60_000);

test('a storm that takes longer than a minute to come in is one storm', async () => {
  for (let index = 0; index < 30; index += 1) {
    await onCall.send(failing(index));
    onCall.clock.advance(5);
  }
  await onCall.tick(2);
  expect(onCall.slack.messages().length).toBeLessThanOrEqual(5);
  expect(onCall.top().at(-1)?.text).toContain('27 × sync failed');
});

test('a storm shows who recovered, and that it is over', async () => {
  for (let index = 0; index < 20; index += 1) await onCall.send(failing(index));
  await onCall.tick(2);
  const storm = onCall.top().at(-1);
  expect(storm?.text).toContain('17 × sync failed');
  for (let index = 0; index < 10; index += 1) await onCall.invoke(syncSucceeds(index));
  await onCall.tick();
  expect(JSON.stringify(storm?.blocks)).toContain('10 of 17');
  for (let index = 10; index < 20; index += 1) await onCall.invoke(syncSucceeds(index));
  await onCall.tick(2);
  expect(storm?.text).toMatch(
    /^✅ Resolved after .*: 17 × sync failed: the database has no free connections$/,
  );
  expect(onCall.replies(storm).at(-1)?.text).toContain('✅');
  await onCall.tick(60);
  expect(await onCall.incidents.list()).toEqual({ incidents: [], storms: [] });
});

test.each([1, 2, 3, 4, 5])(
  'a storm whose poster is killed at write %i to the ledger is told once, whole, and is over in the end',
  async (deadly) => {
    for (let index = 0; index < 20; index += 1) await onCall.send(failing(index));
    onCall.clock.advance(60);
    let writes = 0;
    // Once it is killed nothing of it works any more, whatever it had sent to Slack until then.
    const mortal =
      <Arguments extends unknown[], Result>(
        write: (...given: Arguments) => Promise<Result>,
        counts: boolean,
      ) =>
      (...given: Arguments): Promise<Result> => {
        if (counts) writes += 1;
        return writes >= deadly ? Promise.reject(new Error('killed')) : write(...given);
      };
    const { incidents } = onCall;
    await onCall
      .invoke(
        { tick: true },
        {
          incidents: {
            ...incidents,
            change: mortal<Parameters<Incidents['change']>, Awaited<ReturnType<Incidents['change']>>>(
              (key, decide) => incidents.change(key, decide),
              false,
            ),
            changeStorm: mortal<
              Parameters<Incidents['changeStorm']>,
              Awaited<ReturnType<Incidents['changeStorm']>>
            >((key, decide) => incidents.changeStorm(key, decide), true),
          },
        },
      )
      .catch(() => undefined);
    expect(writes).toBeGreaterThanOrEqual(deadly);
    await onCall.tick(5);
    const storms = onCall.top().filter(({ text }) => text.includes(' × sync failed'));
    expect(storms.map(({ text }) => text)).toEqual([
      '🔴 17 × sync failed: the database has no free connections',
    ]);
    const text = allText();
    for (let index = 0; index < 20; index += 1) expect(text).toContain(named(index).name);
    expect(onCall.metrics.at(-1)?.UndeliveredAlerts).toBe(0);
    for (let index = 0; index < 20; index += 1) await onCall.invoke(syncSucceeds(index));
    await onCall.tick(60);
    expect(storms[0]?.text).toMatch(/^✅ Resolved/);
    expect(await incidents.list()).toEqual({ incidents: [], storms: [] });
  },
);

test('few that open within a minute are told one by one, by the next tick at the latest', async () => {
  for (let index = 0; index < 5; index += 1) await onCall.send(failing(index));
  expect(onCall.top()).toHaveLength(3);
  await onCall.tick();
  expect(onCall.top()).toHaveLength(5);
});

test('what came and went while Slack was down is told as over, without calling anybody', async () => {
  onCall.slack.faults.add({ kind: 'reset' });
  await onCall.send(failing(1));
  await onCall.tick(30);
  await onCall.invoke(syncSucceeds(1));
  onCall.slack.faults.clear();
  await onCall.tick(2);
  expect(onCall.slack.messages().map(({ text }) => text)).toEqual([
    '✅ Resolved after 30 min: sync of tenant_0001_rental failed: the database has no free connections',
  ]);
  expect(allText()).not.toContain('S0ONCALL');
});

test('an outage that begins after the first message ends in one reply of each kind, and not in one for each repeat', async () => {
  await onCall.send(failing(1));
  onCall.slack.faults.add({ kind: 'unavailable' });
  for (let repeat = 0; repeat < 72; repeat += 1) {
    onCall.clock.advance(20 * 60);
    await onCall.send(failing(1));
  }
  onCall.slack.faults.clear();
  await onCall.tick(2);
  expect(onCall.replies().map(({ text }) => text.split(' ')[0])).toEqual(['🚨', '🔁']);
  expect(onCall.replies().at(-1)?.text).toContain('73 times by now');
});

test('an answer that is lost costs no second message where the channel can be read', async () => {
  onCall.slack.faults.add({ kind: 'answer-lost', times: 1, method: 'chat.postMessage' });
  await onCall.send(failing(1));
  await onCall.tick(3);
  expect(onCall.slack.messages()).toHaveLength(1);
});

test('Slack is left alone as long as it asks', async () => {
  onCall.slack.faults.add({ kind: 'rate-limited', retryAfterSeconds: 150, times: 1 });
  await onCall.send(failing(1));
  await onCall.tick(2);
  expect(onCall.slack.messages()).toEqual([]);
  await onCall.tick(2);
  expect(onCall.slack.messages()).toHaveLength(1);
});

test.each(['token_revoked', 'channel_not_found'])(
  'with %s the alert waits until somebody mends it, and the metric says so',
  async (error) => {
    onCall.slack.faults.add({ kind: 'error', error });
    await onCall.send(failing(1));
    await onCall.tick(8);
    expect(onCall.metrics.at(-1)?.UndeliveredAlerts).toBe(1);
    expect(onCall.logged.find(({ code }) => code === 'SLACK_REFUSED')?.fields.reason).toContain(error);
    onCall.slack.faults.clear();
    await onCall.tick(2);
    expect(onCall.slack.messages()).toHaveLength(1);
  },
);

test('a channel of the routing that cannot be used falls back to the default channel', async () => {
  const routes = [{ severity: 'critical' as const, channel: 'C0GONE' }];
  await onCall.invoke(
    {
      phase: 'problem',
      kind: 'sync-failed',
      severity: 'critical',
      subject: named(1),
      summary: 'failed',
    },
    { routes },
  );
  expect(onCall.top()).toHaveLength(1);
});

test('blocks that Slack refuses do not cost the alert', async () => {
  onCall.slack.faults.add({ kind: 'error', error: 'invalid_blocks', times: 1 });
  await onCall.send(failing(1));
  expect(onCall.top()[0]?.blocks).toBeUndefined();
  expect(onCall.top()[0]?.text).toContain('End what hangs idle in transaction.');
});
