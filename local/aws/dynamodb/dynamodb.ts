import type { Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import { createProperties, type Properties } from '../properties.ts';
import type { Service } from '../service.ts';

/** DynamoDB in memory, by dynalite: it has no transactions and no time to live. */
export interface Dynamodb {
  service: Service;
  resources: ResourceHandlers;
  /** Name of the partition key of one of the template's tables. */
  partitionKeyOf(table: string): string | undefined;
  stop(): Promise<void>;
}

interface DynamodbOptions {
  accountId: string;
  region: string;
}

/** Starts dynalite on a loopback port of its own, over which the template's tables are made. */
export async function createDynamodb({ accountId, region }: DynamodbOptions): Promise<Dynamodb> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const client = new DynamoDBClient({
    region,
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    credentials: { accessKeyId: accountId, secretAccessKey: 'local' },
  });
  const partitionKeys = new Map<string, string>();
  const underWay = createUnderWay();
  return {
    service: {
      scope: 'dynamodb',
      protocols: [{ kind: 'json', jsonVersion: '1.0' }],
      operations: {},
      handOver: ({ method, url, headers, body }, response) => {
        if (!underWay.begin(response)) return;
        const request = Object.assign(Readable.from([body]), {
          method,
          url: `${url.pathname}${url.search}`,
          headers,
        });
        server.emit('request', request, response);
      },
    },
    resources: {
      'AWS::DynamoDB::Table': async (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        const name = properties.optionalString('TableName') ?? logicalId;
        const table = tableOf(name, properties);
        const partitionKey = table.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName;
        if (partitionKey !== undefined) partitionKeys.set(name, partitionKey);
        await client.send(new CreateTableCommand(table));
        await untilActive(client, name);
        const arn = `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
        return { ref: name, attributes: { Arn: arn, TableName: name } };
      },
    },
    partitionKeyOf: (table) => partitionKeys.get(table),
    stop: async () => {
      client.destroy();
      await underWay.end();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

interface UnderWay {
  /** Whether the request may begin: after `end` its connection is dropped instead. */
  begin(response: ServerResponse): boolean;
  /** Resolves when all that began are answered. */
  end(): Promise<void>;
}

/**
 * Requests that dynalite has not answered yet. One that is between two reads when its database is
 * closed throws where nobody catches it, and dynalite does not wait for it. Whether its client is
 * still there says nothing about it, so an answer is what ends it, not the connection.
 */
function createUnderWay(): UnderWay {
  const answers = new Set<Promise<void>>();
  let ending = false;
  return {
    begin(response) {
      if (ending) {
        response.destroy();
        return false;
      }
      const end = response.end.bind(response);
      const answer = new Promise<void>((resolve) => {
        response.end = ((...chunk: Parameters<typeof end>) => {
          resolve();
          return end(...chunk);
        }) as typeof response.end;
      });
      answers.add(answer);
      void answer.then(() => answers.delete(answer));
      return true;
    },
    async end() {
      ending = true;
      await Promise.all(answers);
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('dynalite has no TCP port.');
  return address.port;
}

function tableOf(TableName: string, properties: Properties): CreateTableCommandInput {
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: properties.structures('AttributeDefinitions').map((attribute) => ({
      AttributeName: attribute.string('AttributeName'),
      AttributeType: oneOf(['S', 'N', 'B'], attribute.string('AttributeType')),
    })),
    KeySchema: properties.structures('KeySchema').map((key) => ({
      AttributeName: key.string('AttributeName'),
      KeyType: oneOf(['HASH', 'RANGE'], key.string('KeyType')),
    })),
  };
}

function oneOf<const Value extends string>(allowed: readonly Value[], given: string): Value {
  const found = allowed.find((value) => value === given);
  if (found === undefined) throw new Error(`"${given}" is none of ${allowed.join(', ')}.`);
  return found;
}

/** dynalite creates a table in the background even when it takes no time. */
async function untilActive(client: DynamoDBClient, TableName: string): Promise<void> {
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === 'ACTIVE') return;
  }
}
