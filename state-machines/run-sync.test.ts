import { describe, expect, test } from 'vitest';
import { runMachine, throws } from '../tests/support/run-machine.ts';

type Tasks = Parameters<typeof runMachine>[1]['tasks'];

const connection = {
  connectionId: 'assimilate_seem',
  name: 'dvdrental',
  groupId: 'projected_sickle',
  updateMethod: 'TELEPORT',
};
const run = {
  outcome: 'start',
  summary: 'A sync of dvdrental is started.',
  connection,
  source: 'postgres',
  serviceId: 'vpce-svc-0123456789abcdef0',
  endpointId: 'vpce-0123456789abcdef0',
  privateLinkId: 'pl_1',
  needsTest: false,
  unpause: false,
  lastSuccessAt: '2026-11-22T09:00:00.000Z',
  sync: null,
  following: null,
  waitSeconds: 0,
};
const following = { since: '2026-11-22T10:00:00.000Z' };
const sync = {
  status: 'SUCCESSFUL',
  reason: '',
  tasks: [],
  warnings: [],
  endedAt: '2026-11-22T10:05:00.000Z',
  startedAt: '2026-11-22T10:00:00.000Z',
  syncId: 's-1',
  figures: 'rows 1',
};
const failedSync = { ...sync, status: 'FAILURE_WITH_TASK', reason: 'Teleport Sync Error' };
const ok = { status: 'ok', findings: [] };
const diagnosis = {
  code: 'teleport-limit',
  summary: 'The sync of dvdrental failed: Teleport Sync Error.',
  cause: 'More rows changed than Teleport Sync can carry.',
  evidence: [],
  remedy: 'Sync more often.',
  notChecked: [],
};

/** Fakes of a sync that succeeds and is verified; `begin` and `progress` answer by mode. */
function tasks(change: { begin?: object; progress?: object[]; more?: Tasks }): Tasks {
  const looks = change.progress ?? [
    { outcome: 'running', summary: '', following, waitSeconds: 2, sync: null },
    { outcome: 'succeeded', summary: '', following, waitSeconds: 0, sync },
  ];
  let looked = 0;
  return {
    ReadSyncBegin: () => ({ ...run, ...change.begin }),
    ReadSyncProgress: () => looks[Math.min(looked++, looks.length - 1)],
    ReadSyncEvidence: () => ok,
    ReadSyncCloseSucceeded: () => ({ outcome: 'closed', observedAt: sync.endedAt, scope: 'all' }),
    ReadSyncCloseFailed: () => ({ outcome: 'closed', observedAt: sync.endedAt, scope: 'sync' }),
    checkSource: () => ok,
    checkTargetHealth: () => ok,
    checkEndpoint: () => ({ outcome: 'available', state: 'available', findings: [], waitSeconds: 0 }),
    ensureConnection: () => ({ outcome: 'current' }),
    testConnection: () => ({ outcome: 'passed', summary: '', connections: [] }),
    markSource: () => ({ outcome: 'marked', markId: 'm-1', completedAt: sync.startedAt }),
    startSync: () => ({ outcome: 'started', following, waitSeconds: 2 }),
    verifyIncrement: () => ({ verdict: 'verified', summary: '1 row verified.', recheckId: '' }),
    diagnoseFailure: () => diagnosis,
    notify: () => ({ posted: 1 }),
    ...change.more,
  };
}

const start = { connectionId: connection.connectionId };
const review = {
  ...start,
  syncId: 's-1',
  status: 'SUCCESSFUL',
  reason: '',
  endedAt: sync.endedAt,
  review: true,
};

