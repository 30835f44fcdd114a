import { afterEach, beforeEach, expect, test } from 'vitest';
import { connection, startOnCall, type OnCall } from '../../tests/support/on-call.ts';

let onCall: OnCall;

beforeEach(async () => {
  onCall = await startOnCall();
});
afterEach(() => onCall.stop());

const busEvent = (type: string, detail: object, more: object = {}) => ({
  version: '0',
  id: `event-${String(Math.random())}`,
  source: 'fivetran.privatelink',
  'detail-type': type,
  time: onCall.clock.now().toISOString(),
  detail: { version: 1, ...detail },
  ...more,
});

const syncEnded = (status = 'SUCCESSFUL', endedAt = onCall.clock.now().toISOString()) =>
  busEvent('Fivetran Sync Ended', {
    connectionId: connection.id,
    syncId: `sync-${endedAt}`,
    status,
    reason: '',
    endedAt,
    observedBy: 'webhook',
    review: false,
  });

const statusChange = (detail: object) => ({
  ...busEvent('Step Functions Execution Status Change', {}),
  source: 'aws.states',
  detail,
});

const executionArn =
  'arn:aws:states:us-east-1:111122223333:execution:fivetran-privatelink-dev-run-sync:run-1';

test('the first report posts one message that mentions on-call, the recovery updates it', async () => {
  await onCall.send({});
  expect(onCall.top()).toHaveLength(1);
  expect(onCall.top()[0]?.text).toBe('🔴 Sync of rental_pg failed: more rows changed than Teleport can take');
  expect(JSON.stringify(onCall.top()[0]?.blocks)).toContain('<!subteam^S0ONCALL>');

  onCall.clock.advance(12 * 60);
  await onCall.invoke(syncEnded());
  const [message] = onCall.top();
  expect(onCall.top()).toHaveLength(1);
  expect(message?.text).toBe(
    '✅ Resolved after 12 min: sync of rental_pg failed: more rows changed than Teleport can take',
  );
  expect(JSON.stringify(message?.blocks)).not.toContain('S0ONCALL');
  expect(onCall.replies(message).map(({ text }) => text)).toEqual(['✅ rental_pg: Resolved after 12 min.']);
});

test('it lasted until it was over, not until we heard so', async () => {
  await onCall.send({});
  const over = new Date(onCall.clock.now().getTime() + 5 * 60_000).toISOString();
  onCall.clock.advance(20 * 60);
  await onCall.invoke(syncEnded('SUCCESSFUL', over));
  expect(onCall.top()[0]?.text).toMatch(/^✅ Resolved after 5 min: /);
  expect(onCall.replies()[0]?.text).toBe('✅ rental_pg: Resolved after 5 min.');
});

test('successes that follow do not make what is over longer', async () => {
  await onCall.send({});
  onCall.clock.advance(12 * 60);
  await onCall.invoke(syncEnded());
  for (let round = 0; round < 4; round += 1) {
    onCall.clock.advance(150);
    await onCall.invoke(syncEnded());
    await onCall.tick();
  }
  expect(onCall.top().map(({ text, earlier }) => [text.slice(0, 24), earlier.length])).toEqual([
    ['✅ Resolved after 12 min:', 1],
  ]);
});

test('repeats go into the thread after a quiet period, and are counted in the first message at once', async () => {
  await onCall.send({});
  onCall.clock.advance(120);
  await onCall.send({});
  expect(onCall.replies()).toHaveLength(0);
  expect(JSON.stringify(onCall.top()[0]?.blocks)).toContain('2 times');
  onCall.clock.advance(20 * 60);
  await onCall.send({});
  expect(onCall.top()).toHaveLength(1);
  expect(onCall.replies().map(({ text }) => text)).toEqual([
    expect.stringContaining('🔁 Reported again, 3 times by now: sync of rental_pg failed'),
  ]);
});

test('a repeat with another cause is told at once', async () => {
  const diagnosis = { summary: 's', cause: 'c', evidence: [], remedy: 'r', notChecked: [] };
  await onCall.send({ diagnosis: { ...diagnosis, code: 'teleport-limit' } });
  onCall.clock.advance(60);
  await onCall.send({ diagnosis: { ...diagnosis, code: 'authentication-failed' } });
  expect(onCall.replies()).toHaveLength(1);
});

test('the same report twice is one report', async () => {
  const observedAt = onCall.clock.now().toISOString();
  await onCall.send({ observedAt });
  onCall.clock.advance(30 * 60);
  await onCall.send({ observedAt });
  expect(onCall.slack.messages()).toHaveLength(1);
  expect(JSON.stringify(onCall.top()[0]?.blocks)).not.toContain('times');
});

