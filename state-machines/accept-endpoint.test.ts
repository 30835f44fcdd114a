import { describe, expect, test } from 'vitest';
import { allStates, readDefinition } from '../local/aws/step-functions/definition.ts';
import { readEvent } from '../functions/notify/read-event.ts';
import { thrownMessage } from '../shared/rules/thrown-message.ts';
import { readMachine, runMachine, throws } from '../tests/support/run-machine.ts';

const serviceId = 'vpce-svc-0123456789abcdef0';
const endpointId = 'vpce-0123456789abcdef1';
const input = { serviceId, endpointId };

const decided = (decision: string, change: Record<string, unknown> = {}) => ({
  decision,
  reasons: [],
  findings: [],
  summary: 'Why.',
  remedy: 'What to do.',
  severity: 'warning',
  facts: [{ label: 'Owner', value: '834469178297' }],
  ownerAccount: '834469178297',
  repeated: false,
  waitSeconds: 1,
  ...(decision === 'act' ? { order: { do: 'accept', serviceId, endpointId } } : {}),
  ...change,
});
const carriedOut = (outcome: string, change: Record<string, unknown> = {}) => ({
  outcome,
  state: 'available',
  privateLinkId: 'pl_one',
  summary: 'It was accepted.',
  remedy: '',
  severity: 'warning',
  findings: [],
  ownerAccount: '834469178297',
  at: '2026-11-22T10:00:00.000Z',
  ...change,
});
const seen = (outcome: string, elapsedSeconds = 0) => ({
  outcome,
  state: outcome,
  findings: [],
  elapsedSeconds,
  waitSeconds: 1,
  rivals: elapsedSeconds > 0 ? ' Asking for the same service: another.' : '',
});
const tested = (outcome: string, connections: { connectionId: string; startSync: boolean }[] = []) => ({
  outcome,
  privateLinkState: outcome === 'pending' ? 'CREATING' : 'OK',
  connections: connections.map((connection) => ({
    name: `dvd_${connection.connectionId}`,
    outcome: connection.connectionId.startsWith('broken') ? 'failed' : 'passed',
    failing: [],
    warnings: [],
    summary: connection.connectionId.startsWith('broken') ? `Its tests failed.` : '',
    ...connection,
  })),
  next: '',
  paced: false,
  waitSeconds: 15,
  summary: 'What the tests said.',
});
/** Answers in turn; the last one stays. */
const inTurn = (...answers: unknown[]) => {
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)];
};
const fakes = {
  validateEndpoint: () => decided('act'),
  acceptEndpoint: () => carriedOut('available'),
  checkEndpoint: () => seen('available'),
  testConnection: () => tested('passed'),
  RunSyncMachine: () => ({}),
  notify: () => ({}),
};
/** Every state that some test entered. */
const entered = new Set<string>();
const run = async (tasks: Record<string, (input: never) => unknown> = {}, given: unknown = input) => {
  const result = await runMachine('accept-endpoint', { input: given, tasks: { ...fakes, ...tasks } });
  for (const name of result.visited) entered.add(name);
  return result;
};