describe('run-sync', () => {
  test.each([{}, { connectionId: 5 }, [], 'assimilate_seem', null])(
    'refuses %j by name, with an example of what it takes',
    async (input) => {
      const result = await runMachine('run-sync', { input, tasks: {} });
      expect(result).toMatchObject({ status: 'FAILED', error: 'InvalidInputError', calls: {} });
      expect(result.cause).toContain('run-sync takes an object');
    },
  );

  test('starts a sync, follows it, verifies its increment, marks again and closes the incident', async () => {
    const result = await runMachine('run-sync', { input: start, tasks: tasks({}) });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.output).toMatchObject({ outcome: 'succeeded', verification: { verdict: 'verified' } });
    expect(Object.keys(result.calls)).toEqual([
      'ReadSyncBegin',
      'CheckSource',
      'CheckTargetHealth',
      'EnsureConnectionCredentials',
      'MarkSource',
      'StartSync',
      'ReadSyncProgress',
      'VerifyIncrement',
      'MarkSourceNext',
      'ReadSyncCloseSucceeded',
      'NotifyResolved',
    ]);
    expect(result.calls.ReadSyncBegin).toEqual([
      { mode: 'begin', execution: expect.stringContaining('run-sync') as unknown, request: start },
    ]);
    expect(result.calls.VerifyIncrement).toEqual([
      {
        connectionId: connection.connectionId,
        sync: { startedAt: sync.startedAt, endedAt: sync.endedAt, syncId: 's-1', figures: 'rows 1' },
        markId: 'm-1',
      },
    ]);
  });

  test.each([
    [
      'when the sync is started',
      { startSync: () => ({ outcome: 'handled', summary: 'Another one has it.' }) },
      {},
    ],
    ['while the sync is awaited', {}, { progress: [{ outcome: 'handled', summary: 'Another one has it.' }] }],
    [
      'when a rescheduled sync is due',
      { StartSyncAgain: () => ({ outcome: 'handled', summary: 'Another one has it.' }) },
      { progress: [{ outcome: 'restart', summary: '', following, waitSeconds: 2, sync: null }] },
    ],
  ])('leaves the sync to the execution that has taken the lease %s', async (_when, more, change) => {
    const result = await runMachine('run-sync', { input: start, tasks: tasks({ ...change, more }) });
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'handled', summary: 'Another one has it.' },
    });
    expect(result.calls.NotifyFailed).toBeUndefined();
    expect(result.calls.VerifyIncrement).toBeUndefined();
    expect(result.calls.ReadSyncCloseSucceeded).toBeUndefined();
  });

  test('waits as long as Fivetran’s limit of setup tests is used up', async () => {
    let tries = 0;
    const testConnection = () =>
      tries++ < 2 ? { outcome: 'pending', paced: true, waitSeconds: 78 } : { outcome: 'passed' };
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ begin: { needsTest: true }, more: { testConnection } }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.TestConnection).toHaveLength(3);
  });

  test('ends quietly when another execution handles the sync', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ begin: { outcome: 'handled' } }),
    });
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'handled' } });
    expect(Object.keys(result.calls)).toEqual(['ReadSyncBegin']);
  });

  test('leaves a paused connection alone when that is the policy', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ begin: { outcome: 'skipped' } }),
    });
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'skipped' } });
  });

  test('starts no sync while a check of the path is blocking, and says why', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ more: { CheckTargetHealth: () => ({ status: 'blocking', findings: [] }) } }),
    });
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'SyncFailed',
      cause: `${diagnosis.summary}. ${diagnosis.cause} ${diagnosis.remedy}`,
    });
    expect(result.calls.StartSync).toBeUndefined();
    expect(result.calls.DiagnoseFailure).toMatchObject([
      { error: { Error: 'PathBlockedError' }, sync: null },
    ]);
  });

  test('diagnoses a blocked path by what has just been seen of this very connection, without another login', async () => {
    const blocking = {
      status: 'blocking',
      findings: [{ check: 'source.read-access', status: 'blocking', summary: '' }],
    };
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ more: { CheckSource: () => blocking } }),
    });
    expect(result.calls.CheckSourceEvidence).toBeUndefined();
    expect(result.calls.DiagnoseFailure).toMatchObject([
      { evidence: { source: blocking, sync: ok, targets: ok } },
    ]);
  });

  test('of a connection that is not behind our service skips the checks of the path', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ begin: { source: '', serviceId: '', endpointId: '' } }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.CheckSource).toBeUndefined();
    expect(result.calls.MarkSource).toBeUndefined();
    expect(result.calls.VerifyIncrement).toMatchObject([{ markId: null }]);
  });

  test('runs the setup tests before a sync of a connection that is not connected', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ begin: { needsTest: true } }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.TestConnection).toEqual([{ connectionId: connection.connectionId }]);
  });

  test('runs the setup tests after a rotated password was carried over', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ more: { ensureConnection: () => ({ outcome: 'sent' }) } }),
    });
    expect(result.visited).toContain('TestConnection');
  });

  test('starts no sync when the setup tests fail', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({
        begin: { needsTest: true },
        more: {
          testConnection: () => ({ outcome: 'failed', paced: false, summary: 'Validate Login failed.' }),
        },
      }),
    });
    expect(result.status).toBe('FAILED');
    expect(result.calls.StartSync).toBeUndefined();
    expect(result.calls.DiagnoseFailure).toMatchObject([
      { error: { Error: 'SetupTestsFailedError', Cause: 'Validate Login failed.' } },
    ]);
  });

  test('does not let its mark judge a sync that was already running', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ more: { startSync: () => ({ outcome: 'adopted', following, waitSeconds: 2 }) } }),
    });
    expect(result.calls.VerifyIncrement).toMatchObject([{ markId: null }]);
  });

  test.each([
    ['is skipped', () => ({ outcome: 'skipped', reason: 'no table is selected yet' })],
    ['fails', throws('AccessDeniedError')],
  ])('syncs without a mark when marking %s', async (_what, markSource) => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ more: { MarkSource: markSource } }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.VerifyIncrement).toMatchObject([{ markId: null }]);
  });

  test('tells on-call once of a reschedule, and starts the sync itself when nobody else will', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({
        progress: [
          { outcome: 'rescheduled', summary: 'put off', following, waitSeconds: 60, sync: null },
          { outcome: 'running', summary: '', following, waitSeconds: 60, sync: null },
          { outcome: 'restart', summary: 'due', following, waitSeconds: 1, sync: null },
          { outcome: 'succeeded', summary: '', following, waitSeconds: 0, sync },
        ],
      }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.NotifyRescheduled).toMatchObject([{ kind: 'sync-rescheduled', summary: 'put off' }]);
    expect(result.calls.StartSyncAgain).toMatchObject([{ following }]);
  });

  test('follows a rescheduled sync that Fivetran ran by itself', async () => {
    const result = await runMachine('run-sync', {
      input: { ...review, status: 'RESCHEDULED' },
      tasks: tasks({ begin: { outcome: 'follow', following, waitSeconds: 1 } }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.StartSync).toBeUndefined();
  });

  test('reviews a successful sync that Fivetran ran by itself', async () => {
    const result = await runMachine('run-sync', {
      input: review,
      tasks: tasks({ begin: { outcome: 'succeeded', sync } }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(Object.keys(result.calls)).toEqual([
      'ReadSyncBegin',
      'VerifyIncrement',
      'CheckSourceAhead',
      'MarkSourceNext',
      'ReadSyncCloseSucceeded',
      'NotifyResolved',
    ]);
  });

  test.each([
    ['it started', start, {}, 'CheckSource'],
    ['Fivetran ran by itself', review, { outcome: 'succeeded', sync }, 'CheckSourceAhead'],
  ])(
    'tells what is foreseen at the source when a sync that %s has succeeded',
    async (_, input, begin, state) => {
      const findings = [
        { check: 'source.teleport-headroom', status: 'warning', summary: 'rental: 12,000 rows' },
      ];
      const foreseen = { looked: true, summary: 'rental: 12,000 rows', remedy: 'Sync more often.', findings };
      const result = await runMachine('run-sync', {
        input,
        tasks: tasks({ begin, more: { checkSource: () => ({ status: 'warning', findings, foreseen }) } }),
      });
      expect(result.status).toBe('SUCCEEDED');
      expect(result.calls[state]).toMatchObject([{ source: 'postgres', besideSync: true }]);
      expect(result.calls.NotifyTroubleAhead).toMatchObject([
        {
          phase: 'problem',
          kind: 'source-trouble-ahead',
          severity: 'warning',
          subject: { type: 'source', id: 'postgres/assimilate_seem', name: 'dvdrental' },
          summary: foreseen.summary,
          remedy: foreseen.remedy,
          evidence: findings,
        },
      ]);
      expect(result.visited.indexOf('NotifyTroubleAhead')).toBeLessThan(
        result.visited.indexOf('MarkSourceNext'),
      );
    },
  );

  test.each([
    ['was looked at', true, 1],
    ['could not be looked at', false, undefined],
  ])('takes back what was foreseen only when the source %s', async (_, looked, times) => {
    const foreseen = { looked, summary: '', remedy: '', findings: [] };
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ more: { checkSource: () => ({ ...ok, foreseen }) } }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.NotifyTroubleAhead).toBeUndefined();
    expect(result.calls.NotifyNoTroubleAhead?.length).toBe(times);
  });

  test.each(['CheckSourceAhead', 'NotifyTroubleAhead'])(
    'calls a reviewed sync a success although %s fails',
    async (state) => {
      const foreseen = { summary: 'trouble', remedy: '', findings: [] };
      const result = await runMachine('run-sync', {
        input: review,
        tasks: tasks({
          begin: { outcome: 'succeeded', sync },
          more: { checkSource: () => ({ ...ok, foreseen }), [state]: throws('AccessDeniedError') },
        }),
      });
      expect(result.status).toBe('SUCCEEDED');
      expect(result.calls.MarkSourceNext).toHaveLength(1);
    },
  );

  test('gathers the evidence of a failed sync, diagnoses it, tells on-call once and fails', async () => {
    const result = await runMachine('run-sync', {
      input: { ...review, status: failedSync.status },
      tasks: tasks({ begin: { outcome: 'failed', sync: failedSync } }),
    });
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'SyncFailed',
      cause: `${diagnosis.summary}. ${diagnosis.cause} ${diagnosis.remedy}`,
    });
    expect(result.calls.DiagnoseFailure).toMatchObject([
      { connection, sync: failedSync, error: null, evidence: { sync: ok, source: ok, targets: ok } },
    ]);
    expect(result.calls.NotifyFailed).toMatchObject([
      {
        phase: 'problem',
        kind: 'sync-failed',
        subject: { type: 'connection', id: connection.connectionId, name: 'dvdrental' },
        severity: 'critical',
        diagnosis,
        lastSuccessAt: run.lastSuccessAt,
        observedAt: sync.endedAt,
      },
    ]);
    expect(result.calls.ReadSyncCloseFailed).toMatchObject([{ outcome: 'failed', sync: failedSync }]);
  });

  test('runs a failed sync again when the password had been rotated meanwhile', async () => {
    const result = await runMachine('run-sync', {
      input: { ...review, status: failedSync.status },
      tasks: tasks({
        begin: { outcome: 'failed', sync: failedSync },
        more: { ensureConnection: () => ({ outcome: 'sent' }) },
      }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.visited).toEqual(
      expect.arrayContaining(['EnsureConnectionAfterFailure', 'TestConnection', 'StartSync']),
    );
  });

  test('keeps evidence that could be gathered when some of it could not', async () => {
    const result = await runMachine('run-sync', {
      input: { ...review, status: failedSync.status },
      tasks: tasks({
        begin: { outcome: 'failed', sync: failedSync, endpointId: '' },
        more: {
          CheckSourceEvidence: throws('UnavailableError', 'no route'),
          ReadSyncEvidence: throws('NotFoundError'),
          CheckTargetHealthEvidence: throws('AccessDeniedError'),
        },
      }),
    });
    expect(result.status).toBe('FAILED');
    expect(result.calls.DiagnoseFailure).toMatchObject([
      {
        evidence: {
          source: { error: { Error: 'UnavailableError' } },
          sync: { error: { Error: 'NotFoundError' } },
          targets: { error: { Error: 'AccessDeniedError' } },
          endpoint: { status: 'skipped' },
        },
      },
    ]);
  });

  test('diagnoses also what failed before anything was known', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({
        more: { ReadSyncBegin: throws('NotFoundError', 'Fivetran has no connection assimilate_seem') },
      }),
    });
    expect(result.status).toBe('FAILED');
    expect(result.calls.DiagnoseFailure).toMatchObject([
      {
        connection: { connectionId: 'assimilate_seem', name: '' },
        sync: null,
        error: { Error: 'NotFoundError' },
      },
    ]);
    expect(result.calls.NotifyFailed).toHaveLength(1);
  });

  test('counts a sync whose rows did not arrive as failed', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({
        more: {
          verifyIncrement: () => ({
            verdict: 'short',
            summary: '3 rows of actor are missing.',
            recheckId: '',
          }),
        },
      }),
    });
    expect(result.status).toBe('FAILED');
    expect(result.calls.DiagnoseFailure).toMatchObject([
      { error: { Error: 'IncrementShortError', Cause: '3 rows of actor are missing.' } },
    ]);
    expect(result.calls.NotifyFailed).toMatchObject([{ kind: 'increment-short', severity: 'critical' }]);
    expect(result.calls.MarkSourceNext).toBeUndefined();
  });

  test('looks at the source again before it calls rows missing', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({
        more: {
          VerifyIncrement: () => ({ verdict: 'recheck', summary: '', recheckId: 'r-1' }),
          MarkSourceRecheck: () => ({ outcome: 'rechecked', recheckId: 'r-1' }),
        },
      }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.MarkSourceRecheck).toMatchObject([{ mode: 'recheck', recheckId: 'r-1' }]);
    expect(result.calls.VerifyIncrementRecheck).toMatchObject([{ recheckId: 'r-1', markId: 'm-1' }]);
  });

  test.each([
    ['VerifyIncrement', {}],
    ['MarkSourceRecheck', { VerifyIncrement: () => ({ verdict: 'recheck', summary: '', recheckId: 'r-1' }) }],
    [
      'VerifyIncrementRecheck',
      { VerifyIncrement: () => ({ verdict: 'recheck', summary: '', recheckId: 'r-1' }) },
    ],
  ])('calls a sync a success whose verification could not be done because %s failed', async (state, more) => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ more: { ...more, [state]: throws('DestinationQueryError', 'no warehouse') } }),
    });
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'succeeded', verification: { verdict: '' } },
    });
    expect(result.calls.DiagnoseFailure).toMatchObject([{ sync, error: { Error: 'DestinationQueryError' } }]);
    expect(result.calls.ReadSyncCloseFailed).toMatchObject([{ outcome: 'succeeded', sync, verdict: '' }]);
    expect(result.calls.NotifyFailed).toMatchObject([
      { phase: 'problem', kind: 'increment-unverified', severity: 'warning', diagnosis },
    ]);
    expect(result.calls.NotifyResolved).toMatchObject([{ phase: 'resolved', scope: 'sync' }]);
    expect(result.calls.MarkSourceNext).toBeUndefined();
  });

  test.each(['ReadSyncCloseSucceeded', 'NotifyResolved'])(
    'calls a verified sync a success although %s fails',
    async (state) => {
      const result = await runMachine('run-sync', {
        input: start,
        tasks: tasks({ more: { [state]: throws('ConfigError') } }),
      });
      expect(result).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'succeeded' } });
      expect(result.calls.NotifyResolved).toHaveLength(1);
      expect(result.calls.NotifyFailed).toBeUndefined();
    },
  );

  test('says of a verified increment that everything is over', async () => {
    const result = await runMachine('run-sync', { input: start, tasks: tasks({}) });
    expect(result.calls.NotifyResolved).toMatchObject([{ scope: 'all' }]);
  });

  test('is not failed by a next mark that cannot be taken', async () => {
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({ more: { MarkSourceNext: throws('UnavailableError') } }),
    });
    expect(result.status).toBe('SUCCEEDED');
  });

  test.each(['CheckSource', 'EnsureConnectionCredentials', 'StartSync', 'ReadSyncProgress'])(
    'tells on-call once and fails when %s does',
    async (state) => {
      const result = await runMachine('run-sync', {
        input: start,
        tasks: tasks({ more: { [state]: throws('ConfigError', 'set FIVETRAN_SECRET_ID') } }),
      });
      expect(result.status).toBe('FAILED');
      expect(result.calls.DiagnoseFailure).toMatchObject([{ error: { Error: 'ConfigError' } }]);
      expect(result.calls.NotifyFailed).toHaveLength(1);
    },
  );

  test('tries a step again that was throttled or unreachable', async () => {
    let tries = 0;
    const result = await runMachine('run-sync', {
      input: start,
      tasks: tasks({
        more: {
          startSync: () => {
            tries += 1;
            if (tries < 3) throws('UnavailableError')();
            return { outcome: 'started', following, waitSeconds: 2 };
          },
        },
      }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.StartSync).toHaveLength(3);
  });

  test('tells on-call even when neither diagnosis nor ledger work', async () => {
    const result = await runMachine('run-sync', {
      input: { ...review, status: failedSync.status },
      tasks: tasks({
        begin: { outcome: 'failed', sync: failedSync },
        more: { diagnoseFailure: throws('TypeError'), ReadSyncCloseFailed: throws('ConfigError') },
      }),
    });
    expect(result.status).toBe('FAILED');
    expect(result.calls.NotifyFailed).toMatchObject([
      { diagnosis: { code: 'unknown' }, observedAt: expect.any(String) as string },
    ]);
  });

  test('fails all the same when on-call cannot be told', async () => {
    const result = await runMachine('run-sync', {
      input: { ...review, status: failedSync.status },
      tasks: tasks({
        begin: { outcome: 'failed', sync: failedSync },
        more: { notify: throws('ConfigError') },
      }),
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'SyncFailed' });
  });
});
