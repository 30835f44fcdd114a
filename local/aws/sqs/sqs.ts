import { createHash, randomUUID } from 'node:crypto';
import { readInput, type Input } from '../input.ts';
import { takePage } from '../paging.ts';
import { createProperties } from '../properties.ts';
import { sqsProtocols } from '../protocols/sqs.ts';
import { AwsError, type Service } from '../service.ts';
import { isJsonObject, toJson, type JsonObject } from '../../json.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';

/** A message that waits in a queue. */
interface QueueMessage {
  messageId: string;
  body: string;
  attributes: Record<string, string>;
  sentAt: Date;
}

/** The account's queues. */
export interface Sqs {
  service: Service;
  resources: ResourceHandlers;
  /** @throws AwsError when there is no such queue */
  send: (queueArn: string, body: string, attributes?: Record<string, string>) => string;
  has: (queueArn: string) => boolean;
  /** What waits in a queue, taken messages included. @throws AwsError when there is no such queue */
  messages: (nameOrArn: string) => readonly QueueMessage[];
}

interface StoredMessage extends QueueMessage {
  visibleAt: number;
  receipt: string | undefined;
  receiveCount: number;
  firstReceivedAt: number | undefined;
}

interface Queue {
  name: string;
  arn: string;
  url: string;
  createdAt: Date;
  visibilitySeconds: number;
  retentionSeconds: number;
  messages: StoredMessage[];
}

interface SqsOptions {
  accountId: string;
  region: string;
  /** Base of the queues' URLs: the AWS endpoint's own, once it is known. */
  endpoint: () => string;
  now?: () => number;
}

const inputErrors = {
  missing: (name: string) =>
    new AwsError('MissingParameter', `The request must contain the parameter ${name}.`),
  invalid: (name: string, value: unknown, expectation: string) =>
    new AwsError(
      'InvalidParameterValue',
      `Value ${JSON.stringify(value)} for parameter ${name} is invalid. Reason: expected ${expectation}.`,
    ),
};

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html */
export function createSqs({ accountId, region, endpoint, now = Date.now }: SqsOptions): Sqs {
  const queues = new Map<string, Queue>();
  const find = (name: string): Queue => {
    const found = queues.get(name.split(/[:/]/).at(-1) ?? '');
    if (found === undefined) {
      throw new AwsError(
        'QueueDoesNotExist',
        'The specified queue does not exist or you do not have access to it.',
      );
    }
    return found;
  };
  const urlOf = (queue: Queue): string => `${endpoint()}/${accountId}/${queue.name}`;
  const of = (input: Input): Queue => find(input.string('QueueUrl'));
  const store = (
    queue: Queue,
    body: string,
    attributes: Record<string, string>,
    delayMs: number,
  ): StoredMessage => {
    const message: StoredMessage = {
      messageId: randomUUID(),
      body,
      attributes,
      sentAt: new Date(now()),
      visibleAt: now() + delayMs,
      receipt: undefined,
      receiveCount: 0,
      firstReceivedAt: undefined,
    };
    queue.messages.push(message);
    return message;
  };
  const operation =
    (run: (input: Input, raw: Record<string, unknown>) => unknown) =>
    (call: { input: Record<string, unknown> }) =>
      run(readInput(call.input, inputErrors), call.input);

  const service: Service = {
    scope: 'sqs',
    protocols: sqsProtocols,
    operations: {
      ListQueues: operation((input) => {
        const prefix = input.optionalString('QueueNamePrefix') ?? '';
        const found = [...queues.values()].filter(({ name }) => name.startsWith(prefix));
        const limit = input.integer('MaxResults', { min: 1, max: 1000 });
        const { items, nextToken } = takePage(found, ({ name }) => name, {
          limit: limit ?? 1000,
          token: input.optionalString('NextToken'),
          invalidToken: () => inputErrors.invalid('NextToken', '', 'a token of an earlier answer'),
        });
        return { QueueUrls: items.map(urlOf), NextToken: nextToken };
      }),
      GetQueueUrl: operation((input) => ({ QueueUrl: urlOf(find(input.string('QueueName'))) })),
      GetQueueAttributes: operation((input) => {
        const all = attributesOf(of(input), now());
        const wanted = input.strings('AttributeNames');
        const named = wanted.includes('All')
          ? Object.entries(all)
          : Object.entries(all).filter(([name]) => wanted.includes(name));
        return { Attributes: Object.fromEntries(named) };
      }),
      SendMessage: operation((input, raw) => {
        const body = input.string('MessageBody');
        const delaySeconds = input.integer('DelaySeconds', { min: 0, max: 900 }) ?? 0;
        const message = store(of(input), body, messageAttributes(raw.MessageAttributes), delaySeconds * 1000);
        return { MD5OfMessageBody: md5(body), MessageId: message.messageId };
      }),
      ReceiveMessage: operation((input) => {
        const queue = of(input);
        const most = input.integer('MaxNumberOfMessages', { min: 1, max: 10 }) ?? 1;
        const seconds =
          input.integer('VisibilityTimeout', { min: 0, max: 43_200 }) ?? queue.visibilitySeconds;
        const ready = queue.messages.filter(({ visibleAt }) => visibleAt <= now()).slice(0, most);
        for (const message of ready) {
          message.visibleAt = now() + seconds * 1000;
          message.receipt = randomUUID();
          message.receiveCount += 1;
          message.firstReceivedAt ??= now();
        }
        return ready.length === 0 ? {} : { Messages: ready.map(received) };
      }),
      DeleteMessage: operation((input) => {
        const queue = of(input);
        const receipt = input.string('ReceiptHandle');
        if (!queue.messages.some((message) => message.receipt === receipt)) {
          throw new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${receipt}" is not valid.`);
        }
        queue.messages = queue.messages.filter((message) => message.receipt !== receipt);
        return {};
      }),
      ChangeMessageVisibility: operation((input) => {
        const receipt = input.string('ReceiptHandle');
        const seconds = input.integer('VisibilityTimeout', { min: 0, max: 43_200 }) ?? 0;
        const message = of(input).messages.find((item) => item.receipt === receipt);
        if (message === undefined) {
          throw new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${receipt}" is not valid.`);
        }
        message.visibleAt = now() + seconds * 1000;
        return {};
      }),
      PurgeQueue: operation((input) => {
        of(input).messages = [];
        return {};
      }),
    },
  };

  return {
    service,
    send: (queueArn, body, attributes = {}) => store(find(queueArn), body, attributes, 0).messageId,
    has: (queueArn) => queues.has(queueArn.split(':').at(-1) ?? ''),
    messages: (nameOrArn) => find(nameOrArn).messages,
    resources: {
      'AWS::SQS::Queue': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        const name = properties.optionalString('QueueName') ?? logicalId;
        const queue: Queue = {
          name,
          arn: `arn:aws:sqs:${region}:${accountId}:${name}`,
          url: '',
          createdAt: new Date(now()),
          visibilitySeconds: properties.integer('VisibilityTimeout') ?? 30,
          retentionSeconds: properties.integer('MessageRetentionPeriod') ?? 345_600,
          messages: [],
        };
        queues.set(name, queue);
        return {
          ref: `${endpoint()}/${accountId}/${name}`,
          attributes: { Arn: queue.arn, QueueName: name, QueueUrl: `${endpoint()}/${accountId}/${name}` },
        };
      },
    },
  };
}