test('a problem that is reported after its recovery is not told', async () => {
  const failedAt = onCall.clock.now().toISOString();
  onCall.clock.advance(300);
  await onCall.invoke(syncEnded());
  onCall.clock.advance(10);
  expect((await onCall.send({ observedAt: failedAt })).outcome).toBe('silent');
  await onCall.tick(3);
  expect(onCall.slack.messages()).toHaveLength(0);
});

test('a success does not close what it does not disprove', async () => {
  await onCall.send({ kind: 'increment-short', summary: '3 rows of rental are missing' });
  onCall.clock.advance(60);
  await onCall.invoke(syncEnded());
  expect(onCall.top()[0]?.text).toContain('🔴');
  onCall.clock.advance(60);
  await onCall.send({ phase: 'resolved', kind: 'increment-verified', summary: '' });
  expect(onCall.top()[0]?.text).toContain('✅');
});

test("an execution's failure joins the incident that its failure lane opened", async () => {
  await onCall.send({ executionArn });
  const result = await onCall.invoke(
    statusChange({ executionArn, status: 'FAILED', name: 'run-1', stopDate: 1, input: '{}' }),
  );
  expect(result.outcome).toBe('joined');
  expect(onCall.slack.messages()).toHaveLength(1);
});

test("a parent's failure joins the incident of its child", async () => {
  await onCall.send({ executionArn });
  const parent = executionArn.replaceAll('run-sync', 'connect-source');
  const result = await onCall.invoke(
    statusChange({
      executionArn: parent,
      status: 'FAILED',
      error: 'States.TaskFailed',
      cause: JSON.stringify({ ExecutionArn: executionArn, Status: 'FAILED' }),
      input: '{"source":"postgres"}',
    }),
  );
  expect(result.outcome).toBe('joined');
});

test('an execution that timed out without a word opens an incident of its subject', async () => {
  await onCall.invoke(
    statusChange({
      executionArn,
      status: 'TIMED_OUT',
      name: 'run-1',
      input: '{"connectionId":"assimilate_seem"}',
    }),
  );
  expect(onCall.top()[0]?.text).toBe('🔴 assimilate_seem: fivetran-privatelink-dev-run-sync ran out of time');
  onCall.clock.advance(60);
  await onCall.invoke(syncEnded());
  expect(onCall.top()[0]?.text).toContain('✅');
});

test('a held request shows who asks, why, and the exact commands, and reminds', async () => {
  const heldEndpoint = {
    serviceId: 'vpce-svc-0123456789abcdef0',
    endpointId: 'vpce-0fedcba9876543210',
    ownerAccount: '999988887777',
  };
  await onCall.send({
    kind: 'endpoint-held',
    severity: 'warning',
    subject: { type: 'endpoint', id: heldEndpoint.endpointId },
    summary: 'account 999988887777 asks to connect and is not Fivetran',
    heldEndpoint,
  });
  const shown = (onCall.top()[0]?.blocks ?? []).map((block) => JSON.stringify(block)).join('\n');
  expect(shown).toContain(
    'aws stepfunctions start-execution --region us-east-1 --state-machine-arn arn:aws:states',
  );
  expect(shown).toContain(
    `\\"ownerAccount\\":\\"999988887777\\"`.replaceAll('\\"', '\\\\\\"').replaceAll('\\\\\\"', '\\"'),
  );
  expect(shown).toContain(
    `npx fivetran-privatelink reject vpce-svc-0123456789abcdef0 vpce-0fedcba9876543210 --owner 999988887777 --by 'YOUR NAME' --reason 'WHY' --stage dev --region us-east-1`,
  );
  expect(shown).toContain('npx fivetran-privatelink accept vpce-svc-0123456789abcdef0');
  await onCall.tick(62);
  expect(onCall.replies()).toHaveLength(1);
  expect(onCall.replies()[0]?.text).toContain(
    '⏰ vpce-0fedcba9876543210: Still waiting for a decision after 1 h',
  );
});

test('an id that is none is put into no command', async () => {
  await onCall.send({
    kind: 'endpoint-held',
    subject: { type: 'endpoint', id: 'x' },
    summary: 'asks',
    heldEndpoint: {
      serviceId: "vpce-svc-0'; rm -rf /",
      endpointId: 'vpce-0123456789abcdef0',
      ownerAccount: '1',
    },
  });
  expect(JSON.stringify(onCall.top()[0]?.blocks)).not.toContain('start-execution');
});

