import { describe, expect, test } from 'vitest';
import { runMachine, throws } from '../tests/support/run-machine.ts';

type Tasks = Parameters<typeof runMachine>[1]['tasks'];

const input = { source: 'postgres', groupId: 'projected_sickle', schemaPrefix: 'dvdrental' };
const link = {
  outcome: 'ready',
  serviceId: 'vpce-svc-0123456789abcdef0',
  serviceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0',
  privateLinkId: 'pl_1',
  host: 'vpce-0123456789abcdef0.example.com',
  state: 'OK',
  attempt: 1,
  waitSeconds: 2,
  summary: '',
};
const connection = {
  outcome: 'created',
  connectionId: 'assimilate_seem',
  name: 'dvdrental',
  updateMethod: 'TELEPORT',
  fellBack: false,
  summary: 'created',
};
const ok = { status: 'ok', findings: [] };
const diagnosis = {
  code: 'unknown',
  summary: 'dvdrental could not be connected.',
  cause: '',
  evidence: [],
  remedy: '',
  notChecked: [],
};

function tasks(more: Tasks = {}): Tasks {
  return {
    EnsurePrivateLinkPlan: () => ({
      ...link,
      outcome: 'planned',
      groupName: 'Warehouse',
      privateLinkId: '',
      host: '',
      state: '',
    }),
    EnsurePrivateLink: () => link,
    checkSource: () => ok,
    checkTargetHealth: () => ok,
    ensureWebhook: () => ({ outcome: 'found' }),
    EnsureConnection: () => connection,
    testConnection: () => ({ outcome: 'passed', summary: '' }),
    RunSyncMachine: () => ({
      Status: 'SUCCEEDED',
      Output: { outcome: 'succeeded', verification: { summary: '200 rows found at the destination.' } },
    }),
    diagnoseFailure: () => diagnosis,
    notify: () => ({ posted: 1 }),
    ...more,
  };
}

