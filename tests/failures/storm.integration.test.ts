import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../local/postgres/postgres.ts';
import { startStack, type LocalStack } from '../../local/stack.ts';
import { loginsAtOnce } from '../../shared/rules/logins.ts';
import { localAwsClient } from '../support/aws-client.ts';

// A source falls ill and everything that depends on it fails at once: what ships has to bear it, the bundles on the
// real ledger, with Slack and PostgreSQL at their wires.

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
});
afterAll(() => stack.stop());

const connections = 1_000;
const idOf = (index: number): string => `tenant_${String(index).padStart(4, '0')}`;

/** What Fivetran's webhook and reconciliation put on the bus when a sync has failed that an execution follows. */
async function failAll(): Promise<void> {
  const bus = new EventBridgeClient(localAwsClient(stack.awsEndpoint.url));
  const endedAt = new Date().toISOString();
  for (let first = 0; first < connections; first += 10) {
    const Entries = Array.from({ length: 10 }, (_, offset) => ({
      EventBusName: stack.info.eventBusName,
      Source: 'fivetran.privatelink',
      DetailType: 'Fivetran Sync Ended',
      Detail: JSON.stringify({
        version: 1,
        connectionId: idOf(first + offset),
        syncId: `sync-${String(first + offset)}`,
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

const shown = (): string => JSON.stringify(stack.slack.messages());

test('a thousand connections that fail together are at most five messages, and every one of them is named', async () => {
  await failAll();
  await stack.idle();
  const tick = async () => stack.lambda.invoke(stack.info.functions.notify ?? '', { tick: true });
  // The first minute is waited for, in case more fail; then one tick tells of all.
  await expect
    .poll(
      async () => {
        await tick();
        return Array.from({ length: connections }, (_, index) => idOf(index)).filter(
          (id) => !shown().includes(id),
        ).length;
      },
      { timeout: 110_000, interval: 2_000 },
    )
    .toBe(0);
  expect(stack.slack.messages().length).toBeLessThanOrEqual(5);
  const storm = stack.slack.messages().find(({ text }) => text.includes('failed together'));
  expect(storm?.text).toMatch(/^🔴 99\d connections failed together/);
}, 240_000);

test('checks and marks that are asked for all at once log in to the source three at a time', async () => {
  const { functions, postgres } = stack.info;
  const role = stack.postgres.users.checks.name;
  // The server itself refuses the session that would be one too many.
  await withClient(stack.postgres, 'admin', (client) =>
    client.query(`ALTER ROLE ${role} CONNECTION LIMIT ${String(loginsAtOnce)}`),
  );
  const watcher = new pg.Client({ connectionString: postgres.admin, ssl: { ca: stack.postgres.caPem } });
  await watcher.connect();
  let most = 0;
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const { rows } = await watcher.query<{ sessions: number }>(
        `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename = '${role}'`,
      );
      most = Math.max(most, rows[0]?.sessions ?? 0);
      await delay(5);
    }
  })();
  const ask = (folder: string, input: Record<string, string | boolean>, times: number) =>
    Array.from({ length: times }, () => stack.lambda.invoke(functions[folder] ?? '', input));
  const answers = await Promise.all([
    ...ask('check-source', { source: 'postgres' }, 24),
    ...ask('check-source', { source: 'postgres', shared: true }, 50),
    ...ask('mark-source', { mode: 'mark', source: 'postgres', connectionId: 'tenant_0001' }, 12),
  ]);
  over.abort();
  await watching;
  await watcher.end();
  const text = JSON.stringify(answers);
  expect(text).not.toContain('too many connections');
  expect(text.match(/PostgreSQL answers at/g)?.length).toBeGreaterThan(24);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(loginsAtOnce);
});
