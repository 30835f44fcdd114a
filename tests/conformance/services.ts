import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDynamodb } from '../../local/aws/dynamodb/dynamodb.ts';
import { startAwsEndpoint } from '../../local/aws/endpoint.ts';
import { createPrivateLink } from '../../local/aws/private-link.ts';
import { createSecretsManager } from '../../local/aws/secrets-manager/secrets-manager.ts';
import { createSts } from '../../local/aws/sts.ts';
import { createCourier } from '../../local/events/delivery.ts';
import { createEventBridge } from '../../local/events/event-bridge.ts';
import { eventResources } from '../../local/events/resources.ts';
import { createScheduler } from '../../local/events/scheduler.ts';
import { eventBridgeService } from '../../local/events/service.ts';
import { createLambdaHost } from '../../local/lambda/lambda-host.ts';
import { lambdaService } from '../../local/lambda/service.ts';
import { createObserver } from '../../local/observer.ts';
import { createSns } from '../../local/sns/sns.ts';
import { createSqs } from '../../local/sqs/sqs.ts';
import { stepFunctionsResources, stepFunctionsService } from '../../local/step-functions/service.ts';
import { createStepFunctions } from '../../local/step-functions/step-functions.ts';
import type { ResourceHandlers } from '../../local/template/resource-handler.ts';

export const accountId = '111122223333';
export const region = 'us-east-1';

/** Every service of the AWS endpoint with one thing of each kind, and without the rest of the local stack. */
export interface Services {
  url: string;
  /** `Ref` of each thing. */
  refs: Record<string, string>;
  subnetIds: string[];
  stop: () => Promise<void>;
}

const echoBundle = `export const handler = async (event) => {
  if (event?.fail) { const error = new Error('asked to fail'); error.name = 'AskedError'; throw error; }
  return { echo: event };
};`;

export async function startServices(): Promise<Services> {
  const root = await mkdtemp(path.join(tmpdir(), 'conformance-'));
  await writeFile(path.join(root, 'index.mjs'), echoBundle);
  const account = { accountId, region };
  const observer = createObserver();
  const sqs = createSqs({ ...account, endpoint: () => endpoint.url });
  const sendToQueue = (arn: string, body: string): void => void sqs.send(arn, body);
  const lambda = createLambdaHost({ ...account, root, observer, variables: () => ({}), sendToQueue });
  const deliver = (targetArn: string, payload: Parameters<typeof lambda.invokeAsync>[1]): void => {
    if (sqs.has(targetArn)) sendToQueue(targetArn, JSON.stringify(payload));
    else lambda.invokeAsync(targetArn, payload);
  };
  const courier = createCourier({ deliver, sendToQueue, observer });
  const eventBridge = createEventBridge({ ...account, observer, courier });
  const stepFunctions = createStepFunctions({
    ...account,
    observer,
    invoke: (arn, event) => lambda.invoke(arn, event),
    publish: () => undefined,
  });
  const sns = createSns({ ...account, deliver: ({ endpoint: to }, payload) => deliver(to, payload) });
  const { ec2, elbv2 } = createPrivateLink({
    ...account,
    scale: 0.001,
    publish: (topicArn, message) => void sns.publish(topicArn, message),
  });
  const dynamodb = await createDynamodb(account);
  const secrets = createSecretsManager(account);
  const endpoint = await startAwsEndpoint({
    ...account,
    services: [
      ec2.service,
      elbv2.service,
      dynamodb.service,
      secrets.service,
      createSts().service,
      sqs.service,
      sns.service,
      eventBridgeService(eventBridge),
      stepFunctionsService(stepFunctions),
      lambdaService(lambda, account),
    ],
  });

  const handlers: ResourceHandlers = {
    ...ec2.resources,
    ...elbv2.resources,
    ...dynamodb.resources,
    ...secrets.resources,
    ...sqs.resources,
    ...sns.resources,
    ...stepFunctionsResources(stepFunctions, (name) => name),
    ...eventResources({ ...account, eventBridge, scheduler: createScheduler(), courier }),
  };
  const refs: Record<string, string> = {};
  const provision = async (name: string, type: string, properties: Record<string, unknown>) => {
    refs[name] = (await handlers[type]!(name, properties)).ref;
    return refs[name];
  };
  const functionArn = `arn:aws:lambda:${region}:${accountId}:function:echo`;
  lambda.register({
    name: 'echo',
    arn: functionArn,
    folder: 'echo',
    handler: 'index.handler',
    description: 'answers with what it is sent',
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    roleArn: `arn:aws:iam::${accountId}:role/echo`,
    memoryMb: 256,
    timeoutSeconds: 5,
    environment: { PURPOSE: 'conformance' },
    reservedConcurrency: undefined,
  });
  const subnetIds = ec2.network.subnets.map(({ id }) => id);
  const loadBalancer = await provision('loadBalancer', 'AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Type: 'network',
    Name: 'source',
    Subnets: subnetIds,
    SecurityGroups: [
      await provision('securityGroup', 'AWS::EC2::SecurityGroup', { GroupDescription: 'load balancer' }),
    ],
  });
  for (const index of [1, 2]) {
    await provision(`targetGroup${index}`, 'AWS::ElasticLoadBalancingV2::TargetGroup', {
      Name: `targets-${index}`,
      TargetType: 'ip',
      Protocol: 'TCP',
      Port: 5432,
      VpcId: ec2.network.vpcId,
    });
  }
  await provision('listener', 'AWS::ElasticLoadBalancingV2::Listener', {
    LoadBalancerArn: loadBalancer,
    Protocol: 'TCP',
    Port: 5432,
    DefaultActions: [{ Type: 'forward', TargetGroupArn: refs.targetGroup1 }],
  });
  await provision('table', 'AWS::DynamoDB::Table', {
    TableName: 'ledger',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  });
  await provision('queue', 'AWS::SQS::Queue', { QueueName: 'undelivered' });
  await provision('topic', 'AWS::SNS::Topic', { TopicName: 'notifications' });
  await provision('bus', 'AWS::Events::EventBus', { Name: 'own' });
  await provision('rule', 'AWS::Events::Rule', {
    Name: 'to-queue',
    EventBusName: 'own',
    EventPattern: { source: ['test'] },
    Targets: [{ Id: 'queue', Arn: `arn:aws:sqs:${region}:${accountId}:undelivered` }],
  });
  await provision('machine', 'AWS::StepFunctions::StateMachine', {
    StateMachineName: 'echo',
    RoleArn: `arn:aws:iam::${accountId}:role/machine`,
    DefinitionString: JSON.stringify({
      StartAt: 'Echo',
      States: { Echo: { Type: 'Task', Resource: functionArn, End: true } },
    }),
  });

  return {
    url: endpoint.url,
    refs,
    subnetIds,
    stop: async () => {
      await stepFunctions.stopAll();
      await courier.stop();
      await lambda.stop();
      ec2.stop();
      elbv2.stop();
      await endpoint.stop();
      await dynamodb.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
