import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCloud, type Cloud } from './cloud.ts';
import type { JsonObject } from './json.ts';
import { createObserver } from './observer.ts';
import { parseTemplate } from './template/template.ts';

const bundle = `
export const handler = async (event) => {
  if (event?.fail) throw Object.assign(new Error('as asked'), { name: 'AskedError' });
  if (event?.requestContext?.http) {
    return { statusCode: 202, headers: { 'x-seen': event.routeKey }, body: JSON.stringify({ body: event.body, path: event.rawPath }) };
  }
  return { seen: event };
};`;

const machine = {
  StartAt: 'Work',
  States: {
    Work: { Type: 'Task', Resource: '${Work.Arn}', TimeoutSeconds: 10, Next: 'Pause' },
    Pause: { Type: 'Wait', SecondsPath: '$.seen.seconds', End: true },
  },
};

const trust = {
  Statement: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

const template: JsonObject = {
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust,
        Policies: [
          {
            PolicyName: 'all',
            PolicyDocument: {
              Statement: [
                {
                  Effect: 'Allow',
                  Action: ['lambda:InvokeFunction', 'states:StartExecution'],
                  Resource: '*',
                },
              ],
            },
          },
        ],
      },
    },
    PowerlessRole: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust } },
    Queues: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, { 'Fn::GetAtt': ['DeadLetters', 'Arn'] }],
              Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:us-east-1:111122223333:rule/*' } },
            },
          ],
        },
      },
    },
    TopicPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { 'Fn::GetAtt': ['Work', 'Arn'] },
        Action: 'lambda:InvokeFunction',
        Principal: 'sns.amazonaws.com',
        SourceArn: { Ref: 'Topic' },
      },
    },
    ApiPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'Work' },
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: { 'Fn::Sub': 'arn:aws:execute-api:us-east-1:111122223333:${Api}/*' },
      },
    },
    PowerlessMachine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: 'service-dev-powerless',
        DefinitionString: { 'Fn::Sub': JSON.stringify(machine) },
        RoleArn: { 'Fn::GetAtt': ['PowerlessRole', 'Arn'] },
      },
    },
    Unpermitted: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'unpermitted',
        EventBusName: { Ref: 'Bus' },
        EventPattern: { detail: { to: ['a function that never allowed it'] } },
        Targets: [
          {
            Id: 'function',
            Arn: { 'Fn::GetAtt': ['Work', 'Arn'] },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
          },
        ],
      },
    },
    Work: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'service-dev-work',
        Handler: '.build/sample/index.handler',
        Runtime: 'nodejs24.x',
        Timeout: 10,
        MemorySize: 128,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Environment: { Variables: { BUS: { Ref: 'Bus' } } },
      },
    },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: 'service-dev-wait',
        DefinitionString: { 'Fn::Sub': JSON.stringify(machine) },
        RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
    },
    Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'service-dev' } },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'service-dev-queue' } },
    DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'service-dev-dead' } },
    Failures: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'service-dev-failures' } },
    AsyncConfig: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Work' },
        MaximumRetryAttempts: 0,
        Qualifier: '$LATEST',
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failures', 'Arn'] } } },
      },
    },
    ToMachine: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'to-machine',
        EventBusName: { Ref: 'Bus' },
        EventPattern: { source: ['test'], 'detail-type': ['Start'] },
        Targets: [
          {
            Id: 'machine',
            Arn: { Ref: 'Machine' },
            RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
            InputTransformer: { InputPathsMap: { s: '$.detail.seconds' }, InputTemplate: '{"seconds":<s>}' },
          },
        ],
      },
    },
    ToQueue: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'to-queue',
        EventBusName: { Ref: 'Bus' },
        EventPattern: { detail: { to: [{ prefix: 'queue' }] } },
        Targets: [{ Id: 'queue', Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] }, InputPath: '$.detail' }],
      },
    },
    Nowhere: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'to-nowhere',
        EventBusName: { Ref: 'Bus' },
        EventPattern: { detail: { to: ['nowhere'] } },
        Targets: [
          {
            Id: 'nowhere',
            Arn: 'arn:aws:lambda:us-east-1:111122223333:function:absent',
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
          },
        ],
      },
    },
    Statuses: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'statuses',
        EventPattern: { source: ['aws.states'], detail: { status: ['ABORTED', 'FAILED', 'TIMED_OUT'] } },
        Targets: [{ Id: 'queue', Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] } }],
      },
    },
    Topic: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        TopicName: 'service-dev-topic',
        Subscription: [{ Protocol: 'lambda', Endpoint: { 'Fn::GetAtt': ['Work', 'Arn'] } }],
      },
    },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
    Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, StageName: '$default' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: { ApiId: { Ref: 'Api' }, IntegrationUri: { 'Fn::GetAtt': ['Work', 'Arn'] } },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        RouteKey: 'POST /hook',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
      },
    },
  },
};

let root: string;
let cloud: Cloud;
const observer = createObserver();
const machineArn = 'arn:aws:states:us-east-1:111122223333:stateMachine:service-dev-wait';

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'cloud-'));
  mkdirSync(path.join(root, '.build/sample'), { recursive: true });
  writeFileSync(path.join(root, '.build/sample/index.mjs'), bundle);
  cloud = await startCloud({
    root,
    accountId: '111122223333',
    region: 'us-east-1',
    stackName: 'service-dev',
    observer,
    scale: 0.01,
  });
  await cloud.provision(parseTemplate(template), {});
});

afterAll(async () => {
  await cloud.stop();
  rmSync(root, { recursive: true });
});

const settings = () => ({
  region: 'us-east-1',
  endpoint: cloud.awsEndpoint.url,
  credentials: { accessKeyId: '111122223333', secretAccessKey: 'local' },
});
const sfn = () => new SFNClient(settings());
const events = () => new EventBridgeClient(settings());
const sqs = () => new SQSClient(settings());
const lambda = () => new LambdaClient(settings());
const named = (name: string) => expect.objectContaining({ name }) as Error;
const queueUrl = async (name: string) =>
  (await sqs().send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl!;

async function takeAll(name: string): Promise<unknown[]> {
  const QueueUrl = await queueUrl(name);
  const { Messages = [] } = await sqs().send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
  );
  for (const { ReceiptHandle } of Messages) {
    await sqs().send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
  return Messages.map(({ Body }) => JSON.parse(Body!) as unknown);
}

describe('Step Functions', () => {
  test('starts, describes and lists an execution of a packaged machine', async () => {
    const input = JSON.stringify({ seconds: 0 });
    const { executionArn, startDate } = await sfn().send(
      new StartExecutionCommand({ stateMachineArn: machineArn, name: 'one', input }),
    );
    expect(startDate).toBeInstanceOf(Date);
    await cloud.stepFunctions.ended(executionArn!);
    expect(await sfn().send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'SUCCEEDED',
      name: 'one',
      input,
      output: JSON.stringify({ seen: { seconds: 0 } }),
      inputDetails: { included: true },
    });
    const { executions } = await sfn().send(
      new ListExecutionsCommand({ stateMachineArn: machineArn, statusFilter: 'SUCCEEDED' }),
    );
    expect(executions!.map(({ name }) => name)).toContain('one');
  });

  test('takes the same start twice while it runs, and refuses it otherwise', async () => {
    const start = (input: object) =>
      sfn().send(
        new StartExecutionCommand({
          stateMachineArn: machineArn,
          name: 'twice',
          input: JSON.stringify(input),
        }),
      );
    const first = await start({ seconds: 3600 });
    expect((await start({ seconds: 3600 })).executionArn).toBe(first.executionArn);
    await expect(start({ seconds: 1 })).rejects.toThrow(named('ExecutionAlreadyExists'));
    await sfn().send(
      new StopExecutionCommand({ executionArn: first.executionArn, error: 'Enough', cause: 'by hand' }),
    );
    await cloud.stepFunctions.ended(first.executionArn!);
    await expect(start({ seconds: 3600 })).rejects.toThrow(named('ExecutionAlreadyExists'));
    expect(
      await sfn().send(new DescribeExecutionCommand({ executionArn: first.executionArn })),
    ).toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
      cause: 'by hand',
    });
  });

  test('pages the history, forwards and in reverse, with and without data', async () => {
    const { executionArn } = await sfn().send(
      new StartExecutionCommand({ stateMachineArn: machineArn, name: 'paged', input: '{"seconds":0}' }),
    );
    await cloud.stepFunctions.ended(executionArn!);
    const read = async (options: object) => {
      const ids: number[] = [];
      let nextToken: string | undefined;
      do {
        const page = await sfn().send(
          new GetExecutionHistoryCommand({ executionArn, maxResults: 3, nextToken, ...options }),
        );
        expect(page.events!.length).toBeLessThanOrEqual(3);
        ids.push(...page.events!.map(({ id }) => id!));
        ({ nextToken } = page);
      } while (nextToken !== undefined);
      return ids;
    };
    expect(await read({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await read({ reverseOrder: true })).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    const { events: withData } = await sfn().send(new GetExecutionHistoryCommand({ executionArn }));
    expect(withData![1]!.stateEnteredEventDetails).toMatchObject({ name: 'Work', input: '{"seconds":0}' });
    expect(withData![1]!.timestamp).toBeInstanceOf(Date);
    const { events: without } = await sfn().send(
      new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false }),
    );
    expect(without![1]!.stateEnteredEventDetails).toEqual({ name: 'Work' });
  });

  test('refuses what AWS refuses, by the same names', async () => {
    const start = (input: object) => sfn().send(new StartExecutionCommand(input as never));
    await expect(start({ stateMachineArn: machineArn, input: 'no json' })).rejects.toThrow(
      named('InvalidExecutionInput'),
    );
    await expect(start({ stateMachineArn: machineArn, name: 'a b' })).rejects.toThrow(named('InvalidName'));
    await expect(start({ stateMachineArn: `${machineArn}x` })).rejects.toThrow(
      named('StateMachineDoesNotExist'),
    );
    await expect(start({ stateMachineArn: 'nonsense' })).rejects.toThrow(named('InvalidArn'));
    const executionArn = 'arn:aws:states:us-east-1:111122223333:execution:m:absent';
    await expect(sfn().send(new DescribeExecutionCommand({ executionArn }))).rejects.toThrow(
      named('ExecutionDoesNotExist'),
    );
    await expect(
      sfn().send(new ListExecutionsCommand({ stateMachineArn: machineArn, nextToken: 'made up' })),
    ).rejects.toThrow(named('InvalidToken'));
    await expect(
      sfn().send(new ListExecutionsCommand({ stateMachineArn: machineArn, maxResults: 2000 })),
    ).rejects.toThrow(named('ValidationException'));
  });

  test('shows the machines and their definitions', async () => {
    const { stateMachines } = await sfn().send(new ListStateMachinesCommand({}));
    expect(stateMachines).toContainEqual(
      expect.objectContaining({ name: 'service-dev-wait', type: 'STANDARD', stateMachineArn: machineArn }),
    );
    const { definition, status } = await sfn().send(
      new DescribeStateMachineCommand({ stateMachineArn: machineArn }),
    );
    expect(status).toBe('ACTIVE');
    expect(JSON.parse(definition!)).toMatchObject({
      States: { Work: { Resource: 'arn:aws:lambda:us-east-1:111122223333:function:service-dev-work' } },
    });
  });

  test('fails a task that the role of the machine does not permit', async () => {
    const { executionArn } = await sfn().send(
      new StartExecutionCommand({ stateMachineArn: machineArn.replace('wait', 'powerless'), input: '{}' }),
    );
    const { error, cause } = await cloud.stepFunctions.ended(executionArn!);
    expect(error).toBe('States.Permissions');
    expect(cause).toContain('not authorized to perform: lambda:InvokeFunction');
  });

  test('tells the default bus about an execution that did not succeed', async () => {
    const { executionArn } = await sfn().send(
      new StartExecutionCommand({ stateMachineArn: machineArn, name: 'fails', input: '{"fail":true}' }),
    );
    await cloud.idle();
    const found = await takeAll('service-dev-queue');
    expect(found).toContainEqual(
      expect.objectContaining({
        source: 'aws.states',
        'detail-type': 'Step Functions Execution Status Change',
        resources: [executionArn],
        detail: expect.objectContaining({
          executionArn,
          status: 'FAILED',
          error: 'AskedError',
          output: null,
        }) as object,
      }),
    );
  });
});

describe('EventBridge', () => {
  const put = (...entries: object[]) =>
    events().send(
      new PutEventsCommand({
        Entries: entries.map((entry) => ({
          EventBusName: 'service-dev',
          Source: 'test',
          DetailType: 'Test',
          Detail: '{}',
          ...entry,
        })),
      }),
    );

  test('starts a machine with what the transformer names', async () => {
    await put({ DetailType: 'Start', Detail: '{"seconds":0,"action":"accept"}' });
    await expect
      .poll(() => cloud.stepFunctions.executions().map(({ input }) => input))
      .toContain('{"seconds":0}');
  });

  test('sends to a queue what the path leads to', async () => {
    await takeAll('service-dev-queue');
    await put({ Detail: '{"to":"queue-1","n":1}' });
    await cloud.idle();
    expect(await takeAll('service-dev-queue')).toEqual([{ to: 'queue-1', n: 1 }]);
  });

  test('hands over to the dead-letter queue what has no target', async () => {
    await put({ Detail: '{"to":"nowhere"}' });
    await cloud.idle();
    expect(await takeAll('service-dev-dead')).toMatchObject([{ detail: { to: 'nowhere' } }]);
    expect(observer.events().some(({ kind }) => kind === 'delivery-failed')).toBe(true);
  });

  test('never invokes a function that has not permitted the rule', async () => {
    await takeAll('service-dev-dead');
    await put({ Detail: '{"to":"a function that never allowed it"}' });
    await cloud.idle();
    expect(await takeAll('service-dev-dead')).toHaveLength(1);
    const failed = observer.events().findLast(({ kind }) => kind === 'delivery-failed');
    expect(failed).toMatchObject({
      reason: expect.stringContaining('may not lambda:InvokeFunction') as string,
    });
  });

  test('answers each bad entry for itself', async () => {
    const { FailedEntryCount, Entries } = await put(
      {},
      { Detail: 'no json' },
      { Source: '' },
      { Source: 'aws.ec2' },
    );
    expect(FailedEntryCount).toBe(3);
    expect(Entries!.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      'MalformedDetail',
      'InvalidArgument',
      'NotAuthorizedForSourceException',
    ]);
    expect(Entries![0]!.EventId).toMatch(/^[0-9a-f-]{36}$/);
    const many = Array.from({ length: 11 }, () => ({}));
    await expect(put(...many)).rejects.toThrow(named('ValidationException'));
  });

  test('shows buses, rules and targets', async () => {
    const { EventBuses } = await events().send(new ListEventBusesCommand({}));
    expect(EventBuses!.map(({ Name }) => Name)).toEqual(['default', 'service-dev']);
    const { Rules } = await events().send(
      new ListRulesCommand({ EventBusName: 'service-dev', NamePrefix: 'to-', Limit: 2 }),
    );
    expect(Rules!.map(({ Name }) => Name)).toEqual(['to-machine', 'to-queue']);
    expect(await events().send(new DescribeRuleCommand({ Name: 'statuses' }))).toMatchObject({
      State: 'ENABLED',
    });
    const { Targets } = await events().send(
      new ListTargetsByRuleCommand({ Rule: 'to-machine', EventBusName: 'service-dev' }),
    );
    expect(Targets).toMatchObject([{ Id: 'machine', Arn: machineArn }]);
    await expect(events().send(new DescribeRuleCommand({ Name: 'absent' }))).rejects.toThrow(
      named('ResourceNotFoundException'),
    );
  });

  test('tests a pattern against an event', async () => {
    const matches = (pattern: object) =>
      events().send(
        new TestEventPatternCommand({
          EventPattern: JSON.stringify(pattern),
          Event: JSON.stringify({ source: 'a' }),
        }),
      );
    expect((await matches({ source: ['a'] })).Result).toBe(true);
    expect((await matches({ source: ['b'] })).Result).toBe(false);
    await expect(matches({ source: [{ like: 'a' }] })).rejects.toThrow(named('InvalidEventPatternException'));
  });
});

describe('Lambda', () => {
  const invoke = (event: unknown, InvocationType?: 'Event' | 'DryRun') =>
    lambda().send(
      new InvokeCommand({
        FunctionName: 'service-dev-work',
        Payload: JSON.stringify(event),
        ...(InvocationType === undefined ? {} : { InvocationType }),
      }),
    );
  const text = (payload: Uint8Array | undefined) => JSON.parse(Buffer.from(payload!).toString()) as unknown;

  test('invokes and answers, or answers the error of the function', async () => {
    const good = await invoke({ a: 1 });
    expect(good).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(text(good.Payload)).toEqual({ seen: { a: 1 } });
    const bad = await invoke({ fail: true });
    expect(bad).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(text(bad.Payload)).toMatchObject({ errorType: 'AskedError', errorMessage: 'as asked' });
  });

  test('takes an event for later, and keeps the record of its failure', async () => {
    expect((await invoke({ fail: true }, 'Event')).StatusCode).toBe(202);
    await cloud.idle();
    expect(await takeAll('service-dev-failures')).toMatchObject([
      { requestPayload: { fail: true }, responsePayload: { errorType: 'AskedError' } },
    ]);
  });

  test('checks without running', async () => {
    expect((await invoke({}, 'DryRun')).StatusCode).toBe(204);
  });

  test('shows functions, and refuses one that is not there', async () => {
    const { Functions } = await lambda().send(new ListFunctionsCommand({}));
    expect(Functions).toMatchObject([{ FunctionName: 'service-dev-work', Timeout: 10, MemorySize: 128 }]);
    expect(
      await lambda().send(new GetFunctionConfigurationCommand({ FunctionName: 'service-dev-work' })),
    ).toMatchObject({ Environment: { Variables: { BUS: 'service-dev' } }, Runtime: 'nodejs24.x' });
    await expect(lambda().send(new InvokeCommand({ FunctionName: 'absent' }))).rejects.toThrow(
      named('ResourceNotFoundException'),
    );
  });
});

describe('SNS and SQS', () => {
  test('a published message reaches the subscribed function in the shape of the real event', async () => {
    const sns = new SNSClient(settings());
    const TopicArn = 'arn:aws:sns:us-east-1:111122223333:service-dev-topic';
    const { MessageId } = await sns.send(
      new PublishCommand({
        TopicArn,
        Message: 'hello',
        Subject: 'news',
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
      }),
    );
    await cloud.idle();
    const inputs = observer
      .events()
      .flatMap((event) => (event.kind === 'invocation-started' ? [event.input] : []));
    expect(inputs.at(-1)).toMatchObject({
      Records: [
        {
          EventSource: 'aws:sns',
          Sns: {
            MessageId,
            TopicArn,
            Message: 'hello',
            Subject: 'news',
            MessageAttributes: { kind: { Type: 'String', Value: 'test' } },
          },
        },
      ],
    });
    await expect(sns.send(new PublishCommand({ TopicArn: `${TopicArn}x`, Message: 'a' }))).rejects.toThrow(
      named('NotFoundException'),
    );
  });

  test('a message is hidden once received, gone once deleted', async () => {
    const QueueUrl = await queueUrl('service-dev-queue');
    await sqs().send(new PurgeQueueCommand({ QueueUrl }));
    await sqs().send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    const { Messages } = await sqs().send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages).toMatchObject([{ Body: 'one' }]);
    expect((await sqs().send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toBeUndefined();
    const counts = async () =>
      (await sqs().send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes!;
    expect((await counts()).ApproximateNumberOfMessagesNotVisible).toBe('1');
    await sqs().send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages![0]!.ReceiptHandle }));
    expect((await counts()).ApproximateNumberOfMessagesNotVisible).toBe('0');
    const { QueueUrls } = await sqs().send(new ListQueuesCommand({ QueueNamePrefix: 'service-dev-q' }));
    expect(QueueUrls).toEqual([QueueUrl]);
    await expect(queueUrl('absent')).rejects.toThrow(named('QueueDoesNotExist'));
  });
});

describe('the https front', () => {
  const post = (where: string) =>
    new Promise<{ status: number | undefined; headers: object; body: string }>((resolve, reject) => {
      const outgoing = request(
        `${cloud.httpApi.url}${where}`,
        { method: 'POST', ca: cloud.httpApi.caPem, headers: { 'content-type': 'application/json' } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode,
              headers: response.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end('{"a":1}');
    });

  test('hands a request to the function of its route, and its answer back', async () => {
    expect(await post('/hook')).toMatchObject({
      status: 202,
      headers: { 'x-seen': 'POST /hook' },
      body: JSON.stringify({ body: '{"a":1}', path: '/hook' }),
    });
  });

  test('knows no other route', async () => {
    expect(await post('/other')).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
  });
});

test('tells whoever watches of a defect of its own, which its client sees as an internal error', async () => {
  Object.assign(cloud.sns.service.operations, {
    Break: () => {
      throw new TypeError('It is not a function.');
    },
  });
  const credential = '111122223333/20261122/us-east-1/sns/aws4_request';
  const response = await fetch(cloud.awsEndpoint.url, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0` },
    body: new URLSearchParams({ Action: 'Break', Version: '2010-03-31' }),
  });
  expect(response.status).toBe(500);
  expect(observer.events().filter(({ kind }) => kind === 'fault')).toMatchObject([
    { part: 'AWS sns:Break', error: expect.stringContaining('It is not a function.') as unknown },
  ]);
});
