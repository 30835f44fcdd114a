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
        tasks: [{ code: 'reconnect', message: quoted, details: quoted }],
        warnings: [{ code: 'resync_table_warning', message: quoted, details: { said: [quoted] } }],
      },
      setup_tests: [{ title: 'Validate Login', status: 'FAILED', message: quoted }],
    }),
  );
  const { tasks, warnings, setupTests } = await connections.get('assimilate_seem');
  for (const { message } of [...tasks, ...warnings, ...setupTests]) {
    expect(message).toContain('already exists');
    expect(message).not.toMatch(/mary|hunter2/);
  }
  for (const { details } of [...tasks, ...warnings]) {
    expect(details).toContain('already exists');
    expect(details).not.toMatch(/mary|hunter2/);
  }
  expect([tasks, warnings, setupTests].map(({ length }) => length)).toEqual([1, 1, 1]);
});

test.each([
  ['text', 'Table public.film was rewritten', 'Table public.film was rewritten'],
  ['an object', { table: 'film' }, '{"table":"film"}'],
  ['nothing', null, undefined],
  ['an empty text', '', undefined],
  ['a long text', 'x'.repeat(5_000), 'x'.repeat(1_000)],
])("the details of Fivetran's warning are kept, be they %s", async (_, details, kept) => {
  const connections = connectionsOf(
    answering({
      id: 'a',
      status: { warnings: [{ code: 'resync_table_warning', message: 'Re-sync', details }] },
    }),
  );
  const { warnings } = await connections.get('a');
  expect(warnings).toEqual([{ code: 'resync_table_warning', message: 'Re-sync', details: kept }]);
});
