import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAwsWorld, type AwsWorld } from '../tests/support/aws-world.ts';
import { runMachine } from '../tests/support/run-machine.ts';

let world: AwsWorld;
let shipped: Record<string, (event: unknown) => Promise<unknown>>;

beforeAll(async () => {
  world = await startAwsWorld();
  const context = { awsRequestId: 'request' } as Context;
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
      testConnection: () => ({
        outcome: 'passed',
        privateLinkState: 'OK',
        connections: [{ connectionId: 'one', startSync: true }],
        waitSeconds: 0,
        summary: '',
      }),
      RunSyncMachine: () => ({}),
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
  }).toEqual({ secrets: 2, ledger: 7 });
});
