import {
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  DescribeVpcEndpointConnectionsCommand,
  EC2Client,
  ModifyVpcEndpointServicePermissionsCommand,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type LocalStack } from '../../local/stack.ts';
import { localAwsClient } from '../support/aws-client.ts';
import { until } from '../support/aws-world.ts';
import { thrownMessage } from '../../shared/rules/thrown-message.ts';

const fivetran = '834469178297';
const stranger = '999988887777';

let stack: LocalStack;
let ec2: (account?: string) => EC2Client;
let states: SFNClient;
/** The endpoint that the first test accepted. */
let firstEndpoint: string;

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
  const { awsEndpoint, accountId } = stack.info;
  ec2 = (account = accountId) => new EC2Client(localAwsClient(awsEndpoint, account));
  states = new SFNClient(localAwsClient(awsEndpoint, accountId));
});
afterAll(() => stack.stop());

const serviceIdOf = (): string => stack.info.endpointService.serviceId;
const machineOf = (): string => stack.info.stateMachines['accept-endpoint'] ?? '';

async function ask(account: string): Promise<string> {
  const { VpcEndpoint } = await ec2(account).send(
    new CreateVpcEndpointCommand({
      VpcId: 'vpc-0123456789abcdef0',
      VpcEndpointType: 'Interface',
      ServiceName: stack.info.endpointService.serviceName,
    }),
  );
  return VpcEndpoint?.VpcEndpointId ?? '';
}

async function connectionOf(endpointId: string) {
  const { VpcEndpointConnections } = await ec2().send(
    new DescribeVpcEndpointConnectionsCommand({
      Filters: [{ Name: 'vpc-endpoint-id', Values: [endpointId] }],
    }),
  );
  return VpcEndpointConnections?.[0];
}

/** What Slack has in which the words occur, in their order; a message's own text and what is inside it. */
const told = (...words: string[]) =>
  stack.slack.messages().filter((message) => {
    const text = JSON.stringify(message);
    return words.every((word) => text.includes(word));
  });

async function order(input: Record<string, unknown>): Promise<{ status: string; cause: string }> {
  const { executionArn } = await states.send(
    new StartExecutionCommand({ stateMachineArn: machineOf(), input: JSON.stringify(input) }),
  );
  let ended = { status: 'RUNNING', cause: '' };
  await until(async () => {
    const { status, cause } = await states.send(new DescribeExecutionCommand({ executionArn }));
    ended = { status: status ?? '', cause: thrownMessage(cause ?? '') };
    return ended.status !== 'RUNNING';
  });
  return ended;
}

async function createLink(name: string): Promise<string> {
  const { fivetranUrl, fivetranApiKey, fivetranApiSecret, endpointService } = stack.info;
  const answer = await fetch(`${fivetranUrl}/v1/private-links`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${fivetranApiKey}:${fivetranApiSecret}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      name,
      region: 'AWS_US_EAST_1',
      service: 'SOURCE_AWS',
      config: { connection_service_name: endpointService.serviceName },
    }),
  });
  const { data } = (await answer.json()) as { data: { id: string } };
  return data.id;
}

const put = (detail: Record<string, unknown>) =>
  new EventBridgeClient(localAwsClient(stack.info.awsEndpoint, stack.info.accountId)).send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: stack.info.eventBusName,
          Source: 'fivetran.privatelink',
          DetailType: 'Endpoint Connection Requested',
          Detail: JSON.stringify(detail),
        },
      ],
    }),
  );

async function inputsOfExecutions(): Promise<unknown[]> {
  const { executions = [] } = await states.send(new ListExecutionsCommand({ stateMachineArn: machineOf() }));
  return Promise.all(
    executions.map(async ({ executionArn }) => {
      const { input } = await states.send(new DescribeExecutionCommand({ executionArn }));
      return JSON.parse(input ?? 'null') as unknown;
    }),
  );
}