describe('connect-source', () => {
  test.each([{}, { source: 5 }, [], 'postgres', null])(
    'refuses %j by name, with an example of what it takes',
    async (input) => {
      const result = await runMachine('connect-source', { input, tasks: {} });
      expect(result).toMatchObject({ status: 'FAILED', error: 'InvalidInputError', calls: {} });
      expect(result.cause).toContain('connect-source takes an object');
    },
  );

  test('goes from nothing to a verified first sync', async () => {
    const result = await runMachine('connect-source', { input, tasks: tasks() });
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'connected', connectionId: 'assimilate_seem', sync: { outcome: 'succeeded' } },
    });
    expect(Object.keys(result.calls)).toEqual([
      'EnsurePrivateLinkPlan',
      'CheckSource',
      'CheckTargetHealth',
      'EnsureWebhook',
      'EnsurePrivateLink',
      'EnsureConnection',
      'TestConnection',
      'RunSync',
      'NotifyResolved',
      'NotifyReady',
    ]);
    expect(result.calls.EnsureConnection).toEqual([
      { mode: 'ensure', request: input, privateLinkId: 'pl_1', host: link.host },
    ]);
    expect(result.calls.RunSync).toMatchObject([
      { Input: { connectionId: 'assimilate_seem', whenPaused: 'unpause' } },
    ]);
    expect(result.calls.NotifyReady).toMatchObject([
      {
        summary: expect.stringMatching(/and its first sync has succeeded\.$/) as unknown,
        facts: expect.arrayContaining([
          { label: 'First sync', value: expect.stringMatching(/^200 rows found/) as unknown },
        ]) as unknown,
      },
    ]);
  });

  test('does not say that the first sync succeeded when another execution follows it', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({ RunSyncMachine: () => ({ Status: 'SUCCEEDED', Output: { outcome: 'handled' } }) }),
    });
    expect(result.status).toBe('SUCCEEDED');
    const { summary } = result.calls.NotifyReady?.[0] as { summary: string };
    expect(summary).toContain('is connected through private link pl_1');
    expect(summary).not.toContain('succeeded');
  });

  test('starts the first sync under the same name whenever the step is repeated', async () => {
    const names = await Promise.all(
      [1, 2].map(async () => {
        const result = await runMachine('connect-source', { input, tasks: tasks() });
        return result.calls.RunSync?.[0] as { Name: string };
      }),
    );
    expect(names[0]).toEqual(names[1]);
    expect(names[0]?.Name).toMatch(/^connect-[0-9a-f]{64}$/);
  });

  test('makes nothing while a check of the source is blocking', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({ checkSource: () => ({ status: 'blocking', findings: [] }) }),
    });
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'ConnectFailed',
      cause: `${diagnosis.summary}. ${diagnosis.cause} ${diagnosis.remedy}`,
    });
    expect(result.calls.EnsurePrivateLink).toBeUndefined();
    expect(result.calls.DiagnoseFailure).toMatchObject([
      { error: { Error: 'PathBlockedError' }, evidence: { source: { status: 'blocking' } } },
    ]);
  });

  test('goes on while targets are still coming up', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({ checkTargetHealth: () => ({ status: 'blocking', findings: [] }) }),
    });
    expect(result.status).toBe('SUCCEEDED');
  });

  test('is not held up by a webhook that cannot be registered', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({ ensureWebhook: throws('FivetranRequestError') }),
    });
    expect(result.status).toBe('SUCCEEDED');
  });

  test('waits for the private link', async () => {
    let looks = 0;
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({
        EnsurePrivateLink: () =>
          looks++ < 3 ? { ...link, outcome: 'pending', state: 'CREATING', attempt: looks } : link,
      }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.EnsurePrivateLink).toMatchObject([0, 1, 2, 3].map((attempt) => ({ attempt })));
  });

  test('says that the private link failed', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({
        EnsurePrivateLink: () => ({ ...link, outcome: 'failed', summary: 'pl_postgres is FAIL.' }),
      }),
    });
    expect(result.status).toBe('FAILED');
    expect(result.calls.DiagnoseFailure).toMatchObject([
      { error: { Error: 'PrivateLinkFailedError', Cause: 'pl_postgres is FAIL.' } },
    ]);
  });

  test('tells that Fivetran took another update method', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({
        EnsureConnection: () => ({ ...connection, fellBack: true, updateMethod: 'QUERY_BASED' }),
      }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.NotifyMethodFallback).toMatchObject([
      { phase: 'information', kind: 'update-method-fallback' },
    ]);
  });

  test('waits as long as Fivetran’s limit of setup tests is used up', async () => {
    let tries = 0;
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({
        testConnection: () =>
          tries++ < 5 ? { outcome: 'pending', paced: true, waitSeconds: 78 } : { outcome: 'passed' },
      }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.calls.TestConnection).toHaveLength(6);
  });

  test('runs the setup tests again before it gives up, and leaves the connection paused', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({
        testConnection: () => ({ outcome: 'failed', paced: false, summary: 'Validate Login failed.' }),
      }),
    });
    expect(result.status).toBe('FAILED');
    expect(result.calls.TestConnection).toHaveLength(3);
    expect(result.calls.RunSync).toBeUndefined();
    expect(result.calls.DiagnoseFailure).toMatchObject([
      { error: { Error: 'SetupTestsFailedError', Cause: 'Validate Login failed.' } },
    ]);
  });

  test('does not repeat the alert of a first sync that failed', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({ RunSyncMachine: throws('States.TaskFailed') }),
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'FirstSyncFailed' });
    expect(result.calls.NotifyFailed).toBeUndefined();
  });

  test('tells when the first sync could not even be started', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({ RunSyncMachine: throws('StepFunctions.StateMachineDoesNotExistException') }),
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'ConnectFailed' });
    expect(result.calls.NotifyFailed).toHaveLength(1);
  });

  test.each([
    'EnsurePrivateLinkPlan',
    'CheckSource',
    'EnsurePrivateLink',
    'EnsureConnection',
    'TestConnection',
  ])('tells on-call once and fails when %s does', async (state) => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({ [state]: throws('ConfigError', 'give serviceId') }),
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'ConnectFailed' });
    expect(result.calls.DiagnoseFailure).toMatchObject([{ error: { Error: 'ConfigError' } }]);
    expect(result.calls.NotifyFailed).toMatchObject([
      { kind: 'connection-setup-failed', subject: { type: 'source', id: 'postgres' } },
    ]);
  });

  test('fails all the same when neither diagnosis nor Slack work', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({
        EnsurePrivateLink: throws('ConfigError'),
        diagnoseFailure: throws('TypeError'),
        notify: throws('ConfigError'),
      }),
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'ConnectFailed' });
  });

  test('is connected even when on-call cannot be told', async () => {
    const result = await runMachine('connect-source', {
      input,
      tasks: tasks({ notify: throws('ConfigError') }),
    });
    expect(result.status).toBe('SUCCEEDED');
  });
});
