import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// What a fleet of 5,000 connections costs: the client's own paging over HTTP, in a process whose memory is measured.

const fleet = 5000;
const root = path.resolve(import.meta.dirname, '../..');
let server: Server;
let requests: string[];

beforeAll(async () => {
  requests = [];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    requests.push(url.pathname);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ code: 'Success', data: answerTo(url) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

function answerTo({ pathname, searchParams }: URL): unknown {
  if (pathname !== '/v1/connections') return { items: [] };
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
    failed_at: new Date(Date.now() - 600_000).toISOString(),
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

test('reconciling 5,000 connections takes six list calls and less than 150 MB', async () => {
  const { port } = server.address() as AddressInfo;
  const child = spawn(
    process.execPath,
    // A heap as small as a Lambda function's: without a limit Node lets garbage lie for want of pressure.
    [
      '--max-old-space-size=64',
      '--max-semi-space-size=2',
      path.join(root, 'tests/fivetran/reconcile-fleet.ts'),
      `http://127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  const { first, second, rssMegabytes } = JSON.parse(output) as {
    first: unknown;
    second: unknown;
    rssMegabytes: number;
  };
  expect(first).toEqual({ connections: fleet, endedSyncs: 0, changes: 1 });
  expect(second).toEqual({ connections: fleet, endedSyncs: fleet, changes: 0 });
  expect(requests).toHaveLength(2 * 6);
  expect(rssMegabytes).toBeLessThan(150);
});
