import { expect, test } from 'vitest';
import { FailureToDiagnose } from '../../shared/contracts/diagnosis.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { diagnoseFailure } from './diagnose-failure.ts';

const connection = {
  connectionId: 'assimilate_seem',
  name: 'rental_pg',
  groupId: 'g',
  updateMethod: 'TELEPORT',
};
const ok = (check: string) => ({ check, status: 'ok', summary: `${check} is fine` });
const healthy = {
  source: { status: 'ok', findings: [ok('source.reachable')] },
  targets: { status: 'ok', findings: [ok('targets.healthy')] },
  endpoint: { outcome: 'available', state: 'available', findings: [ok('endpoint.state')], waitSeconds: 0 },
};
const diagnose = (failure: object) =>
  diagnoseFailure(parse(FailureToDiagnose, { connection, evidence: healthy, ...failure }, 'failure'));
const failed = (reason: string, tasks: object[] = []) => ({ status: 'FAILURE_WITH_TASK', reason, tasks });

test('names a Teleport Sync Error, with what the source shows and what to do', async () => {
  const answer = await diagnose({
    sync: failed('Teleport Sync Error: table "public"."rental" has 18,204 changed records'),
    evidence: {
      ...healthy,
      source: {
        status: 'warning',
        findings: [
          ok('source.reachable'),
          {
            check: 'source.teleport-headroom',
            status: 'warning',
            summary: 'public.rental changed 18,204 rows since the last sync; Teleport takes 15,000',
          },
        ],
      },
    },
  });
  expect(answer.code).toBe('teleport-limit');
  expect(answer.summary).toBe(
    'sync of rental_pg failed: Teleport Sync Error, too many rows changed (public.rental)',
  );
  expect(answer.evidence.map(({ summary }) => summary)).toEqual([
    'Fivetran says: Teleport Sync Error: table "public"."rental" has 18,204 changed records',
    'public.rental changed 18,204 rows since the last sync; Teleport takes 15,000',
    'Load balancer targets: all checks passed.',
    'Endpoint connection: all checks passed.',
  ]);
  expect(answer.remedy).toContain('sync more often');
  expect(answer.notChecked).toEqual([]);
});

test("names the table of Fivetran's warning, where the sync itself only says that it took too long", async () => {
  const details = 'Table "public"."film" was rewritten at the source: rows are re-synced in full.';
  const answer = await diagnose({
    sync: {
      status: 'OVERDUE',
      reason: 'The sync has not ended within 6 hours.',
      tasks: [],
      warnings: [{ code: 'resync_table_warning', message: 'Resync Table Warning', details }],
    },
  });
  expect(answer.evidence[0]?.summary).toBe('The sync has not ended within 6 hours.');
  expect(answer.code).toBe('relfilenode-changed');
  expect(answer.summary).toBe(
    'sync of rental_pg failed: a table was rewritten and is copied anew (public.film)',
  );
});

test('a task is told by its details, which say more than its message', async () => {
  const details = 'Quux overflow in the flux capacitor';
  const answer = await diagnose({
    sync: {
      status: 'FAILURE_WITH_TASK',
      reason: '',
      tasks: [{ code: 'odd', message: 'Odd Error', details }],
    },
  });
  expect(answer).toMatchObject({ code: 'unknown', summary: `sync of rental_pg failed: ${details}` });
});

test.each([
  'FATAL: could not write init file',
  'ERROR: could not write to file "base/pgsql_tmp/pgsql_tmp1.0": No space left on device',
])('a full disk is known by: %s', async (reason) => {
  expect((await diagnose({ sync: failed(reason) })).code).toBe('disk-full');
});

test.each([
  ['permission-denied', 'ERROR: 42501: must not'],
  ['permission-denied', 'SQLSTATE[42501]: must not'],
  ['permission-denied', '[42501] must not'],
  ['too-many-connections', 'FATAL (SQLSTATE: 53300)'],
  ['service-unavailable', 'HTTP/1.1 503'],
  ['service-unavailable', 'status code: 502'],
])('%s is known by its code: %s', async (code, reason) => {
  expect((await diagnose({ sync: failed(reason) })).code).toBe(code);
});

test.each([
  ['unknown', 'After 142501 rows, 42501 of them new, the flux capacitor stopped'],
  ['unknown', 'Transaction 53300 met port 57014'],
  ['unknown', 'Fivetran wrote 500 rows and stopped'],
  ['teleport-limit', 'Teleport Sync Error at 2026-11-23T02:15:50.000Z after 150000 rows'],
])('digits that look like a code by chance are none: %s, for %s', async (code, reason) => {
  expect((await diagnose({ sync: failed(reason) })).code).toBe(code);
});

test('what is in order names no cause, whatever its time looks like', async () => {
  const evidence = {
    ...healthy,
    sync: {
      status: 'ok',
      findings: [
        {
          check: 'fivetran.last-sync',
          status: 'ok',
          summary: 'Succeeded at 10:15:50.000Z: no space left on device',
        },
      ],
    },
  };
  expect((await diagnose({ sync: failed('Teleport is odd'), evidence })).code).toBe('unknown');
});