describe('a request that may be accepted', () => {
  test('is accepted, tested, synced and told of', async () => {
    const connections = [
      { connectionId: 'one', startSync: true },
      { connectionId: 'two', startSync: false },
    ];
    const { status, visited, calls } = await run({ testConnection: () => tested('passed', connections) });
    expect(status).toBe('SUCCEEDED');
    expect(visited.filter((name) => !['NeedsSync', 'NoSync', 'SyncStarted'].includes(name))).toEqual([
      'ValidateEndpoint',
      'Decide',
      'AcceptEndpoint',
      'AfterAcceptance',
      'TestConnection',
      'AfterTest',
      'StartSyncs',
      'StartSync',
      'AllTested',
      'NotifyAccepted',
      'NotifyResolved',
      'LinkHolds',
      'Accepted',
    ]);
    expect(calls.ValidateEndpoint).toEqual([
      {
        request: input,
        machine: 'arn:aws:states:us-east-1:111122223333:stateMachine:accept-endpoint',
        since: '2026-11-22T10:00:00.000Z',
      },
    ]);
    expect(calls.StartSync).toMatchObject([{ Name: `${endpointId}-one`, Input: { connectionId: 'one' } }]);
    expect(calls.NotifyAccepted).toMatchObject([{ phase: 'information', subject: { id: endpointId } }]);
    expect(calls.NotifyResolved).toMatchObject([{ phase: 'resolved', subject: { id: endpointId } }]);
  });

  test('is looked at again until it is available', async () => {
    const { visited } = await run({
      acceptEndpoint: () => carriedOut('pending'),
      checkEndpoint: inTurn(seen('pending'), seen('pending'), seen('available')),
    });
    expect(visited.filter((name) => name === 'WaitForEndpoint')).toHaveLength(2);
    expect(visited.at(-1)).toBe('Accepted');
  });

  test('without a private link of ours has nothing to test, at once or later', async () => {
    const atOnce = await run({ acceptEndpoint: () => carriedOut('available', { privateLinkId: '' }) });
    const later = await run({ acceptEndpoint: () => carriedOut('pending', { privateLinkId: '' }) });
    for (const { visited } of [atOnce, later]) {
      expect(visited).not.toContain('TestConnection');
      expect(visited).toContain('NotifyAccepted');
    }
  });

  test('has all connections on its private link tested, some at a time', async () => {
    const { calls } = await run({
      testConnection: inTurn(
        { ...tested('passed', [{ connectionId: 'one', startSync: true }]), next: 'one' },
        { ...tested('pending'), next: 'one', paced: true },
        tested('passed', [{ connectionId: 'two', startSync: true }]),
      ),
    });
    // The first of them came too early for Fivetran's limit.
    expect(calls.TestConnectionRest).toEqual(Array(2).fill({ privateLinkId: 'pl_one', after: 'one' }));
    expect(calls.StartSync).toMatchObject([
      { Input: { connectionId: 'one' } },
      { Input: { connectionId: 'two' } },
    ]);
    expect(calls.NotifyAccepted).toHaveLength(1);
  });

  test('starts the syncs of the others when a failed setup test cannot be told', async () => {
    const { status, calls } = await run({
      testConnection: () =>
        tested('failed', [
          { connectionId: 'broken', startSync: false },
          { connectionId: 'two', startSync: true },
        ]),
      NotifyTestsFailed: throws('AccessDeniedError'),
    });
    expect(status).toBe('SUCCEEDED');
    expect(calls.StartSync).toMatchObject([{ Input: { connectionId: 'two' } }]);
  });

  test('whose sync was started before goes on', async () => {
    const { status, calls } = await run({
      testConnection: () => tested('passed', [{ connectionId: 'one', startSync: true }]),
      RunSyncMachine: throws('StepFunctions.ExecutionAlreadyExistsException'),
    });
    expect(status).toBe('SUCCEEDED');
    expect(calls.StartSync).toHaveLength(1);
  });

  test('whose sync cannot be started for a moment is tried again', async () => {
    const { calls } = await run({
      testConnection: () => tested('passed', [{ connectionId: 'one', startSync: true }]),
      RunSyncMachine: throws('StepFunctions.ExecutionLimitExceededException'),
    });
    expect(calls.StartSync).toHaveLength(5);
  });

  test('whose private link is not OK yet is waited for, and tested again', async () => {
    const { visited } = await run({
      testConnection: inTurn(tested('pending'), tested('pending'), tested('passed')),
    });
    expect(visited.filter((name) => name === 'WaitForProof')).toHaveLength(2);
    expect(visited.at(-1)).toBe('Accepted');
  });

  test('that another execution accepted is left to that one', async () => {
    const { visited, calls } = await run({ acceptEndpoint: () => carriedOut('followed') });
    expect(visited.at(-1)).toBe('Ignored');
    expect(calls).not.toHaveProperty('NotifyAccepted');
  });

  test('is told of for each connection whose setup tests fail, and the syncs that can run are started', async () => {
    const { status, visited, calls } = await run({
      testConnection: () =>
        tested('failed', [
          { connectionId: 'one', startSync: true },
          { connectionId: 'broken', startSync: false },
        ]),
    });
    expect(visited).toContain('StartSync');
    expect(calls.NotifyTestsFailed).toMatchObject([
      {
        phase: 'problem',
        kind: 'setup-test-failed',
        subject: { type: 'connection', id: 'broken', name: 'dvd_broken' },
        summary: 'Its tests failed.',
      },
    ]);
    expect(visited.slice(-4)).toEqual(['NotifyAccepted', 'NotifyResolved', 'LinkHolds', 'Accepted']);
    expect(status).toBe('SUCCEEDED');
  });

  test('is critical news when its private link then fails, because nothing can prove it', async () => {
    const { visited, calls } = await run({
      testConnection: () => ({ ...tested('failed'), privateLinkState: 'FAIL' }),
    });
    expect(visited.slice(-4)).toEqual(['NotifyResolved', 'LinkHolds', 'NotifyLinkFailed', 'Accepted']);
    expect(calls.NotifyLinkFailed).toMatchObject([
      { kind: 'endpoint-unproven', severity: 'critical', subject: { type: 'endpoint' } },
    ]);
    expect(JSON.stringify(calls.NotifyLinkFailed)).toContain('pl_one (FAIL)');
  });
});