function attributesOf(queue: Queue, at: number): Record<string, string> {
  const hidden = queue.messages.filter(({ visibleAt }) => visibleAt > at);
  const inFlight = hidden.filter(({ receipt }) => receipt !== undefined).length;
  const created = String(Math.floor(queue.createdAt.getTime() / 1000));
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(queue.messages.length - hidden.length),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(hidden.length - inFlight),
    CreatedTimestamp: created,
    LastModifiedTimestamp: created,
    VisibilityTimeout: String(queue.visibilitySeconds),
    MaximumMessageSize: '1048576',
    MessageRetentionPeriod: String(queue.retentionSeconds),
    DelaySeconds: '0',
    ReceiveMessageWaitTimeSeconds: '0',
    SqsManagedSseEnabled: 'true',
  };
}

function received(message: StoredMessage): JsonObject {
  const { messageId, body, receipt, attributes, sentAt, receiveCount, firstReceivedAt } = message;
  const custom = Object.entries(attributes).map(([name, value]) => [
    name,
    { StringValue: value, DataType: 'String' },
  ]);
  return {
    MessageId: messageId,
    ReceiptHandle: receipt ?? '',
    MD5OfBody: md5(body),
    Body: body,
    Attributes: {
      SentTimestamp: String(sentAt.getTime()),
      ApproximateReceiveCount: String(receiveCount),
      ApproximateFirstReceiveTimestamp: String(firstReceivedAt ?? 0),
    },
    ...(custom.length === 0 ? {} : { MessageAttributes: toJson(Object.fromEntries(custom)) }),
  };
}

function messageAttributes(given: unknown): Record<string, string> {
  if (!isJsonObject(given)) return {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const text = isJsonObject(value) ? value.StringValue : undefined;
      return [name, typeof text === 'string' ? text : ''];
    }),
  );
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