test('an alert that cannot be read is delivered as it came, cut, marked and without secrets', async () => {
  await onCall.invoke(
    busEvent('Attention', {
      subject: 7,
      kind: 'WHAT',
      summary: 'x',
      password: 'hunter2',
      long: '<'.repeat(9_000),
    }),
  );
  const [message] = onCall.top();
  expect(message?.text).toContain('could not be read');
  expect(JSON.stringify(message?.blocks)).toContain('As it came');
  expect(JSON.stringify(message?.blocks)).not.toContain('hunter2');
});

test('without a secret everything stays in the outbox, and leaves when it is there', async () => {
  onCall.secret = undefined;
  await onCall.send({});
  expect(onCall.logged.map(({ code }) => code)).toContain('SLACK_REFUSED');
  await onCall.tick(10);
  expect(onCall.metrics.at(-1)).toEqual({ OpenIncidents: 1, UndeliveredAlerts: 1 });
  onCall.secret = { botToken: onCall.slack.botToken };
  await onCall.tick(2);
  expect(onCall.top()).toHaveLength(1);
  expect(onCall.metrics.at(-1)).toEqual({ OpenIncidents: 1, UndeliveredAlerts: 0 });
});

test('an incoming webhook gets single messages, the end included', async () => {
  onCall.secret = { webhookUrl: onCall.slack.incomingWebhookUrl };
  await onCall.send({});
  onCall.clock.advance(60);
  await onCall.invoke(syncEnded());
  expect(onCall.slack.messages().map(({ text }) => text)).toEqual([
    expect.stringContaining('🔴'),
    '✅ Resolved after 1 min: sync of rental_pg failed: more rows changed than Teleport can take',
  ]);
});

test('an incident that is not dealt with is escalated once', async () => {
  await onCall.send({});
  await onCall.tick(130);
  expect(onCall.replies().map(({ text }) => text)).toEqual([
    '🚨 Still going on after 1 h: sync of rental_pg failed: more rows changed than Teleport can take',
  ]);
});

test('an incident that is reported six times is escalated at once, once', async () => {
  for (let report = 0; report < 12; report += 1) {
    await onCall.send({});
    onCall.clock.advance(30);
  }
  expect(onCall.replies().map(({ text }) => text)).toEqual([
    '🚨 6 times by now: sync of rental_pg failed: more rows changed than Teleport can take',
  ]);
  expect(JSON.stringify(onCall.replies()[0]?.blocks)).toContain('<!subteam^S0ONCALL>');
});

test('what comes back soon after it was over continues its incident, later it is a new one', async () => {
  await onCall.send({});
  await onCall.invoke(syncEnded());
  await onCall.tick(10);
  await onCall.send({});
  expect(onCall.top().map(({ text }) => text.slice(0, 2))).toEqual(['🔴']);
  expect(onCall.replies().at(-1)?.text).toContain('Back 10 min after it was over');
  await onCall.invoke(syncEnded());
  await onCall.tick(20);
  await onCall.send({});
  expect(onCall.top().map(({ text }) => text.split(' ')[0])).toEqual(['✅', '🔴']);
});

test('what is foreseen is one warning that is kept up to date, calls nobody again, and is taken back', async () => {
  const subject = { type: 'source' as const, id: 'postgres/assimilate_seem', name: 'rental_pg' };
  const foresee = (phase: 'problem' | 'resolved', summary: string) =>
    onCall.send({ phase, kind: 'source-trouble-ahead', severity: 'warning', subject, summary });
  for (let hour = 0; hour < 12; hour += 1) {
    await foresee('problem', `public.rental: ${String(10 + hour)},000 rows wait for the next sync.`);
    await onCall.tick(60);
    await onCall.invoke(syncEnded());
  }
  expect(onCall.slack.messages().map(({ text }) => text)).toEqual([
    '🟠 rental_pg: public.rental: 21,000 rows wait for the next sync.',
  ]);
  await foresee('resolved', '');
  await onCall.tick();
  expect(onCall.top()[0]?.text).toMatch(/^✅ Resolved after 12 h: rental_pg: /);
});

test('what comes and goes is damped, and over when it was calm for long', async () => {
  for (let round = 0; round < 8; round += 1) {
    await onCall.send({});
    onCall.clock.advance(60);
    await onCall.invoke(syncEnded());
    onCall.clock.advance(60);
  }
  const messages = onCall.slack.messages().length;
  expect(messages).toBeLessThanOrEqual(8);
  expect(onCall.top()).toHaveLength(1);
  await onCall.tick(40);
  expect(onCall.top()[0]?.text).toContain('✅');
});
