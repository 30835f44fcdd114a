import { describe, expect, test } from 'vitest';
import { connectionOf, createFivetranDouble } from '../../tests/support/fivetran-double.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { createSetupTestPace } from '../../shared/clients/ledger/setup-test-pace.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import { silentLog } from '../../tests/support/silent-log.ts';
import { testConnection } from './test-connection.ts';

function world(state = 'OK', connections = [connectionOf()], perHour = 2500) {
  const clock = createManualClock();
  const fivetran = createFivetranDouble(clock, connections);
  const pace = createSetupTestPace(createMemoryLedger(), clock, { perHour });
  fivetran.links.push({
    id: 'pl_1',
    name: 'pl_postgres',
    region: 'AWS_US_EAST_1',
    service: 'SOURCE_AWS',
    state,
    stateSummary: '',
    createdAt: '',
    serviceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0',
  });
  const proofs: unknown[] = [];
  const registers = {
    recordProof: (proof: unknown) => {
      proofs.push(proof);
      return Promise.resolve(true);
    },
  };
  return { clock, fivetran, proofs, dependencies: { fivetran, registers, pace, log: silentLog } };
}

describe('setup tests', () => {
  test('wait for each other when Fivetran’s limit for the account is near', async () => {
    const { clock, fivetran, dependencies } = world('OK', [connectionOf()], 50);
    const run = () => testConnection({ connectionId: 'assimilate_seem' }, dependencies);
    const answers = await Promise.all([1, 2, 3, 4].map(run));
    expect(answers.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(0);
    let last = await run();
    while (last.outcome === 'passed') last = await run();
    const tests = fivetran.calls.filter((call) => call.startsWith('connections.test')).length;
    expect(last).toMatchObject({ outcome: 'pending', paced: true });
    expect(tests).toBe(4);
    clock.advance(last.waitSeconds);
    expect(await run()).toMatchObject({ outcome: 'passed', paced: false });
  });

  test('that pass through a link that is OK prove its endpoint', async () => {
    const { dependencies, proofs } = world();
    expect(await testConnection({ connectionId: 'assimilate_seem' }, dependencies)).toMatchObject({
      outcome: 'passed',
      privateLinkState: 'OK',
    });
    expect(proofs).toEqual([
      { privateLinkId: 'pl_1', serviceId: 'vpce-svc-0123456789abcdef0', connectionId: 'assimilate_seem' },
    ]);
  });

  test.each([
    ['CREATING', 'pending'],
    ['UPDATING', 'pending'],
    ['something new', 'pending'],
    ['FAIL', 'failed'],
    ['DESTROYING', 'failed'],
  ])('are not run while the link is %s', async (state, outcome) => {
    const { dependencies, fivetran } = world(state);
    expect(await testConnection({ privateLinkId: 'pl_1' }, dependencies)).toMatchObject({
      outcome,
      connections: [],
    });
    expect(fivetran.calls).toEqual(['privateLinks.get pl_1']);
  });

  test('that pass but leave the set-up incomplete have not passed', async () => {
    const { dependencies, proofs } = world('OK', [
      connectionOf({
        setupState: 'incomplete',
        setupTests: [{ title: 'Login', status: 'PASSED', message: '' }],
      }),
    ]);
    expect(await testConnection({ connectionId: 'assimilate_seem' }, dependencies)).toMatchObject({
      outcome: 'failed',
      summary: 'The setup tests of dvdrental failed: Setup (Fivetran says that the set-up is incomplete.).',
    });
    expect(proofs).toEqual([]);
  });

  test('name what failed and what passed with a warning', async () => {
    const { dependencies } = world('OK', [
      connectionOf({
        setupTests: [
          { title: 'Login', status: 'FAILED', message: 'no such user' },
          { title: 'XMIN', status: 'WARNING', message: 'extensions not enabled' },
          { title: 'Later', status: 'SKIPPED', message: '' },
        ],
      }),
    ]);
    expect(await testConnection({ connectionId: 'assimilate_seem' }, dependencies)).toMatchObject({
      outcome: 'failed',
      connections: [
        {
          failing: [{ title: 'Login', message: 'no such user' }],
          warnings: [{ title: 'XMIN', message: 'extensions not enabled' }],
        },
      ],
    });
  });

  test('that could not run are run once more', async () => {
    const { dependencies, fivetran } = world('OK', [
      connectionOf({ setupTests: [{ title: 'Login', status: 'JOB_FAILED', message: '' }] }),
    ]);
    expect((await testConnection({ connectionId: 'assimilate_seem' }, dependencies)).outcome).toBe('failed');
    expect(fivetran.calls.filter((call) => call.startsWith('connections.test'))).toHaveLength(2);
  });

  test('of a link say which connections want a sync now', async () => {
    const { dependencies, fivetran } = world('OK', [
      connectionOf({ id: 'never', succeededAt: null }),
      connectionOf({ id: 'failed', failedAt: '2026-11-22T09:30:00Z' }),
      connectionOf({ id: 'fine' }),
      connectionOf({ id: 'paused', paused: true, succeededAt: null }),
      connectionOf({ id: 'elsewhere', privateLinkId: 'pl_2' }),
      connectionOf({ id: 'other', service: 'mysql' }),
    ]);
    const { connections } = await testConnection({ privateLinkId: 'pl_1' }, dependencies);
    expect(connections.map(({ connectionId, startSync }) => [connectionId, startSync])).toEqual([
      ['failed', true],
      ['fine', false],
      ['never', true],
      ['paused', false],
    ]);
    expect(fivetran.calls.filter((call) => call === 'connections.list')).toHaveLength(1);
  });

  test('of a link with many connections are run four at a time, each once, and prove the endpoint at the first pass', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const { dependencies, fivetran, proofs } = world(
      'OK',
      ids.map((id) => connectionOf({ id })),
    );
    const proven: number[] = [];
    const runTest = fivetran.connections.test.bind(fivetran.connections);
    fivetran.connections.test = (id) => {
      proven.push(proofs.length);
      return runTest(id);
    };
    const rounds: string[][] = [];
    let after: string | undefined;
    do {
      const answer = await testConnection({ privateLinkId: 'pl_1', after }, dependencies);
      rounds.push(answer.connections.map(({ connectionId }) => connectionId));
      after = answer.next;
    } while (after !== '');
    expect(rounds).toEqual([ids.slice(0, 4), ids.slice(4, 8), ids.slice(8)]);
    expect(proven.slice(0, 4)).toEqual([0, 1, 1, 1]);
  });
});
