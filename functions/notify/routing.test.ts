import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connection, startOnCall, type OnCall } from '../../tests/support/on-call.ts';
import { readRoutes } from '../../shared/rules/routing.ts';

// Where messages go: by the routing when they are first told, and from then on where their message is.

let onCall: OnCall;
let elsewhere: string;

beforeEach(async () => {
  onCall = await startOnCall();
  elsewhere = onCall.slack.secondChannel;
});
afterEach(() => onCall.stop());

const route = (rules: string): void => {
  onCall.routes = readRoutes(rules);
};
const now = (): string => onCall.clock.now().toISOString();
const attention = (more: object): object => ({
  id: `event-${now()}`,
  source: 'fivetran.privatelink',
  'detail-type': 'Attention',
  time: now(),
  detail: {
    version: 1,
    subject: connection,
    kind: 'connection-paused',
    summary: 'The connection rental_pg was paused.',
    since: now(),
    resolved: false,
    ...more,
  },
});
const channels = (): string[] => onCall.slack.messages().map(({ channel }) => channel);
/** Sign and channel of each message. */
const told = (): [string, string][] =>
  onCall.slack.messages().map(({ text, channel }) => [text.split(' ')[0] ?? '', channel]);

describe.each([
  { by: 'the id of the connection', rule: `connection=${connection.id}` },
  { by: 'the name of the connection', rule: `connection=${connection.name}` },
  { by: 'the group', rule: 'group=sales' },
  { by: 'the severity', rule: 'severity=critical' },
  { by: 'all of them', rule: `connection=${connection.id},group=sales,severity=critical` },
])('a rule by $by', ({ rule }) => {
  test('sends the message, its replies, its escalation and its end to its channel', async () => {
    route(`${rule},channel=${elsewhere},mention=<!subteam^S0SALES>`);
    const report = { group: 'sales', severity: 'critical' as const };
    await onCall.send(report);
    expect(JSON.stringify(onCall.top()[0]?.blocks)).toContain('<!subteam^S0SALES>');
    onCall.clock.advance(20 * 60);
    await onCall.send(report);
    await onCall.tick(61);
    await onCall.send({ ...report, phase: 'resolved', summary: '' });
    expect(told()).toEqual([
      ['✅', elsewhere],
      ['🔁', elsewhere],
      ['🚨', elsewhere],
      ['✅', elsewhere],
    ]);
    expect(JSON.stringify(onCall.slack.messages())).not.toContain('S0ONCALL');
  });

  test('leaves alone what does not fit it', async () => {
    route(`${rule},channel=${elsewhere}`);
    const subject = { type: 'connection' as const, id: 'other', name: 'other_pg' };
    await onCall.send({ subject, group: 'finance', severity: 'warning' });
    expect(channels()).toEqual([onCall.slack.channel]);
  });
});

test('what reconciliation sees of a connection is routed by its group', async () => {
  route(`group=sales,channel=${elsewhere}`);
  await onCall.invoke(attention({ group: 'sales' }));
  await onCall.invoke(attention({ subject: { ...connection, id: 'other' }, group: 'finance' }));
  expect(channels()).toEqual([elsewhere, onCall.slack.channel]);
});

test('what is foreseen of a connection is routed by the id of the connection', async () => {
  route(`connection=${connection.id},channel=${elsewhere}`);
  const subject = { type: 'source' as const, id: `postgres/${connection.id}`, name: connection.name };
  await onCall.send({ kind: 'source-trouble-ahead', severity: 'warning', subject });
  expect(channels()).toEqual([elsewhere]);
});

test('an incident stays where its message is when a deployment changes the routing, the next one does not', async () => {
  route(`connection=${connection.id},channel=${elsewhere}`);
  await onCall.send({});
  route('');
  onCall.clock.advance(20 * 60);
  await onCall.send({});
  await onCall.tick(61);
  await onCall.send({ phase: 'resolved', summary: '' });
  expect(told()).toEqual([
    ['✅', elsewhere],
    ['🔁', elsewhere],
    ['🚨', elsewhere],
    ['✅', elsewhere],
  ]);
  await onCall.tick(60);
  await onCall.send({});
  expect(told().at(-1)).toEqual(['🔴', onCall.slack.channel]);
});

