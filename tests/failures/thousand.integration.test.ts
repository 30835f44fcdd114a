import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkSource } from '../../functions/check-source/check-source.ts';
import { diagnoseFailure } from '../../functions/diagnose-failure/diagnose-failure.ts';
import { startPostgres, type LocalPostgres } from '../../local/postgres/postgres.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createLoginSlots } from '../../shared/clients/ledger/login-slots.ts';
import { createSourceEvidence } from '../../shared/clients/ledger/source-evidence.ts';
import * as changedRows from '../../shared/clients/postgres/changed-rows.ts';
import { probePlain } from '../../shared/clients/postgres/plain-probe.ts';
import { listTables } from '../../shared/clients/postgres/selectable-tables.ts';
import { readServer } from '../../shared/clients/postgres/server-facts.ts';
import { createPostgres } from '../../shared/clients/postgres/session.ts';
import * as sourceFacts from '../../shared/clients/postgres/source-facts.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import type { CheckSourceInput } from '../../shared/contracts/increment.ts';
import { loginsAtOnce } from '../../shared/rules/logins.ts';
import { secretsOf } from '../increment/harness.ts';
import { watchLogins } from '../support/login-watch.ts';
import { createMemoryLedger } from '../support/memory-ledger.ts';
import { startOnCall, type OnCall } from '../support/on-call.ts';
import { runMachine } from '../support/run-machine.ts';
import { silentLog } from '../support/silent-log.ts';
import { silentMetrics } from '../support/silent-metrics.ts';

// A thousand executions of the machine that ships, at once, in one process: check-source, diagnose-failure and notify
// are the real ones, with PostgreSQL and Slack at their wires and the ledger in memory. Only what Fivetran and AWS say
// is given.

const connections = 1_000;
const nameOf = (index: number): string => `tenant_${String(index).padStart(4, '0')}_rental`;

let postgres: LocalPostgres;
let onCall: OnCall;
beforeAll(async () => {
  [postgres, onCall] = await Promise.all([startPostgres(), startOnCall()]);
});
afterAll(async () => {
  await onCall.stop();
  await postgres.stop();
});

/** check-source as its handler sets it up, for all who ask at once. */
function createCheck(): (input: CheckSourceInput) => Promise<unknown> {
  const table = createMemoryLedger();
  const leases = createLeases(table, clock);
  const holder = randomUUID;
  return (input) =>
    checkSource(input, {
      postgres: createPostgres({
        secrets: secretsOf(postgres),
        sourceSecretPrefix: 'test/source/',
        applicationName: 'check-source',
      }),
      marks: { latest: () => Promise.resolve(undefined) },
      evidence: createSourceEvidence(table, leases, { clock, holder }),
      slots: createLoginSlots(leases, { clock, holder, longestSeconds: 120 }),
      connections: { read: () => Promise.resolve(undefined) },
      reads: { ...changedRows, ...sourceFacts, readServer, probePlain, listTables },
      clock,
      log: silentLog,
      metrics: silentMetrics,
    });
}

const fine = (check: string) => () => ({
  status: 'ok',
  findings: [{ check, status: 'ok', summary: `The ${check} is fine.` }],
});

/** One sync that Fivetran ran and that failed: its review, to the end. */
async function fail(index: number, check: (input: CheckSourceInput) => Promise<unknown>) {
  const connectionId = `tenant_${String(index)}`;
  const endedAt = onCall.clock.now().toISOString();
  const reason = 'FATAL: remaining connection slots are reserved';
  const sync = { status: 'FAILURE', reason, tasks: [], warnings: [], endedAt, startedAt: null, syncId: 's' };
  const begun = {
    outcome: 'failed',
    summary: 'The sync failed.',
    connection: { connectionId, name: nameOf(index), groupId: 'group', updateMethod: 'TELEPORT' },
    source: 'rental',
    serviceId: 'vpce-svc-0123456789abcdef0',
    endpointId: 'vpce-0fedcba9876543210',
    lastSuccessAt: endedAt,
    sync,
  };
  return runMachine('run-sync', {
    executionName: connectionId,
    input: { connectionId, syncId: 's', status: 'FAILURE', reason, endedAt, review: true },
    tasks: {
      ReadSyncBegin: () => begun,
      ReadSyncEvidence: fine('sync'),
      ReadSyncCloseFailed: () => ({ observedAt: endedAt, scope: 'sync' }),
      ensureConnection: () => ({ outcome: 'unchanged' }),
      checkEndpoint: fine('endpoint'),
      checkTargetHealth: fine('targets'),
      checkSource: check,
      diagnoseFailure,
      notify: (input: object) => onCall.invoke(input),
    },
  });
}

test('1,000 executions of run-sync that fail at once log in three at a time at most, and are five messages at most that name them all', async () => {
  const check = createCheck();
  const logins = await watchLogins(postgres);
  const runs = await Promise.all(Array.from({ length: connections }, (_, index) => fail(index, check)));
  const { most, total } = await logins.end();
  expect(new Set(runs.map(({ status, error }) => `${status} ${error ?? ''}`))).toEqual(
    new Set(['FAILED SyncFailed']),
  );
  expect(most).toBeLessThanOrEqual(loginsAtOnce);
  // All but a few are spared the login: what one finds holds for the others for a minute.
  expect(total).toBeLessThan(connections / 20);
  // Each asked once and has an answer, and none was the one too many.
  expect(runs.filter(({ calls }) => calls.CheckSourceEvidence?.length === 1)).toHaveLength(connections);
  const evidence = runs.map(({ calls }) => JSON.stringify(calls.DiagnoseFailure));
  expect(evidence.filter((found) => found.includes('PostgreSQL answers at'))).toHaveLength(connections);
  expect(evidence.join()).not.toContain('too many connections');

  await onCall.tick(3);
  const messages = onCall.slack.messages();
  expect(messages.length).toBeLessThanOrEqual(5);
  const text = JSON.stringify(messages);
  for (let index = 0; index < connections; index += 1) expect(text).toContain(nameOf(index));
  expect(onCall.top().at(-1)?.text).toBe('🔴 997 × sync failed: the database has no free connections');
});
