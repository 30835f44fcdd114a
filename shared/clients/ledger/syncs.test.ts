import { expect, test } from 'vitest';
import { createMemoryLedger } from '../../../tests/support/memory-ledger.ts';
import { systemClock } from '../../clock.ts';
import { createSyncs } from './syncs.ts';

const start = { syncId: 'sync-1', startedAt: '2026-11-22T10:00:00Z' };
const end = { syncId: 'sync-1', status: 'SUCCESSFUL', reason: '', endedAt: '2026-11-22T10:00:01Z' };

test.each([
  ['before', ['start', 'end']],
  ['after', ['end', 'start']],
] as const)('a reported end knows when its sync began, told %s it', async (_, order) => {
  const syncs = createSyncs(createMemoryLedger(), systemClock);
  for (const what of order) await (what === 'start' ? syncs.noteStart('a', start) : syncs.noteEnd('a', end));
  expect((await syncs.state('a')).reported).toMatchObject({ ...end, startedAt: start.startedAt });
  expect((await syncs.states()).get('a')?.reported?.startedAt).toBe(start.startedAt);
});

test.each([
  ['of another sync', { ...end, syncId: 'sync-2' }],
  ['of a sync without a name', { ...end, syncId: '' }],
])('a reported end %s has no beginning', async (_, other) => {
  const syncs = createSyncs(createMemoryLedger(), systemClock);
  await syncs.noteEnd('a', other);
  await syncs.noteStart('a', start);
  expect((await syncs.state('a')).reported?.startedAt).toBeNull();
});

test('a beginning that is known stays, though the next sync begins', async () => {
  const syncs = createSyncs(createMemoryLedger(), systemClock);
  await syncs.noteStart('a', start);
  await syncs.noteEnd('a', end);
  await syncs.noteStart('a', { syncId: 'sync-2', startedAt: '2026-11-22T10:05:00Z' });
  expect((await syncs.state('a')).reported?.startedAt).toBe(start.startedAt);
});
