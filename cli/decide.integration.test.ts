import {
  AcceptVpcEndpointConnectionsCommand,
  CreateVpcEndpointCommand,
  EC2Client,
  ModifyVpcEndpointServicePermissionsCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startStack, type LocalStack } from '../local/stack.ts';
import type { StatusItems } from './stack-status.ts';
import { createOperator, type Operator } from '../tests/support/operator.ts';

const fivetran = '834469178297';
const stranger = '999999999999';
const signed = ['--by', 'ann', '--reason', 'ticket 7'];

let stack: LocalStack;
let operator: Operator;
let service: string;

// Every command is a process of its own.
vi.setConfig({ testTimeout: 300_000 });

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
  operator = createOperator(stack.info);
  service = stack.info.endpointService.serviceId;
  await vi.waitFor(async () => expect((await operator.status()).endpointServices[0]!.targets).toBe('ok'), {
    timeout: 60_000,
    interval: 500,
  });
});
afterAll(() => stack.stop());

const ec2As = (accountId: string): EC2Client =>
  new EC2Client({
    endpoint: stack.info.awsEndpoint,
    region: stack.info.region,
    credentials: { accessKeyId: accountId, secretAccessKey: 'local' },
  });

/** An endpoint of this account's asks to connect, and the stack has dealt with it. */
async function ask(accountId: string): Promise<string> {
  const { VpcEndpoint } = await ec2As(accountId).send(
    new CreateVpcEndpointCommand({
      VpcId: stack.ec2.network.vpcId,
      VpcEndpointType: 'Interface',
      ServiceName: stack.info.endpointService.serviceName,
    }),
  );
  const endpoint = VpcEndpoint!.VpcEndpointId!;
  // Its first execution: the request was seen and decided about.
  await vi.waitFor(
    () =>
      expect(
        stack.stepFunctions.executions().filter(({ input }) => JSON.stringify(input).includes(endpoint)),
      ).not.toEqual([]),
    { timeout: 60_000 },
  );
  await stack.idle();
  return endpoint;
}

async function shown(endpoint: string): Promise<StatusItems['endpointConnections'] | undefined> {
  const { endpointConnections } = await operator.status();
  return endpointConnections.find(({ endpointId }) => endpointId === endpoint);
}

describe('a person decides about a held request', () => {
  it('accepts it: connected, with the name on it, and told by the exit code', async () => {
    const endpoint = await ask(fivetran);
    expect(await shown(endpoint)).toMatchObject({ ownerAccount: fivetran, state: 'pendingAcceptance' });
    expect((await operator.status()).incidents).toMatchObject([
      { subject: { type: 'endpoint', id: endpoint }, problems: [{ kind: 'endpoint-held' }] },
    ]);

    const wrong = await operator.run('accept', service, endpoint, '--owner', stranger, ...signed);
    expect(wrong.output).toContain(`belongs to account ${fivetran}, not to ${stranger}`);
    expect(wrong.code).toBe(1);
    expect(await shown(endpoint)).toMatchObject({ state: 'pendingAcceptance' });

    const { code, output, progress } = await operator.run(
      ...['accept', service, endpoint, '--owner', fivetran, ...signed],
    );
    expect(progress).toMatch(/^started arn:\S+\n {2}→ ValidateEndpoint\n/);
    expect(output).toContain(endpoint);
    expect(code).toBe(0);
    expect(await shown(endpoint)).toMatchObject({
      state: 'available',
      claim: { kind: 'approval', approvedBy: 'ann', reason: 'ticket 7' },
    });
    expect((await operator.run('status')).output).toMatch(/available +decision of ann/);
    // The incident of the wrong attempt is the execution's own; the held request is over.
    const open = (await operator.status()).incidents.map(({ subject }) => subject.id);
    expect(open).not.toContain(endpoint);
  });

  it('rejects an accepted one, as JSON; a rejected one cannot be accepted any more', async () => {
    const [{ endpointId: endpoint } = { endpointId: '' }] = (await operator.status()).endpointConnections;
    const order = [service, endpoint, '--owner', fivetran, ...signed];
    const { code, output } = await operator.run('reject', ...order, '--json');
    expect(JSON.parse(output)).toMatchObject({
      status: 'SUCCEEDED',
      output: { acceptance: { outcome: 'rejected' } },
    });
    expect(code).toBe(0);
    expect(await shown(endpoint)).toMatchObject({ state: 'rejected', claim: null });

    const late = await operator.run('accept', ...order);
    expect(late.output).toContain(`Not done. The request of ${endpoint} has ended: it is rejected.`);
    expect(late.code).toBe(1);
  });

  it("rejects a stranger's, whom a mistake had let ask", async () => {
    await ec2As(stack.info.accountId).send(
      new ModifyVpcEndpointServicePermissionsCommand({
        ServiceId: service,
        AddAllowedPrincipals: [`arn:aws:iam::${stranger}:root`],
      }),
    );
    const endpoint = await ask(stranger);
    expect(await shown(endpoint)).toMatchObject({ ownerAccount: stranger, state: 'pendingAcceptance' });
    const { code, output } = await operator.run('reject', service, endpoint, '--owner', stranger, ...signed);
    expect({ code, output }).toEqual({ code: 0, output: `${endpoint} was rejected by ann: ticket 7.\n` });
    expect(await shown(endpoint)).toMatchObject({ state: 'rejected' });
  });

  it('adopts one that was accepted in the console', async () => {
    const endpoint = await ask(fivetran);
    await ec2As(stack.info.accountId).send(
      new AcceptVpcEndpointConnectionsCommand({ ServiceId: service, VpcEndpointIds: [endpoint] }),
    );
    await vi.waitFor(async () => expect(await shown(endpoint)).toMatchObject({ state: 'available' }), {
      timeout: 60_000,
    });
    expect(await shown(endpoint)).toMatchObject({ claim: null, provenAt: null });
    const { code, output } = await operator.run('adopt', service, endpoint, '--owner', fivetran, ...signed);
    expect(output).toContain(endpoint);
    expect(code).toBe(0);
    const adopted = await shown(endpoint);
    expect(adopted).toMatchObject({ claim: { approvedBy: 'ann' } });
    expect(adopted?.provenAt).not.toBeNull();
  });
});

