import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startCloud } from '../../local/cloud.ts';
import { createObserver } from '../../local/observer.ts';
import { parseTemplate } from '../../local/template/template.ts';

/** The stack's own account. */
export const accountId = '111122223333';
/** Where everything is. */
export const region = 'us-east-1';

/** The AWS side of the local stack, with one thing of each kind. */
export interface Services {
  url: string;
  /** `Ref` of each thing. */
  refs: Record<string, string>;
  subnetIds: string[];
  /** Operations by the service's scope in a signature. */
  operations: Record<string, string[]>;
  stop: () => Promise<void>;
}

const echoBundle = `export const handler = async (event) => {
  if (event?.fail) { const error = new Error('asked to fail'); error.name = 'AskedError'; throw error; }
  return { echo: event };
};`;

const targetGroup = (name: string, vpcId: string) => ({
  Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
  Properties: { Name: name, TargetType: 'ip', Protocol: 'TCP', Port: 5432, VpcId: vpcId },
});

const template = (vpcId: string, subnetIds: string[]) =>
  parseTemplate({
    Resources: {
      securityGroup: {
        Type: 'AWS::EC2::SecurityGroup',
        Properties: { GroupDescription: 'load balancer', VpcId: vpcId },
      },
      loadBalancer: {
        Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
        Properties: {
          Type: 'network',
          Name: 'source',
          Subnets: subnetIds,
          SecurityGroups: [{ Ref: 'securityGroup' }],
        },
      },
      targetGroup1: targetGroup('targets-1', vpcId),
      targetGroup2: targetGroup('targets-2', vpcId),
      listener: {
        Type: 'AWS::ElasticLoadBalancingV2::Listener',
        Properties: {
          LoadBalancerArn: { Ref: 'loadBalancer' },
          Protocol: 'TCP',
          Port: 5432,
          DefaultActions: [{ Type: 'forward', TargetGroupArn: { Ref: 'targetGroup1' } }],
        },
      },
      table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'ledger',
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        },
      },
      queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'undelivered' } },
      topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'notifications' } },
      bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'own' } },
      rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: 'to-queue',
          EventBusName: { Ref: 'bus' },
          EventPattern: { source: ['test'] },
          Targets: [{ Id: 'queue', Arn: { 'Fn::GetAtt': ['queue', 'Arn'] } }],
        },
      },
      schedule: {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          Name: 'hourly',
          ScheduleExpression: 'rate(1 hour)',
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            Arn: { 'Fn::GetAtt': ['echo', 'Arn'] },
            RoleArn: `arn:aws:iam::${accountId}:role/scheduler`,
            Input: '{"tick":true}',
          },
        },
      },
      echo: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'echo',
          Description: 'answers with what it is sent',
          Handler: '.build/echo/index.handler',
          Runtime: 'nodejs24.x',
          Role: `arn:aws:iam::${accountId}:role/echo`,
          Timeout: 5,
        },
      },
      machine: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: {
          StateMachineName: 'echo',
          RoleArn: `arn:aws:iam::${accountId}:role/machine`,
          DefinitionString: {
            'Fn::Sub': JSON.stringify({
              StartAt: 'Echo',
              States: { Echo: { Type: 'Task', Resource: '${echo.Arn}', End: true } },
            }),
          },
        },
      },
    },
  });

/** Starts it as the local stack does, on free ports. */
export async function startServices(): Promise<Services> {
  const root = await mkdtemp(path.join(tmpdir(), 'conformance-'));
  await mkdir(path.join(root, '.build/echo'), { recursive: true });
  await writeFile(path.join(root, '.build/echo/index.mjs'), echoBundle);
  const cloud = await startCloud({
    root,
    accountId,
    region,
    stackName: 'conformance',
    observer: createObserver(),
    scale: 0.001,
  });
  const { vpcId, subnets } = cloud.ec2.network;
  const subnetIds = subnets.map(({ id }) => id);
  const provisioned = await cloud.provision(template(vpcId, subnetIds), {});
  return {
    url: cloud.awsEndpoint.url,
    refs: Object.fromEntries([...provisioned.resources].map(([name, { ref }]) => [name, ref])),
    subnetIds,
    operations: Object.fromEntries(
      cloud.awsEndpoint.services.map(({ scope, operations }) => [scope, Object.keys(operations)]),
    ),
    stop: async () => {
      await cloud.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
