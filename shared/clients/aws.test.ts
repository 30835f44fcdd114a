import { createServer, type AddressInfo, type Server } from 'node:net';
import { GetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnavailableError } from '../errors.ts';
import { awsClientSettings, callAws } from './aws.ts';

let server: Server;
let isGone: boolean;
beforeEach(async () => {
  isGone = false;
  server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
});

/** What becomes of a request to the server, which listens on loopback. */
async function request(): Promise<unknown> {
  const { port } = server.address() as AddressInfo;
  if (isGone) await new Promise((resolve) => server.close(resolve));
  const client = new DynamoDBClient({
    ...awsClientSettings,
    requestHandler: { ...awsClientSettings.requestHandler, requestTimeout: 20 },
    maxAttempts: 2,
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  try {
    return await callAws('dynamodb:GetItem', () =>
      client.send(new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: 'a' } } })),
    );
  } finally {
    client.destroy();
  }
}

test('a request that AWS takes and never answers ends as unavailable', async () => {
  await expect(request()).rejects.toThrow(UnavailableError);
});

test('a request that nobody takes ends as unavailable, with the code of the system', async () => {
  isGone = true;
  await expect(request()).rejects.toThrow(
    new UnavailableError('dynamodb:GetItem failed after all retries (ECONNREFUSED).'),
  );
});
