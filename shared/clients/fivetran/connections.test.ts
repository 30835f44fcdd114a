import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { connectionsOf } from './connections.ts';
import type { FivetranHttp } from './http.ts';

const answering = (data: unknown): FivetranHttp => ({
  send: ({ data: schema }) =>
    Promise.resolve({ data: z.parse(schema, data), serverTime: new Date('2026-11-22T10:00:00Z') }),
});

test('a connection shows no row and no password that Fivetran quotes', async () => {
  const quoted = 'Key (email)=(mary@example.com) already exists at postgres://fivetran:hunter2@db/x';
  const connections = connectionsOf(
    answering({
      id: 'assimilate_seem',
      status: {
        tasks: [{ code: 'reconnect', message: quoted }],
        warnings: [{ code: 'resync_table_warning', message: quoted }],
      },
      setup_tests: [{ title: 'Validate Login', status: 'FAILED', message: quoted }],
    }),
  );
  const { tasks, warnings, setupTests } = await connections.get('assimilate_seem');
  for (const { message } of [...tasks, ...warnings, ...setupTests]) {
    expect(message).toContain('already exists');
    expect(message).not.toMatch(/mary|hunter2/);
  }
  expect([tasks, warnings, setupTests].map(({ length }) => length)).toEqual([1, 1, 1]);
});
