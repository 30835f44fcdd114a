import { createServer, type AddressInfo, type Server } from 'node:net';
import { GetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnavailableError } from '../errors.ts';
import { awsClientSettings, callAws } from './aws.ts';

let silent: Server;
beforeEach(async () => {
  silent = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  silent.close();
});

test('a request that AWS takes and never answers ends as unavailable', async () => {
  const client = new DynamoDBClient({
    ...awsClientSettings,
    requestHandler: { ...awsClientSettings.requestHandler, requestTimeout: 20 },
    maxAttempts: 2,
    endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const request = callAws('dynamodb:GetItem', () =>
    client.send(new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: 'a' } } })),
  );
  await expect(request).rejects.toThrow(UnavailableError);
  client.destroy();
});
