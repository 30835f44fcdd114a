import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../local/postgres/postgres.ts';
import { startStack, type LocalStack } from '../../local/stack.ts';
import { loginsAtOnce } from '../../shared/rules/logins.ts';
import { localAwsClient } from '../support/aws-client.ts';
import { watchLogins } from '../support/login-watch.ts';
import { connectSource } from '../support/source-run.ts';

// A source falls ill and everything that depends on it fails at once: what ships has to bear it, the bundles on the
// real ledger, with Fivetran, Slack and PostgreSQL at their wires. An execution costs this machine 0.2 s of processor
// time, so 100 connections fail whole, from Fivetran's sync to the alert; thousand.integration.test.ts has a thousand
// executions without the wires of AWS. The other 900 are told by their events.

const connections = 1_000;
const whole = 100;
const idOf = (index: number): string => `tenant_${String(index).padStart(4, '0')}`;
/** What a person calls it; what a bus event alone tells of has no name. */
const nameOf = (index: number): string => (index < whole ? `${idOf(index)}_rental` : idOf(index));
const elsewhere = idOf(connections);

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack({
    schedules: 'off',
    stepRetryMs: 100,
    parameters: { SlackRouting: `connection=${elsewhere},channel=C0LOCAL02,mention=<!channel>` },
  });
  const { connectionId } = await connectSource(stack);
  const { connections: known } = stack.fivetran.account;
  const first = known.get(connectionId);
  if (first === undefined) throw new Error('Fivetran does not know the connection that was made.');
  const dueAt = new Date(Date.now() + 86_400_000);
  for (let index = 0; index < whole; index += 1) {
    known.set(idOf(index), { ...first, id: idOf(index), name: nameOf(index), syncs: [], dueAt });
  }
});
afterAll(() => stack.stop());

/** A failed sync, as the bus hears of it. */
async function tellOfFailures(ids: readonly string[]): Promise<void> {
  const bus = new EventBridgeClient(localAwsClient(stack.awsEndpoint.url));
  const endedAt = new Date().toISOString();
  for (let first = 0; first < ids.length; first += 10) {
    const Entries = ids.slice(first, first + 10).map((connectionId) => ({
      EventBusName: stack.info.eventBusName,
      Source: 'fivetran.privatelink',
      DetailType: 'Fivetran Sync Ended',
      Detail: JSON.stringify({
        version: 1,
        connectionId,
        syncId: `sync-${connectionId}`,
        status: 'FAILURE',
        reason: 'FATAL: remaining connection slots are reserved',
        endedAt,
        observedBy: 'webhook',
        review: false,
      }),
    }));
    const { FailedEntryCount } = await bus.send(new PutEventsCommand({ Entries }));
    expect(FailedEntryCount).toBe(0);
  }
  bus.destroy();
}

/** Executions that look at the sync of one of these connections. */
const reviews = () =>
  stack.stepFunctions
    .executions()
    .filter(({ machine, input }) => machine.shortName === 'run-sync' && input.includes('"tenant_'));

const tick = () => stack.lambda.invoke(stack.info.functions.notify ?? '', { tick: true });

test('a thousand connections that fail together, 100 of them from Fivetran on, are at most five messages a minute that name them all, and log in three at a time', async () => {
  const before = stack.slack.messages().length;
  const begunAt = performance.now();
  await withClient(stack.postgres, 'admin', (client) =>
    client.query(`ALTER ROLE ${stack.postgres.users.fivetran.name} CONNECTION LIMIT 0`),
  );
  const logins = await watchLogins(stack.postgres);
  for (let index = 0; index < whole; index += 1) stack.fivetran.comeDue(idOf(index));
  await tellOfFailures(Array.from({ length: connections - whole }, (_, index) => idOf(whole + index)));
  await expect
    .poll(() => reviews().filter(({ status }) => status === 'FAILED').length, {
      timeout: 400_000,
      interval: 500,
    })
    .toBe(whole);
  await stack.idle();
  // A machine that is busy with other things takes longer than the minute that the bound is for.
  const minutes = Math.ceil((performance.now() - begunAt) / 60_000);
  const { most, total } = await logins.end();
  expect(most).toBeLessThanOrEqual(loginsAtOnce);
  expect(total).toBeLessThan(whole / 4);

  // The first minute is waited for, in case more fail; then one tick tells of all.
  const told = () => stack.slack.messages().slice(before);
  await expect
    .poll(
      async () => {
        await tick();
        const shown = JSON.stringify(told());
        return Array.from({ length: connections }, (_, index) => nameOf(index)).filter(
          (name) => !shown.includes(name),
        ).length;
      },
      { timeout: 110_000, interval: 2_000 },
    )
    .toBe(0);
  const texts = told().map(({ text }) => text.slice(0, 120));
  expect(texts.length, texts.join('\n')).toBeLessThanOrEqual(5 * minutes);
  const storm = told().find(({ text }) => text.includes(' × '));
  expect(storm?.text).toContain('sync failed: ');
  expect(JSON.stringify(storm?.blocks)).toContain('the database has no free connections');
  expect(JSON.stringify(told())).not.toContain('too many connections for role \\"privatelink_checks');
}, 600_000);

test('an alert goes where the parameter SlackRouting sends it, with its mention', async () => {
  await tellOfFailures([elsewhere]);
  await stack.idle();
  const shown = () => stack.slack.messages().find(({ text }) => text.includes(elsewhere));
  await expect.poll(async () => (await tick(), shown()?.channel), { timeout: 110_000 }).toBe('C0LOCAL02');
  expect(JSON.stringify(shown()?.blocks)).toContain('<!channel>');
}, 240_000);

test('checks and marks that are asked for all at once log in to the source three at a time', async () => {
  const { functions } = stack.info;
  const logins = await watchLogins(stack.postgres);
  const ask = (folder: string, input: Record<string, string | boolean>, times: number) =>
    Array.from({ length: times }, () => stack.lambda.invoke(functions[folder] ?? '', input));
  const answers = await Promise.all([
    ...ask('check-source', { source: 'postgres' }, 24),
    ...ask('check-source', { source: 'postgres', shared: true }, 50),
    ...ask('mark-source', { mode: 'mark', source: 'postgres', connectionId: 'tenant_0001' }, 12),
  ]);
  const { most } = await logins.end();
  const text = JSON.stringify(answers);
  expect(text).not.toContain('too many connections');
  expect(text.match(/PostgreSQL answers at/g)?.length).toBeGreaterThan(24);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(loginsAtOnce);
});
