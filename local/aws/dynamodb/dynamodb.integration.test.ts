import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { localAwsClient } from '../../../tests/support/aws-client.ts';
import { ledgerSchema } from '../../../tests/support/ledger-schema.ts';
import { startAwsEndpoint, type AwsEndpoint } from '../endpoint.ts';
import { createDynamodb, type Dynamodb } from './dynamodb.ts';

let dynamodb: Dynamodb;
let endpoint: AwsEndpoint;
let client: DynamoDBClient;

beforeAll(async () => {
  dynamodb = await createDynamodb({ accountId: '111122223333', region: 'us-east-1' });
  endpoint = await startAwsEndpoint({
    accountId: '111122223333',
    region: 'us-east-1',
    services: [dynamodb.service],
  });
  client = new DynamoDBClient(localAwsClient(endpoint.url));
  const provisioned = await dynamodb.resources['AWS::DynamoDB::Table']?.('Ledger', {
    TableName: 'ledger',
    ...ledgerSchema,
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  });
  expect(provisioned).toEqual({
    ref: 'ledger',
    attributes: { Arn: 'arn:aws:dynamodb:us-east-1:111122223333:table/ledger', TableName: 'ledger' },
  });
});

afterAll(async () => {
  client.destroy();
  await endpoint.stop();
  await dynamodb.stop();
});

it('serves the table that the template declares, ready when provisioning ends', async () => {
  const { Table, $metadata } = await client.send(new DescribeTableCommand({ TableName: 'ledger' }));
  expect(Table).toMatchObject({ TableStatus: 'ACTIVE', TableName: 'ledger' });
  expect($metadata.requestId).toMatch(/^\S{20,}$/);
});

it('keeps items and refuses a write whose condition does not hold', async () => {
  const put = () =>
    client.send(
      new PutItemCommand({
        TableName: 'ledger',
        Item: { pk: { S: 'claim' }, sk: { S: 'one' }, uses: { N: '1' } },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  await put();
  await expect(put()).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  const { Item } = await client.send(
    new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: 'claim' }, sk: { S: 'one' } } }),
  );
  expect(Item?.uses).toEqual({ N: '1' });
});

it('answers what it does not know with the error of the protocol', async () => {
  await expect(
    client.send(
      new TransactWriteItemsCommand({
        TransactItems: [{ Put: { TableName: 'ledger', Item: { pk: { S: 'a' }, sk: { S: 'b' } } } }],
      }),
    ),
  ).rejects.toMatchObject({ name: 'UnknownOperationException' });
  await expect(client.send(new DescribeTableCommand({ TableName: 'absent' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

it('lets what it was asked end before it stops, though nobody waits for the answers any more', async () => {
  const another = await createDynamodb({ accountId: '111122223333', region: 'us-east-1' });
  await another.resources['AWS::DynamoDB::Table']?.('Ledger', { TableName: 'ledger', ...ledgerSchema });
  const front = await startAwsEndpoint({
    accountId: '111122223333',
    region: 'us-east-1',
    services: [another.service],
  });
  const asker = new DynamoDBClient({ ...localAwsClient(front.url), maxAttempts: 1 });
  const ask = (sk: string) =>
    asker.send(
      new UpdateItemCommand({
        TableName: 'ledger',
        Key: { pk: { S: 'claim' }, sk: { S: sk } },
        UpdateExpression: 'ADD uses :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );
  const thrown = vi.fn();
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', thrown);
  try {
    const asked = Array.from({ length: 100 }, (_, index) => ask(String(index)));
    await Promise.race(asked);
    await Promise.all([front.stop(), another.stop()]);
    await Promise.allSettled(asked);
  } finally {
    process.removeListener('uncaughtException', thrown);
    for (const listener of others) process.on('uncaughtException', listener);
    asker.destroy();
  }
  expect(thrown).not.toHaveBeenCalled();
});