test('a symptom gives way to the most upstream part that is broken', async () => {
  const blocking = (check: string, summary: string, remedy?: string) => ({
    status: 'blocking',
    findings: [{ check, status: 'blocking', summary, ...(remedy === undefined ? {} : { remedy }) }],
  });
  const answer = await diagnose({
    sync: failed('java.net.SocketTimeoutException: connect timed out'),
    evidence: {
      source: healthy.source,
      targets: blocking(
        'targets.drift',
        'target 10.0.1.7 is not the address of the database any more',
        'run refresh-targets',
      ),
      endpoint: blocking('endpoint.state', 'endpoint is rejected'),
    },
  });
  expect(answer.code).toBe('targets-unhealthy');
  expect(answer.cause).toBe(
    'Target 10.0.1.7 is not the address of the database any more. That is why the database cannot be reached.',
  );
  expect(answer.remedy).toBe('run refresh-targets');
});

test('words that name a cause are believed before what is found downstream', async () => {
  const answer = await diagnose({
    sync: failed('FATAL: password authentication failed for user "fivetran"'),
    evidence: { ...healthy, endpoint: { findings: [{ check: 'e', status: 'blocking', summary: 'gone' }] } },
  });
  expect(answer.code).toBe('authentication-failed');
});

test('says what could not be checked and why', async () => {
  const answer = await diagnose({
    sync: failed('connection reset by peer'),
    evidence: {
      source: { error: { Error: 'States.Timeout', Cause: '' } },
      targets: {
        Error: 'UnavailableError',
        Cause: '{"errorType":"UnavailableError","errorMessage":"ELBv2 is down"}',
      },
      endpoint: healthy.endpoint,
    },
  });
  expect(answer.code).toBe('connection-lost');
  expect(answer.notChecked).toEqual([
    'PostgreSQL source: States.Timeout',
    'load balancer targets: UnavailableError: ELBv2 is down',
  ]);
});

test('an unknown failure is shown as it is', async () => {
  const answer = await diagnose({ sync: failed('Quux overflow in the flux <capacitor>') });
  expect(answer.code).toBe('unknown');
  expect(answer.summary).toBe('sync of rental_pg failed: Quux overflow in the flux <capacitor>');
});

test("the machine's own error is diagnosed when there was no sync", async () => {
  const answer = await diagnose({
    sync: null,
    error: {
      Error: 'ConfigError',
      Cause: '{"errorMessage":"The secret stack/fivetran does not exist."}',
    },
  });
  expect(answer.code).toBe('configuration-wrong');
  expect(answer.summary).toMatch(/\(stack\/fivetran\)$/);
  expect(answer.cause).toContain('The secret stack/fivetran does not exist.');
  expect(answer.evidence[0]?.summary).toContain('The secret stack/fivetran does not exist.');
});

test('an execution that was started with a wrong input is told what it must be, not to look in Fivetran', async () => {
  const answer = await diagnose({
    sync: null,
    error: {
      Error: 'InvalidInputError',
      Cause: 'The input of run-sync is not valid: connectionId: expected string',
    },
  });
  expect(answer.code).toBe('input-wrong');
  expect(answer.cause).toContain('connectionId: expected string');
  expect(answer.remedy).not.toContain('Fivetran');
});

test('a paused connection is named as such, though it was the input that named it', async () => {
  const answer = await diagnose({
    sync: null,
    error: { Error: 'InvalidInputError', Cause: 'The connection dvd is paused: resume it.' },
  });
  expect(answer.code).toBe('connection-paused');
});

test('a group that Fivetran does not have is an input to correct, whatever the groups that there are are called', async () => {
  const said =
    'Fivetran has no group nowhere: groupId must be the id of one of its groups, for instance a_b (Databricks).';
  const answer = await diagnose({
    sync: null,
    error: { Error: 'NotFoundError', Cause: JSON.stringify({ errorMessage: said }) },
  });
  expect(answer.code).toBe('input-wrong');
  expect(answer.cause).toContain(said);
});

test('rows and passwords that an error quotes are not repeated', async () => {
  const answer = await diagnose({
    sync: failed('duplicate key: Key (email)=(mary@example.org) already exists; postgres://u:s3cret@db/x'),
  });
  expect(JSON.stringify(answer)).not.toMatch(/mary@|s3cret/);
});

test('does not call a sync failed whose increment could not be verified', async () => {
  const answer = await diagnose({
    sync: { status: 'SUCCESSFUL', reason: '', tasks: [] },
    error: {
      Error: 'DestinationQueryError',
      Cause: 'Databricks refused a statement (the warehouse is stopped).',
    },
  });
  expect(answer).toMatchObject({
    code: 'destination-failed',
    summary: 'increment of rental_pg could not be verified: Databricks cannot be used',
  });
});
