import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { build } from 'esbuild';

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localAwsClient } from '../support/aws-client.ts';
import { ledgerSchema } from '../support/ledger-schema.ts';
import { createDynamodb, type Dynamodb } from '../../local/aws/dynamodb/dynamodb.ts';
import { startAwsEndpoint, type AwsEndpoint } from '../../local/aws/endpoint.ts';
import type { Service } from '../../local/aws/service.ts';
import { bundleSettings } from '../../scripts/build.ts';

// What a fleet of 5,000 connections costs the bundle that is deployed, in a process of its own with the options of Node
// that its template gives it.

const fleet = 5000;
const root = path.resolve(import.meta.dirname, '../..');
const [accountId, region] = ['111122223333', 'us-east-1'];
let folder: string;
let server: Server;
let dynamodb: Dynamodb;
let aws: AwsEndpoint;
let requests: string[];
let listed: number;
let events: number;

beforeAll(async () => {
  requests = [];
  listed = 0;
  events = 0;
  folder = await mkdtemp(path.join(tmpdir(), 'fleet-'));
  await build({
    ...bundleSettings,
    absWorkingDir: root,
    entryPoints: [{ in: 'functions/reconcile-syncs/handler.ts', out: 'index' }],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
  });
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    requests.push(url.pathname);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ code: 'Success', data: answerTo(url) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  dynamodb = await createDynamodb({ accountId, region });
  await dynamodb.resources['AWS::DynamoDB::Table']?.('ledger', {
    TableName: 'ledger',
    ...ledgerSchema,
  });
  aws = await startAwsEndpoint({ accountId, region, services: [dynamodb.service, secrets, bus] });
  await noteSyncs();
});
afterAll(async () => {
  server.close();
  await aws.stop();
  await dynamodb.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What webhooks and executions have noted of every connection. */
async function noteSyncs(): Promise<void> {
  const client = new DynamoDBClient(localAwsClient(aws.url));
  const at = '2026-01-02T00:00:00.000Z';
  const state = {
    pk: 'fleet',
    lastEndedAt: at,
    lastOutcome: 'succeeded',
    lastJudgedAt: at,
    durationSeconds: 300,
    reported: { syncId: 's'.repeat(36), status: 'SUCCESSFUL', reason: '', endedAt: at, startedAt: at },
    reportedStart: { syncId: 's'.repeat(36), startedAt: at },
  };
  for (let start = 0; start < fleet; start += 25) {
    const ledger = Array.from({ length: 25 }, (_, index) => ({
      PutRequest: { Item: marshall({ ...state, sk: `connection#connection_${start + index}` }) },
    }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { ledger } }));
  }
  client.destroy();
}

const secrets: Service = {
  scope: 'secretsmanager',
  protocols: [{ kind: 'json', jsonVersion: '1.1' }],
  operations: {
    GetSecretValue: () => ({ SecretString: JSON.stringify({ apiKey: 'key', apiSecret: 'secret' }) }),
  },
};
const bus: Service = {
  scope: 'events',
  protocols: [{ kind: 'json', jsonVersion: '1.1' }],
  operations: {
    PutEvents: ({ input }) => {
      const entries = Array.isArray(input.Entries) ? input.Entries : [];
      events += entries.length;
      return { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: String(index) })) };
    },
  },
};

function answerTo({ pathname, searchParams }: URL): unknown {
  if (pathname !== '/v1/connections') return { items: [] };
  if (!searchParams.has('cursor')) listed += 1;
  const start = Number(searchParams.get('cursor') ?? 0);
  const end = start + Number(searchParams.get('limit') ?? 100);
  return {
    items: Array.from({ length: end - start }, (_, index) => connection(start + index)),
    ...(end < fleet ? { next_cursor: String(end) } : {}),
  };
}

/** About as large as Fivetran shows one. */
function connection(index: number): unknown {
  return {
    id: `connection_${index}`,
    service: 'postgres',
    schema: `schema_of_${index}`,
    group_id: 'projected_sickle',
    paused: false,
    sync_frequency: 360,
    schedule_type: 'auto',
    created_at: '2026-01-01T00:00:00.000000Z',
    succeeded_at: new Date(Date.now() - 3_600_000).toISOString(),
    // Each time that the fleet is listed, all have failed once more.
    failed_at: new Date(Date.now() - 3_000_000 + listed * 600_000).toISOString(),
    networking_method: 'PrivateLink',
    private_link_id: 'a_link',
    config: { host: 'x'.repeat(120), port: 5432, update_method: 'TELEPORT', public_key: 'k'.repeat(700) },
    status: {
      setup_state: 'connected',
      sync_state: 'scheduled',
      update_state: 'on_schedule',
      is_historical_sync: false,
      tasks: [{ code: 'reconnect', message: 'm'.repeat(200), details: 'd'.repeat(400) }],
      warnings: [],
    },
  };
}

const nodeOptions = /^ {2}NODE_OPTIONS: (.*)$/m.exec(
  readFileSync(path.join(root, 'functions/reconcile-syncs/function.yml'), 'utf8'),
)![1]!;

/** Invokes the bundle twice, as a warm Lambda function would be, and tells the peak of its memory. */
const invocations = `
  const { handler } = await import(process.argv[1]);
  const getRemainingTimeInMillis = () => 300_000;
  const first = await handler({}, { awsRequestId: 'first', getRemainingTimeInMillis });
  const second = await handler({}, { awsRequestId: 'second', getRemainingTimeInMillis });
  const rssMegabytes = process.resourceUsage().maxRSS / 1024;
  process.send({ first, second, rssMegabytes });
`;

test('reconciling 5,000 connections takes six list calls and less than 150 MB', async () => {
  const { port } = server.address() as AddressInfo;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', invocations, path.join(folder, 'index.mjs')],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        NODE_OPTIONS: nodeOptions,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: accountId,
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_ENDPOINT_URL: aws.url,
        LEDGER_TABLE: 'ledger',
        EVENT_BUS_NAME: 'bus',
        FIVETRAN_BASE_URL: `http://127.0.0.1:${port}`,
        FIVETRAN_SECRET_ID: 'fleet/fivetran',
        SOURCE_SECRET_PREFIX: 'fleet/source/',
        WEBHOOK_URL: 'https://example.com/fivetran',
        VERIFICATION: 'every 24h',
      },
    },
  );
  const closed = once(child, 'close');
  const [message] = (await once(child, 'message')) as [
    { first: unknown; second: unknown; rssMegabytes: number },
  ];
  await closed;
  const { first, second, rssMegabytes } = message;
  expect(first).toEqual({ connections: fleet, endedSyncs: fleet, changes: 1 });
  expect(second).toEqual({ connections: fleet, endedSyncs: fleet, changes: 0 });
  expect(events).toBe(2 * fleet + 1);
  expect(requests).toHaveLength(2 * 6);
  expect(rssMegabytes).toBeLessThan(150);
});