test("Fivetran's endpoint for a private link of ours is accepted, tagged, and told of", async () => {
  const privateLinkId = await createLink('pl_rental');
  await until(() => told('was accepted', privateLinkId).length === 1);

  const [message] = told('was accepted', privateLinkId);
  const endpointId = /vpce-[0-9a-f]{17}/.exec(message?.text ?? '')?.[0] ?? '';
  firstEndpoint = endpointId;
  const connection = await connectionOf(endpointId);
  expect(connection).toMatchObject({ VpcEndpointOwner: fivetran, VpcEndpointState: 'available' });
  const tags = new Map((connection?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  expect(tags.get('fivetran-privatelink-accepted-at')).toMatch(/^20\d\d-/);
  expect(tags.get('fivetran-privatelink-accepted-by')).toContain(':execution:');
  expect(tags.get('fivetran-privatelink-accepted-why')).toBe(
    `private link ${privateLinkId} of our Fivetran account asked for it`,
  );
});

test('an event without detail fails one execution, with the fields named, and is told of once', async () => {
  const before = told('execution of accept-endpoint failed').length;
  await put({});
  await until(() => told('execution of accept-endpoint failed').length > before);
  await stack.idle();
  expect(told('execution of accept-endpoint failed')).toHaveLength(before + 1);
  expect(told('serviceId: expected string', 'endpointId: expected string')).toHaveLength(1);
});

test("a stranger whom an operator's mistake allowed stays pending, and an alert says why", async () => {
  await ec2().send(
    new ModifyVpcEndpointServicePermissionsCommand({
      ServiceId: serviceIdOf(),
      AddAllowedPrincipals: [`arn:aws:iam::${stranger}:root`],
    }),
  );
  const endpointId = await ask(stranger);
  await until(() => told(endpointId, `belongs to AWS account ${stranger}`).length === 1);
  await expect(connectionOf(endpointId)).resolves.toMatchObject({ VpcEndpointState: 'pendingAcceptance' });
});

test("a request of Fivetran's account without a claim is held, no event accepts it, a person does, and its deletion is told of", async () => {
  const endpointId = await ask(fivetran);
  await until(() => told(endpointId, 'No claim of ours').length === 1);
  const decision = {
    serviceId: serviceIdOf(),
    endpointId,
    action: 'accept',
    ownerAccount: fivetran,
    approvedBy: 'Ada',
    reason: 'ticket 7',
  };

  // Only serviceId and endpointId pass from the bus to the machine, so this is an ordinary look.
  await put({ version: 1, observedBy: 'notification', ...decision });
  await until(async () => (await inputsOfExecutions()).length >= 5);
  await stack.idle();
  for (const input of await inputsOfExecutions()) expect(input).not.toHaveProperty('action');
  await expect(connectionOf(endpointId)).resolves.toMatchObject({ VpcEndpointState: 'pendingAcceptance' });

  await expect(order({ ...decision, ownerAccount: stranger })).resolves.toMatchObject({
    status: 'FAILED',
    cause: expect.stringMatching(/^ownerAccount: /) as string,
  });
  await expect(order(decision)).resolves.toMatchObject({ status: 'SUCCEEDED' });
  await expect(connectionOf(endpointId)).resolves.toMatchObject({ VpcEndpointState: 'available' });

  await ec2(fivetran).send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpointId] }));
  await until(() => told(endpointId, 'no longer connected').length === 1);
});

test('an expectation that an operator records lets one endpoint in, once no other is unproven', async () => {
  await expect(
    order({
      serviceId: serviceIdOf(),
      endpointId: firstEndpoint,
      action: 'adopt',
      ownerAccount: fivetran,
      approvedBy: 'Ada',
      reason: 'asked Fivetran',
    }),
  ).resolves.toMatchObject({ status: 'SUCCEEDED' });
  await expect(
    order({ serviceId: serviceIdOf(), action: 'expect', approvedBy: 'Ada', reason: 'ticket 8', days: 1 }),
  ).resolves.toMatchObject({ status: 'SUCCEEDED' });
  const endpointId = await ask(fivetran);
  await until(() => told(endpointId, 'Ada expected it').length >= 1);
  await expect(connectionOf(endpointId)).resolves.toMatchObject({ VpcEndpointState: 'available' });
});

test('reconciliation takes back the loss whose place is taken, and then finds nothing to tell', async () => {
  const reconcile = async (): Promise<string[]> => {
    const before = stack.slack.messages().length;
    const { Payload } = await new LambdaClient(
      localAwsClient(stack.info.awsEndpoint, stack.info.accountId),
    ).send(new InvokeCommand({ FunctionName: stack.info.functions['reconcile-endpoints'] ?? '' }));
    expect(JSON.parse(Payload?.transformToString() ?? '')).toMatchObject({ services: 1 });
    await stack.idle();
    return stack.slack
      .messages()
      .slice(before)
      .map(({ text }) => text);
  };
  for (const text of await reconcile()) expect(text).toContain('Resolved');
  await expect(reconcile()).resolves.toEqual([]);
});
