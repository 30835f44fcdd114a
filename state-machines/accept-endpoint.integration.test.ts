import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startAwsWorld, type AwsWorld } from '../tests/support/aws-world.ts';
import { createEndpointRegisters } from '../shared/clients/ledger/endpoint-registers.ts';
import { createLedgerTable } from '../shared/clients/ledger/table.ts';
import { systemClock } from '../shared/clock.ts';
import { runMachine } from '../tests/support/run-machine.ts';

let world: AwsWorld;
let shipped: Record<string, (event: unknown) => Promise<unknown>>;

beforeAll(async () => {
  world = await startAwsWorld();
  const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 50_000 } as Context;
  const handlers = await Promise.all([
    import('../functions/validate-endpoint/handler.ts'),
    import('../functions/accept-endpoint/handler.ts'),
    import('../functions/check-endpoint/handler.ts'),
  ]);
  const [validate, accept, check] = handlers;
  shipped = {
    validateEndpoint: (event) => validate.handler(event, context),
    acceptEndpoint: (event) => accept.handler(event, context),
    checkEndpoint: (event) => check.handler(event, context),
  };
});
afterAll(() => world.stop());

/** What follows the acceptance: the tests of one connection pass, and it is synced. */
const afterwards = {
  testConnection: () => ({
    outcome: 'passed',
    privateLinkState: 'OK',
    connections: [
      { connectionId: 'one', name: 'dvdrental', outcome: 'passed', startSync: true, summary: '' },
    ],
    next: '',
    waitSeconds: 0,
    summary: '',
  }),
  RunSyncMachine: () => ({}),
};

/** Runs the machine with the shipped functions; what was said to on-call is in `told`. */
async function decide(endpointId: string, executionName: string, told: string[] = []) {
  const run = await runMachine('accept-endpoint', {
    input: { serviceId: world.serviceId, endpointId },
    executionName,
    tasks: {
      ...shipped,
      ...afterwards,
      notify: ({ phase, kind }: { phase: string; kind: string }) => void told.push(`${phase} ${kind}`),
    },
  });
  return { ...run, told };
}
const bindings = async () => {
  const registers = createEndpointRegisters(createLedgerTable({ ledgerTable: 'ledger' }), systemClock);
  return (await registers.read(world.serviceId)).bindings.filter(
    ({ releasedAt }) => releasedAt === undefined,
  );
};
/** What the first look of this test's private link needs: nobody else's binding may be unproven. */
async function settle(): Promise<void> {
  const registers = createEndpointRegisters(createLedgerTable({ ledgerTable: 'ledger' }), systemClock);
  await registers.change(world.serviceId, (register) => ({
    register: {
      ...register,
      bindings: register.bindings.map((each) => ({
        ...each,
        provenAt: each.provenAt ?? each.boundAt,
      })),
    },
    answer: undefined,
  }));
  world.removeLinks();
}

test('an acceptance at the first look costs at most 10 EC2 and ELBv2 requests, 2 to Fivetran and 8 transitions', async () => {
  await world.registerDatabase();
  world.behaviour.quick = true;
  world.createLink('pl_counted');
  const endpointId = await world.ask();
  world.requests.length = 0;

  const run = await runMachine('accept-endpoint', {
    input: { serviceId: world.serviceId, endpointId },
    tasks: {
      ...shipped,
      ...afterwards,
      notify: () => ({}),
    },
  });

  expect(run.status).toBe('SUCCEEDED');
  const beforeSync = run.visited.slice(0, run.visited.indexOf('StartSync'));
  const untilAccept = world.requests.slice(0, world.requests.indexOf('ec2:AcceptVpcEndpointConnections') + 1);
  const count = (requests: readonly string[], scope: RegExp): number =>
    requests.filter((request) => scope.test(request)).length;
  // on-endpoint-notification asked EC2 once before the machine started.
  const notification = 1;
  expect({
    ec2AndElb: notification + count(untilAccept, /^(ec2|elasticloadbalancing):/),
    fivetran: count(untilAccept, /^fivetran:/),
    transitions: beforeSync.length,
  }).toEqual({ ec2AndElb: 10, fivetran: 2, transitions: 8 });
  // Beside the promise: how often the other services were asked.
  expect({
    secrets: count(untilAccept, /^secretsmanager:/),
    ledger: count(untilAccept, /^dynamodb:/),
  }).toEqual({ secrets: 2, ledger: 9 });
});

describe('races on the wire', () => {
  const accepted = ['information endpoint-accepted', 'resolved endpoint-held'];
  beforeEach(settle);

  test('two executions for one request accept it once and tell of it once', async () => {
    world.createLink('pl_twice');
    const endpointId = await world.ask();
    const told: string[] = [];
    const runs = await Promise.all([decide(endpointId, 'one', told), decide(endpointId, 'two', told)]);
    expect(runs.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(told).toEqual(accepted);
    expect((await bindings()).filter((binding) => binding.endpointId === endpointId)).toHaveLength(1);
    expect((await world.connectionOf(endpointId))?.VpcEndpointState).toBe('available');
  });

  test('somebody else accepts between validate and accept: it is ours to follow, told of once', async () => {
    world.createLink('pl_outside');
    const endpointId = await world.ask();
    world.behaviour.beforeAccept = () => world.acceptOutside(endpointId);
    const { status, told } = await decide(endpointId, 'outside');
    expect({ status, told }).toEqual({ status: 'SUCCEEDED', told: accepted });
    expect((await bindings()).filter((binding) => binding.endpointId === endpointId)).toHaveLength(1);
  });

  test('the consumer deletes meanwhile: nothing is accepted, bound or told', async () => {
    world.createLink('pl_deleted');
    const endpointId = await world.ask();
    world.behaviour.beforeAccept = () => world.deleteEndpoint(endpointId);
    const { status, told, visited } = await decide(endpointId, 'deleted');
    expect({ status, told }).toEqual({ status: 'SUCCEEDED', told: [] });
    expect(visited.at(-1)).toBe('EndpointGone');
    expect((await bindings()).filter((binding) => binding.endpointId === endpointId)).toEqual([]);
  });

  test('throttling in the middle, longer than the client tries, is waited out: accepted once, told of once', async () => {
    world.createLink('pl_throttled');
    const endpointId = await world.ask();
    world.behaviour.throttled = 6;
    const { status, told, calls } = await decide(endpointId, 'throttled');
    expect({ status, told }).toEqual({ status: 'SUCCEEDED', told: accepted });
    expect(calls.AcceptEndpoint?.length).toBeGreaterThan(1);
    expect((await bindings()).filter((binding) => binding.endpointId === endpointId)).toHaveLength(1);
  });
});

test('six writers at once change a register six times', async () => {
  const registers = createEndpointRegisters(createLedgerTable({ ledgerTable: 'ledger' }), systemClock);
  const serviceId = 'vpce-svc-00000000000000000';
  const now = new Date();
  const writers = [...Array(6).keys()].map((index) =>
    registers.change(serviceId, (register) => ({
      register: {
        ...register,
        expectations: [
          ...register.expectations,
          {
            expectationId: String(index),
            recordedBy: 'Ada',
            reason: '',
            recordedAt: now.toISOString(),
            expiresAt: new Date(now.getTime() + 60_000).toISOString(),
          },
        ],
      },
      answer: undefined,
    })),
  );
  await Promise.all(writers);
  const { expectations, version } = await registers.read(serviceId);
  expect(new Set(expectations.map(({ expectationId }) => expectationId)).size).toBe(6);
  expect(version).toBe(6);
});
