import { describe, expect, test } from 'vitest';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import { FivetranRequestError } from '../../shared/errors.ts';
import { connectionOf, createFivetranDouble } from '../../tests/support/fivetran-double.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import { silentLog } from '../../tests/support/silent-log.ts';
import type { StartSyncInput, StartSyncResult } from '../../shared/contracts/sync.ts';
import { startSync } from './start-sync.ts';

const id = 'assimilate_seem';

function world(connection = connectionOf()) {
  const clock = createManualClock();
  const table = createMemoryLedger();
  const fivetran = createFivetranDouble(clock, [connection], 3600);
  const dependencies = {
    fivetran,
    leases: createLeases(table, clock),
    syncs: createSyncs(table, clock),
    clock,
    log: silentLog,
  };
  return {
    ...dependencies,
    start: (more: Partial<StartSyncInput> = {}) =>
      startSync({ connectionId: id, execution: 'run-1', ...more }, dependencies) as Promise<StartSyncResult>,
  };
}

describe('starting a sync', () => {
  test('takes the state before it from Fivetran in the last moment', async () => {
    const { start, fivetran, leases } = world();
    const result = await start();
    expect(result).toMatchObject({
      outcome: 'started',
      waitSeconds: 2,
      following: {
        baseline: { succeededAt: '2026-11-22T09:00:00.123456Z', failedAt: null },
        startedAt: '2026-11-02T11:00:00.000Z',
        since: '2026-11-02T10:00:00.000Z',
      },
    });
    expect(fivetran.calls).toEqual([`connections.get ${id}`, `connections.sync ${id}`]);
    expect(await leases.holder(`sync#${id}`)).toBe('run-1');
  });

  test('tells the ledger whose sync it is before it begins', async () => {
    const { start, fivetran, syncs } = world();
    fivetran.connections.sync = async () => {
      expect((await syncs.state(id)).followed).toEqual({
        execution: 'run-1',
        since: '2026-11-02T11:00:00.000Z',
        startedByUs: true,
      });
    };
    await start();
    expect.assertions(1);
  });

  test('leaves the sync to the execution that has taken the lease meanwhile', async () => {
    const { start, fivetran, leases } = world();
    await leases.take(`sync#${id}`, 'run-2', 60);
    expect(await start()).toMatchObject({ outcome: 'handled' });
    expect(fivetran.calls).toEqual([]);
  });

  test('unpauses a paused connection only when it is told to, and before it asks for the sync', async () => {
    const { start, fivetran } = world(connectionOf({ paused: true, syncState: 'paused' }));
    await start({ unpause: true });
    expect(fivetran.sent).toEqual([{ paused: false }]);
    expect(fivetran.calls).toEqual([
      `connections.get ${id}`,
      `connections.update ${id}`,
      `connections.sync ${id}`,
    ]);
  });

  test('adopts a sync that runs, and neither doubles nor stops it', async () => {
    const { start, fivetran } = world(connectionOf({ syncState: 'syncing' }));
    expect(await start()).toMatchObject({
      outcome: 'adopted',
      following: { startedAt: null, seenSyncing: true },
    });
    expect(fivetran.calls).toEqual([`connections.get ${id}`]);
  });

  test('adopts a sync that began in between', async () => {
    const { start, fivetran, syncs } = world();
    fivetran.connections.sync = () =>
      Promise.reject(new FivetranRequestError('already syncing', { status: 409, code: 'Conflict' }));
    expect(await start()).toMatchObject({ outcome: 'adopted' });
    expect((await syncs.state(id)).followed).toMatchObject({ execution: 'run-1', startedByUs: false });
  });

  test('passes on any other refusal', async () => {
    const { start, fivetran } = world();
    fivetran.connections.sync = () =>
      Promise.reject(new FivetranRequestError('not set up', { status: 400, code: 'InvalidInput' }));
    await expect(start()).rejects.toThrow('not set up');
  });

  test('keeps the state before the first start when a rescheduled sync is asked for again', async () => {
    const it = world();
    const { following } = await it.start();
    it.fivetran.connectionsById.get(id)!.syncState = 'rescheduled';
    it.clock.advance(600);
    const again = await it.start({ following });
    expect(again).toMatchObject({
      outcome: 'started',
      following: { baseline: following.baseline, starts: 2, since: '2026-11-02T10:10:00.000Z' },
    });
  });

  test('expects the sync to take as long as the last one', async () => {
    const it = world();
    await it.syncs.change(id, { durationSeconds: 1000 });
    expect((await it.start()).following).toMatchObject({
      expectedSeconds: 1000,
      nextQuestionAt: '2026-11-02T10:15:50.000Z',
    });
  });
});