describe('a person says what will come', () => {
  it('expects an endpoint: the one that comes is accepted without being asked about', async () => {
    const { code, output } = await operator.run('expect', service, '--days', '2', ...signed, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      output: { decision: { summary: `An endpoint may be expected at ${service}.` } },
    });
    const [, expectation = ''] = /\(expectation (\S+)\)/.exec(output) ?? [];
    expect((await operator.status()).expectations).toMatchObject([
      { expectationId: expectation, recordedBy: 'ann', usedBy: null },
    ]);

    const endpoint = await ask(fivetran);
    expect(await shown(endpoint)).toMatchObject({
      state: 'available',
      claim: { kind: 'expectation', recordedBy: 'ann' },
    });
    expect((await operator.status()).expectations).toMatchObject([
      { expectationId: expectation, usedBy: endpoint },
    ]);
    await operator.run('reject', service, endpoint, '--owner', fivetran, ...signed);
    expect((await operator.status()).expectations).toEqual([]);
  });

  it('withdraws what was expected: whatever comes then is held', async () => {
    await operator.run('expect', service, ...signed);
    const [{ expectationId: expectation } = { expectationId: '' }] = (await operator.status()).expectations;
    const { code, output } = await operator.run('withdraw', service, expectation, ...signed);
    expect(output).toContain(`ann withdrew the expectation ${expectation}`);
    expect(code).toBe(0);
    expect((await operator.status()).expectations).toEqual([]);
    expect(await shown(await ask(fivetran))).toMatchObject({ state: 'pendingAcceptance' });
    const unknown = await operator.run('withdraw', service, 'no-such-expectation', ...signed);
    expect(unknown.code).toBe(1);
  });
});

it('Ctrl-C leaves the execution running and says which', async () => {
  const { code, progress } = await operator.interrupt(
    '→ ValidateEndpoint',
    ...['accept', service, 'vpce-0123456789abcdef0', '--owner', fivetran, ...signed],
  );
  expect(code).toBe(130);
  const [, executionArn = ''] = /The execution goes on without you: (\S+)/.exec(progress) ?? [];
  // It waits for an endpoint that EC2 may not show yet, longer than this test.
  const execution = stack.stepFunctions.executions().find(({ arn }) => arn === executionArn);
  expect(execution?.status).toBe('RUNNING');
});
