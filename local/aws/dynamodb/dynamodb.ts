import type { Server } from 'node:http';
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
  return {
    service: {
      scope: 'dynamodb',
      protocols: [{ kind: 'json', jsonVersion: '1.0' }],
      operations: {},
      handOver: ({ method, url, headers, body }, response) => {
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
    stop: () => {
      client.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
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
