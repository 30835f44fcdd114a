import { expect } from 'vitest';
import { accountId, region } from '../services.ts';
import { textAt, type ServiceCases } from './case.ts';

/** Who asks. */
export const sts: ServiceCases = {
  service: 'sts',
  cases: [
    { operation: 'GetCallerIdentity', output: () => ({ Account: accountId }) },
    {
      operation: 'GetCallerIdentity',
      about: 'of another account',
      as: '834469178297',
      output: () => ({ Account: '834469178297', Arn: 'arn:aws:iam::834469178297:root' }),
    },
    { operation: 'GetSessionToken', about: 'which is not there', error: 'InvalidAction' },
  ],
};

/** What the ledger needs of DynamoDB. */
export const dynamodb: ServiceCases = {
  service: 'dynamodb',
  cases: [
    {
      operation: 'DescribeTable',
      input: () => ({ TableName: 'ledger' }),
      output: () => ({ Table: { TableStatus: 'ACTIVE' } }),
    },
    {
      operation: 'PutItem',
      input: () => ({
        TableName: 'ledger',
        Item: { pk: { S: 'claim' }, uses: { N: '1' } },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
      output: () => ({}),
    },
    {
      operation: 'PutItem',
      about: 'whose condition does not hold',
      input: () => ({
        TableName: 'ledger',
        Item: { pk: { S: 'claim' } },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
      error: 'ConditionalCheckFailedException',
    },
    {
      operation: 'UpdateItem',
      input: () => ({
        TableName: 'ledger',
        Key: { pk: { S: 'claim' } },
        UpdateExpression: 'ADD uses :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
        ReturnValues: 'ALL_NEW',
      }),
      output: () => ({ Attributes: { uses: { N: '2' } } }),
    },
    {
      operation: 'GetItem',
      input: () => ({ TableName: 'ledger', Key: { pk: { S: 'claim' } }, ConsistentRead: true }),
      output: () => ({ Item: { pk: { S: 'claim' }, uses: { N: '2' } } }),
    },
    {
      operation: 'Query',
      input: () => ({
        TableName: 'ledger',
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'claim' } },
      }),
      output: () => ({ Count: 1 }),
    },
    {
      operation: 'DeleteItem',
      input: () => ({ TableName: 'ledger', Key: { pk: { S: 'claim' } } }),
      output: () => ({}),
    },
    { operation: 'ListBackups', about: 'which is not there', error: 'UnknownOperationException' },
  ],
};

const functionArn = `arn:aws:lambda:${region}:${accountId}:function:echo`;

/** A function that echoes, and fails when it is asked to. */
export const lambda: ServiceCases = {
  service: 'lambda',
  cases: [
    {
      operation: 'Invoke',
      input: () => ({ FunctionName: 'echo', Payload: '{"hello":"world"}' }),
      output: () => ({ StatusCode: 200, ExecutedVersion: '$LATEST', Payload: '{"echo":{"hello":"world"}}' }),
    },
    {
      operation: 'Invoke',
      about: 'of a function that fails',
      input: () => ({ FunctionName: functionArn, Payload: '{"fail":true}' }),
      output: () => ({
        StatusCode: 200,
        FunctionError: 'Unhandled',
        Payload: expect.stringContaining('"errorType":"AskedError"') as string,
      }),
    },
    {
      operation: 'Invoke',
      about: 'without waiting',
      input: () => ({ FunctionName: 'echo', InvocationType: 'Event', Payload: '{}' }),
      output: () => ({ StatusCode: 202 }),
    },
    {
      operation: 'Invoke',
      about: 'of a function that does not exist',
      input: () => ({ FunctionName: 'absent', Payload: '{}' }),
      error: 'ResourceNotFoundException',
    },
    {
      operation: 'GetFunctionConfiguration',
      input: () => ({ FunctionName: 'echo' }),
      output: () => ({ FunctionName: 'echo', FunctionArn: functionArn, Runtime: 'nodejs24.x' }),
    },
    {
      operation: 'GetFunction',
      input: () => ({ FunctionName: 'echo' }),
      output: () => ({ Configuration: { FunctionName: 'echo' } }),
    },
    {
      operation: 'UpdateFunctionConfiguration',
      input: () => ({ FunctionName: 'echo', Timeout: 7 }),
      output: () => ({ FunctionName: 'echo', Timeout: 7 }),
    },
    {
      operation: 'UpdateFunctionConfiguration',
      about: 'beyond what Lambda allows',
      input: () => ({ FunctionName: 'echo', Timeout: 901 }),
      error: 'InvalidParameterValueException',
    },
    {
      operation: 'UpdateFunctionConfiguration',
      about: 'in a setting that the local stack cannot change',
      input: () => ({ FunctionName: 'echo', MemorySize: 512 }),
      error: 'InvalidParameterValueException',
    },
    { operation: 'ListFunctions', output: () => ({ Functions: [{ FunctionName: 'echo' }] }) },
    { operation: 'ListLayers', about: 'which is not there', error: 'UnknownOperationException' },
  ],
};

/** A topic without subscriptions. */
export const sns: ServiceCases = {
  service: 'sns',
  cases: [
    {
      operation: 'ListTopics',
      output: ({ services: { refs } }) => ({ Topics: [{ TopicArn: refs.topic }] }),
    },
    {
      operation: 'GetTopicAttributes',
      input: ({ services: { refs } }) => ({ TopicArn: refs.topic }),
      output: ({ services: { refs } }) => ({ Attributes: { TopicArn: refs.topic, Owner: accountId } }),
    },
    {
      operation: 'ListSubscriptionsByTopic',
      input: ({ services: { refs } }) => ({ TopicArn: refs.topic }),
      output: () => ({ Subscriptions: [] }),
    },
    {
      operation: 'Publish',
      input: ({ services: { refs } }) => ({
        TopicArn: refs.topic,
        Message: 'a & b',
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
      }),
      output: () => ({ MessageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string }),
    },
    {
      operation: 'Publish',
      about: 'to a topic that does not exist',
      input: () => ({ TopicArn: `arn:aws:sns:${region}:${accountId}:absent`, Message: 'a' }),
      error: { code: 'NotFound', javascript: 'NotFoundException' },
    },
    { operation: 'ListPlatformApplications', about: 'which is not there', error: 'InvalidAction' },
  ],
};

/** A queue and one message in it. */
export const sqs: ServiceCases = {
  service: 'sqs',
  cases: [
    { operation: 'ListQueues', output: ({ services: { refs } }) => ({ QueueUrls: [refs.queue] }) },
    {
      operation: 'GetQueueUrl',
      input: () => ({ QueueName: 'undelivered' }),
      output: ({ services: { refs } }) => ({ QueueUrl: refs.queue }),
    },
    {
      operation: 'GetQueueUrl',
      about: 'of a queue that does not exist',
      input: () => ({ QueueName: 'absent' }),
      error: { code: 'AWS.SimpleQueueService.NonExistentQueue', javascript: 'QueueDoesNotExist' },
    },
    {
      operation: 'SendMessage',
      input: ({ services: { refs } }) => ({
        QueueUrl: refs.queue,
        MessageBody: 'a <b> c',
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
      }),
      output: () => ({ MessageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string }),
    },
    {
      operation: 'GetQueueAttributes',
      input: ({ services: { refs } }) => ({ QueueUrl: refs.queue, AttributeNames: ['All'] }),
      output: () => ({ Attributes: { ApproximateNumberOfMessages: '1' } }),
    },
    {
      operation: 'ReceiveMessage',
      input: ({ services: { refs } }) => ({
        QueueUrl: refs.queue,
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      output: () => ({
        Messages: [{ Body: 'a <b> c', MessageAttributes: { kind: { StringValue: 'test' } } }],
      }),
      learn: (output, ids) => {
        ids.receipt = textAt(output, 'Messages.0.ReceiptHandle');
      },
    },
    {
      operation: 'ChangeMessageVisibility',
      input: ({ services: { refs }, ids }) => ({
        QueueUrl: refs.queue,
        ReceiptHandle: ids.receipt,
        VisibilityTimeout: 60,
      }),
      output: () => ({}),
    },
    {
      operation: 'DeleteMessage',
      input: ({ services: { refs }, ids }) => ({ QueueUrl: refs.queue, ReceiptHandle: ids.receipt }),
      output: () => ({}),
    },
    {
      operation: 'PurgeQueue',
      input: ({ services: { refs } }) => ({ QueueUrl: refs.queue }),
      output: () => ({}),
    },
    {
      operation: 'ListMessageMoveTasks',
      about: 'which is not there',
      input: () => ({ SourceArn: `arn:aws:sqs:${region}:${accountId}:undelivered` }),
      error: 'UnknownOperationException',
    },
  ],
};