describe('a request that may not be accepted', () => {
  test('is held and told of with reasons and the way to decide by hand', async () => {
    const { status, visited, calls } = await run({
      validateEndpoint: () => decided('hold', { severity: 'critical' }),
    });
    expect(visited).toEqual(['ValidateEndpoint', 'Decide', 'NotifyHeld', 'Held']);
    expect(calls.NotifyHeld).toMatchObject([
      {
        phase: 'problem',
        kind: 'endpoint-held',
        severity: 'critical',
        summary: 'Why.',
        remedy: 'What to do.',
        facts: [{ label: 'Owner', value: '834469178297' }],
        heldEndpoint: { serviceId, endpointId, ownerAccount: '834469178297' },
      },
    ]);
    expect(status).toBe('SUCCEEDED');
  });

  test('and was told of before is held in silence', async () => {
    const { visited, output } = await run({ validateEndpoint: () => decided('hold', { repeated: true }) });
    expect(visited).toEqual(['ValidateEndpoint', 'Decide', 'StillHeld']);
    // A person who asked for it is told by the command line, which shows the output.
    expect(output).toMatchObject({ decision: { summary: 'Why.', remedy: 'What to do.' } });
  });

  test('yet is decided again after a wait', async () => {
    const { visited } = await run({
      validateEndpoint: inTurn(decided('wait'), decided('wait'), decided('act')),
    });
    expect(visited.filter((name) => name === 'WaitToDecide')).toHaveLength(2);
    expect(visited).toContain('AcceptEndpoint');
  });

  test('is ignored when it is nobody’s business', async () => {
    const { visited } = await run({ validateEndpoint: () => decided('ignore') });
    expect(visited).toEqual(['ValidateEndpoint', 'Decide', 'Ignored']);
  });

  test('lost its claim at the last moment and is held', async () => {
    const { visited, calls } = await run({
      acceptEndpoint: () => carriedOut('held', { summary: 'The claim was used.', severity: 'critical' }),
    });
    expect(visited.at(-1)).toBe('Held');
    expect(calls.NotifyHeldAtAcceptance).toMatchObject([
      { summary: 'The claim was used.', severity: 'critical', heldEndpoint: { endpointId } },
    ]);
  });
});

describe('an endpoint that does not come up', () => {
  test.each(['acceptEndpoint', 'checkEndpoint'])(
    'and is gone (%s) ends the execution in silence',
    async (who) => {
      const { status, visited, calls } = await run(
        who === 'acceptEndpoint'
          ? { acceptEndpoint: () => carriedOut('gone') }
          : { acceptEndpoint: () => carriedOut('pending'), checkEndpoint: () => seen('gone') },
      );
      expect(visited.at(-1)).toBe('EndpointGone');
      expect(status).toBe('SUCCEEDED');
      expect(Object.keys(calls).filter((name) => name.startsWith('Notify'))).toEqual([]);
    },
  );

  test('and is gone while its proof is awaited ends the execution', async () => {
    const { visited } = await run({
      testConnection: () => tested('pending'),
      checkEndpoint: () => seen('gone'),
    });
    expect(visited.at(-1)).toBe('EndpointGone');
  });

  test('within an hour is told of', async () => {
    const { status, error, calls } = await run({
      acceptEndpoint: () => carriedOut('pending'),
      checkEndpoint: () => seen('pending', 3601),
    });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'EndpointNotAvailable' });
    expect(calls.NotifyNotAvailable).toMatchObject([{ kind: 'endpoint-not-available' }]);
  });

  test('and is not proven within an hour is critical', async () => {
    const { status, error, calls } = await run({
      testConnection: () => tested('pending'),
      checkEndpoint: () => seen('available', 3601),
    });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'EndpointUnproven' });
    expect(calls.NotifyUnproven).toMatchObject([
      { kind: 'endpoint-unproven', severity: 'critical', heldEndpoint: { endpointId } },
    ]);
    expect(JSON.stringify(calls.NotifyUnproven)).toContain('Asking for the same service: another.');
  });
});

describe("a person's order", () => {
  test('to reject closes what was told of the request', async () => {
    const { visited, calls } = await run({ acceptEndpoint: () => carriedOut('rejected') });
    expect(visited.at(-1)).toBe('Done');
    expect(calls.NotifyRejected).toMatchObject([{ phase: 'resolved', subject: { id: endpointId } }]);
  });

  test('to record an expectation or to adopt an endpoint is told of', async () => {
    const { visited, calls } = await run({
      validateEndpoint: () => decided('act', { order: { do: 'expect', serviceId } }),
      acceptEndpoint: () => carriedOut('recorded'),
    });
    expect(visited.at(-1)).toBe('Done');
    expect(calls.NotifyRecorded).toMatchObject([
      { phase: 'information', subject: { type: 'service', id: serviceId } },
    ]);
  });
});

