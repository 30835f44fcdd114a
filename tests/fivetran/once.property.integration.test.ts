import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSync } from '../../functions/start-sync/start-sync.ts';
import { readSync } from '../../functions/read-sync/read-sync.ts';
import { createConnections } from '../../shared/clients/ledger/connections.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import type { BeginResult, EndedSync, ProgressResult, StartSyncResult } from '../../shared/contracts/sync.ts';
import { startDynamodb, type DynamodbLedger } from '../support/dynamodb-ledger.ts';
import { connectionOf, createFivetranDouble } from '../support/fivetran-double.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { silentLog } from '../support/silent-log.ts';

// One sync is handled once, whichever of trigger, webhook and reconciliation sees it first, in any order and at once:
// with the conditional writes of a real DynamoDB wire.

let dynamodb: DynamodbLedger;
beforeAll(async () => {
  dynamodb = await startDynamodb();
});
afterAll(() => dynamodb.stop());

const id = 'assimilate_seem';

/** A sync that has ended, and those who may handle it. Each answers whether it did. */
async function endedSync(startedByUs: boolean) {
  const table = await dynamodb.createTable();
  const clock = createManualClock();
  const fivetran = createFivetranDouble(clock, [
    connectionOf({ privateLinkId: null, succeededAt: '2026-11-01T00:00:00Z' }),
  ]);
  const dependencies = {
    fivetran,
    connections: createConnections(table),
    syncs: createSyncs(table, clock),
    leases: createLeases(table, clock),
    registers: { bindingOfPrivateLink: () => Promise.resolve(undefined) },
    privateLink: { service: () => Promise.resolve(undefined) },
    clock,
    log: silentLog,
  };
  const begin = (request: object, execution: string) =>
    readSync(
      { mode: 'begin', execution, request: { connectionId: id, ...request } },
      dependencies,
    ) as Promise<BeginResult>;
  const close = (sync: EndedSync, execution: string) =>
    readSync(
      { mode: 'close', execution, connectionId: id, outcome: 'succeeded', sync, verdict: 'verified' },
      dependencies,
    );
  let started: StartSyncResult | undefined;
  if (startedByUs) {
    await begin({}, 'trigger');
    started = (await startSync({ connectionId: id, execution: 'trigger' }, dependencies)) as StartSyncResult;
  }
  clock.advance(300);
  const endedAt = clock.now().toISOString();
  Object.assign(fivetran.connectionsById.get(id)!, { syncState: 'scheduled', succeededAt: endedAt });
  clock.advance(1);
  const told = clock.now().toISOString();
  const review = async (execution: string, syncId: string, at: string): Promise<boolean> => {
    const result = await begin({ review: true, syncId, status: 'SUCCESSFUL', endedAt: at }, execution);
    if (result.sync !== null) await close(result.sync, execution);
    return result.outcome === 'succeeded';
  };
  return {
    trigger: async (): Promise<boolean> => {
      if (started === undefined) return false;
      const look = (await readSync(
        { mode: 'progress', execution: 'trigger', connectionId: id, following: started.following },
        dependencies,
      )) as ProgressResult;
      if (look.sync !== null) await close(look.sync, 'trigger');
      return look.outcome === 'succeeded';
    },
    webhook: (index: number) => review(`webhook ${index}`, 's-1', told),
    reconciliation: (index: number) => review(`reconciliation ${index}`, '', endedAt),
  };
}

const observers = fc.shuffledSubarray(
  ['trigger', 'webhook 1', 'webhook 2', 'reconciliation 1', 'reconciliation 2'] as const,
  { minLength: 1 },
);

test.each([
  ['that we started', true],
  ['that Fivetran ran by itself', false],
])(
  'a sync %s is handled once, in whatever order and however many see it at once',
  async (_whose, startedByUs) => {
    await fc.assert(
      fc.asyncProperty(observers, fc.boolean(), async (order, atOnce) => {
        const seenBy = startedByUs ? [...new Set([...order, 'trigger' as const])] : order;
        const sync = await endedSync(startedByUs);
        const handle = (who: (typeof seenBy)[number]): Promise<boolean> => {
          const [kind = '', index = ''] = who.split(' ');
          return kind === 'trigger'
            ? sync.trigger()
            : sync[kind as 'webhook' | 'reconciliation'](Number(index));
        };
        const handled: boolean[] = [];
        if (atOnce) handled.push(...(await Promise.all(seenBy.map(handle))));
        else for (const who of seenBy) handled.push(await handle(who));
        const could = startedByUs || seenBy.some((who) => who !== 'trigger');
        expect(handled.filter(Boolean)).toHaveLength(could ? 1 : 0);
      }),
      { numRuns: 40 },
    );
  },
  120_000,
);