test('an incident whose channel was archived is told on in the default channel, and holds nobody else up', async () => {
  route(`connection=${connection.id},channel=${elsewhere}`);
  await onCall.send({});
  onCall.slack.faults.add({ kind: 'error', error: 'is_archived', channel: elsewhere });
  onCall.clock.advance(20 * 60);
  await onCall.send({});
  await onCall.send({ subject: { type: 'connection', id: 'other', name: 'other_pg' } });
  await onCall.tick();
  expect(told()).toEqual([
    ['🔴', elsewhere],
    ['🔁', onCall.slack.channel],
    ['🔴', onCall.slack.channel],
  ]);
});

test('a default channel that cannot be used holds up only what goes there', async () => {
  route(`connection=${connection.id},channel=${elsewhere}`);
  onCall.slack.faults.add({ kind: 'error', error: 'not_in_channel', channel: onCall.slack.channel });
  await onCall.send({ subject: { type: 'connection', id: 'other', name: 'other_pg' } });
  await onCall.send({});
  await onCall.tick(8);
  expect(told()).toEqual([['🔴', elsewhere]]);
  expect(onCall.metrics.at(-1)).toEqual({ OpenIncidents: 2, UndeliveredAlerts: 1 });
  onCall.slack.faults.clear();
  await onCall.tick();
  expect(told()).toEqual([
    ['🔴', elsewhere],
    ['🔴', onCall.slack.channel],
  ]);
});

test('what is over before its channel can be used again is told as over, however much later', async () => {
  route(`connection=${connection.id},channel=${elsewhere}`);
  onCall.slack.faults.add({ kind: 'error', error: 'not_in_channel', channel: onCall.slack.channel });
  const subject = { type: 'connection' as const, id: 'other', name: 'other_pg' };
  await onCall.send({ subject });
  onCall.clock.advance(60);
  await onCall.send({ subject, phase: 'resolved', summary: '' });
  await onCall.tick(40);
  expect(told()).toEqual([]);
  onCall.slack.faults.clear();
  await onCall.tick();
  expect(told()).toEqual([['✅', onCall.slack.channel]]);
});

const tenant = (index: number) => ({
  type: 'connection' as const,
  id: `tenant_${String(index)}`,
  name: `tenant_${String(index)}_pg`,
});
const isStorm = (text: string): boolean => /^🔴 \d+ × /.test(text);

test('each channel has a storm of its own, with the mention of its rule', async () => {
  route(`group=sales,channel=${elsewhere},mention=<!subteam^S0SALES>`);
  for (let index = 0; index < 24; index += 1) {
    await onCall.send({
      subject: tenant(index),
      group: index % 2 === 0 ? 'sales' : 'finance',
      summary: `sync of ${tenant(index).name} failed: the disk is full`,
    });
  }
  await onCall.tick(2);
  const storms = onCall.top().filter(({ text }) => isStorm(text));
  expect(storms.map(({ channel, text }) => [channel, text])).toEqual([
    [onCall.slack.channel, '🔴 11 × sync failed: the disk is full'],
    [elsewhere, '🔴 10 × sync failed: the disk is full'],
  ]);
  expect(JSON.stringify(storms[0]?.blocks)).toContain('S0ONCALL');
  expect(JSON.stringify(storms[1]?.blocks)).toContain('S0SALES');
  for (const { channel, ts } of storms) {
    expect(onCall.replies().filter((reply) => reply.threadTs === ts)).toMatchObject([{ channel }]);
  }
});

test('few in each of two channels are no storm, however many they are together', async () => {
  route(`group=sales,channel=${elsewhere}`);
  for (let index = 0; index < 10; index += 1) {
    await onCall.send({ subject: tenant(index), group: index % 2 === 0 ? 'sales' : 'finance' });
  }
  await onCall.tick(2);
  expect(onCall.top()).toHaveLength(10);
});

test('a storm stays in its channel when a deployment changes the routing', async () => {
  route(`severity=critical,channel=${elsewhere}`);
  for (let index = 0; index < 9; index += 1) await onCall.send({ subject: tenant(index) });
  await onCall.tick(2);
  route('');
  await onCall.tick(61);
  for (let index = 0; index < 9; index += 1) {
    await onCall.send({ subject: tenant(index), phase: 'resolved', summary: '' });
  }
  await onCall.tick(2);
  const storm = onCall.slack.messages().filter(({ channel }) => channel !== elsewhere);
  expect(storm).toEqual([]);
  expect(onCall.top().filter(({ text }) => text.startsWith('✅'))).toHaveLength(4);
});