describe('failures', () => {
  test.each([
    ['ValidateEndpoint', { validateEndpoint: throws('AccessDeniedError') }],
    ['AcceptEndpoint', { acceptEndpoint: throws('AccessDeniedError') }],
    [
      'CheckEndpoint',
      { acceptEndpoint: () => carriedOut('pending'), checkEndpoint: throws('AccessDeniedError') },
    ],
    ['TestConnection', { testConnection: throws('AccessDeniedError') }],
    [
      'CheckEndpointAgain',
      { testConnection: () => tested('pending'), checkEndpoint: throws('AccessDeniedError') },
    ],
    ['NotifyAccepted', { NotifyAccepted: throws('AccessDeniedError') }],
    ['NotifyHeld', { validateEndpoint: () => decided('hold'), NotifyHeld: throws('AccessDeniedError') }],
    [
      'StartSync',
      {
        testConnection: () => tested('passed', [{ connectionId: 'one', startSync: true }]),
        RunSyncMachine: throws('StepFunctions.StateMachineDoesNotExistException'),
      },
    ],
  ])(
    'of %s are told of once, with the endpoint and the sentence, and fail the execution',
    async (_, tasks) => {
      const { status, visited, calls } = await run(tasks);
      expect(status).toBe('FAILED');
      expect(visited.slice(-2)).toEqual(['NotifyFailed', 'Failed']);
      expect(calls.NotifyFailed).toHaveLength(1);
      expect(calls.NotifyFailed).toMatchObject([
        {
          phase: 'problem',
          kind: 'endpoint-decision-failed',
          subject: { type: 'endpoint', id: endpointId },
          summary: 'The decision about vpce-0123456789abcdef1 failed.',
        },
      ]);
    },
  );

  test('hand on what the function said as it came, to the alert and as the execution’s cause', async () => {
    const { calls, error, cause } = await run({
      validateEndpoint: throws('ConfigError', 'The secret x has no value yet.'),
    });
    const [told] = calls.NotifyFailed ?? [];
    expect(told).toMatchObject({ error: { Error: 'ConfigError', Cause: cause } });
    expect(readEvent(told, new Date())).toMatchObject({
      report: {
        summary: 'The decision about vpce-0123456789abcdef1 failed. The secret x has no value yet.',
      },
    });
    expect({ error, said: thrownMessage(cause ?? '') }).toEqual({
      error: 'ConfigError',
      said: 'The secret x has no value yet.',
    });
  });

  test.each([
    { name: 'a text', given: 'nonsense' },
    { name: 'nothing', given: {} },
    { name: 'a malformed endpoint', given: { serviceId, endpointId: 7 } },
    { name: 'a list', given: [] },
  ])('of an input that is $name are told of once, about the machine', async ({ given }) => {
    const { status, error, calls } = await run(
      { validateEndpoint: throws('InvalidInputError', 'endpointId: expected string') },
      given,
    );
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'InvalidInputError' });
    expect(calls.NotifyInputFailed).toMatchObject([
      {
        subject: { type: 'execution', id: 'accept-endpoint' },
        summary: 'An execution of accept-endpoint failed.',
        error: { Cause: expect.stringContaining('endpointId: expected string') as string },
      },
    ]);
  });

  test('that may pass are retried, and an execution that outlives them goes on', async () => {
    const { status, calls } = await run({
      validateEndpoint: (() => {
        let tries = 0;
        return () => {
          tries += 1;
          if (tries < 3) throws('UnavailableError')();
          return decided('act');
        };
      })(),
    });
    expect(status).toBe('SUCCEEDED');
    expect(calls.ValidateEndpoint).toHaveLength(3);
  });

  test('of telling on-call leave the execution failed for its own reason', async () => {
    const { error, cause } = await run({
      validateEndpoint: throws('AccessDeniedError', 'Allow it.'),
      notify: throws('AccessDeniedError', 'Slack.'),
    });
    expect({ error, said: thrownMessage(cause ?? '') }).toEqual({
      error: 'AccessDeniedError',
      said: 'Allow it.',
    });
  });
});

test('every task has a time limit and is retried', () => {
  const machine = JSON.stringify(readMachine('accept-endpoint'));
  const tasks = machine.match(/"Type":"Task"/g) ?? [];
  // One more: the machine's own.
  expect(machine.match(/"TimeoutSeconds":\d+/g)).toHaveLength(tasks.length + 1);
  expect(machine.match(/"Retry":/g)).toHaveLength(tasks.length);
});

test('every lane was run by the tests above', () => {
  const states = allStates(readDefinition(readMachine('accept-endpoint'))).map(({ name }) => name);
  // The local engine gives every error a cause; AWS may leave it out.
  expect(states.filter((name) => !entered.has(name))).toEqual(['MissCause']);
});
