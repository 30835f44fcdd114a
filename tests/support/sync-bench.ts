import { onFivetranWebhook } from '../../functions/on-fivetran-webhook/on-fivetran-webhook.ts';
import type { ReadSyncDependencies } from '../../functions/read-sync/dependencies.ts';
import { readSync } from '../../functions/read-sync/read-sync.ts';
import { reconcileSyncs } from '../../functions/reconcile-syncs/reconcile-syncs.ts';
import { startSync } from '../../functions/start-sync/start-sync.ts';
import { testConnection } from '../../functions/test-connection/test-connection.ts';
import type { BusEvent } from '../../shared/clients/event-bus/event-bus.ts';
import { fivetranWith } from '../../shared/clients/fivetran/fivetran.ts';
import { createConnections } from '../../shared/clients/ledger/connections.ts';
import { createConditions } from '../../shared/clients/ledger/conditions.ts';
import { openFleet } from '../../shared/clients/ledger/fleet.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import type { Clock } from '../../shared/clock.ts';
import type { BeginResult, EndedSync, ProgressResult, StartSyncResult } from '../../shared/contracts/sync.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { silentLog } from './silent-log.ts';
import { silentMetrics } from './silent-metrics.ts';
import { sign } from './webhook-signer.ts';

/** A clock that runs as the real one does, away from it by as much as one likes. */
export interface ShiftedClock extends Clock {
  advance(seconds: number): void;
}

export function createShiftedClock(shiftSeconds = 0): ShiftedClock {
  let shiftMs = shiftSeconds * 1000;
  return {
    now: () => new Date(Date.now() + shiftMs),
    sleep: (ms) => {
      shiftMs += ms;
      return Promise.resolve();
    },
    advance: (seconds) => {
      shiftMs += seconds * 1000;
    },
  };
}

/** What the local Fivetran is to sign with. */
export const webhookSecret = 'the-webhook-secret';

/** The functions around one sync, over a Fivetran that is reached by HTTP; the ledger is in memory. */
export function createSyncBench(
  fivetranAt: { url: string; apiKey: string; apiSecret: string },
  clock: ShiftedClock = createShiftedClock(),
) {
  const table = createMemoryLedger();
  const fivetran = fivetranWith({
    baseUrl: fivetranAt.url,
    credentials: () => Promise.resolve({ apiKey: fivetranAt.apiKey, apiSecret: fivetranAt.apiSecret }),
    clock,
    timeLeftMs: () => Number.POSITIVE_INFINITY,
  });
  const syncs = createSyncs(table, clock);
  const leases = createLeases(table, clock);
  const events: BusEvent[] = [];
  const bus = {
    put: (put: readonly BusEvent[]) => {
      events.push(...put);
      return Promise.resolve();
    },
  };
  const dependencies: ReadSyncDependencies = {
    fivetran,
    connections: createConnections(table),
    syncs,
    leases,
    registers: { bindingOfPrivateLink: () => Promise.resolve(undefined) },
    privateLink: { service: () => Promise.resolve(undefined) },
    clock,
    log: silentLog,
  };
  const bench = {
    fivetran,
    syncs,
    leases,
    clock,
    events,
    dependencies,
    begin: (request: object, execution = 'run-1') =>
      readSync(
        { mode: 'begin', execution, request: request as { connectionId: string } },
        dependencies,
      ) as Promise<BeginResult>,
    start: (
      connectionId: string,
      execution = 'run-1',
      following?: StartSyncResult['following'],
      options: { unpause?: boolean } = {},
    ) =>
      startSync(
        { connectionId, execution, following, unpause: options.unpause ?? false },
        dependencies,
      ) as Promise<StartSyncResult>,
    look: (connectionId: string, following: StartSyncResult['following'], execution = 'run-1') =>
      readSync(
        { mode: 'progress', execution, connectionId, following },
        dependencies,
      ) as Promise<ProgressResult>,
    /**
     * Looks until the sync is over, as run-sync does: our clock goes on by each wait, while `meanwhile` lets the
     * real Fivetran do its work.
     */
    follow: async (
      connectionId: string,
      started: Pick<StartSyncResult, 'following' | 'waitSeconds'>,
      meanwhile: () => Promise<unknown>,
      execution = 'run-1',
    ): Promise<{ last: ProgressResult; looks: ProgressResult[] }> => {
      const looks: ProgressResult[] = [];
      let { following, waitSeconds } = started;
      for (let count = 0; count < 500; count += 1) {
        clock.advance(waitSeconds);
        await meanwhile();
        const last = await bench.look(connectionId, following, execution);
        looks.push(last);
        if (last.outcome === 'succeeded' || last.outcome === 'failed') return { last, looks };
        ({ following, waitSeconds } =
          last.outcome === 'restart' ? await bench.start(connectionId, execution, last.following) : last);
      }
      throw new Error('The sync was not over after 500 looks.');
    },
    close: (connectionId: string, sync: EndedSync | null, execution = 'run-1', verdict = 'verified') =>
      readSync(
        {
          mode: 'close',
          execution,
          connectionId,
          outcome: sync?.status === 'SUCCESSFUL' ? 'succeeded' : 'failed',
          sync,
          verdict,
        },
        dependencies,
      ),
    test: (connectionId: string) =>
      testConnection(
        { connectionId },
        {
          fivetran,
          pace: { take: () => Promise.resolve(0) },
          registers: { ...dependencies.registers, recordProof: () => Promise.resolve(false) },
          log: silentLog,
        },
      ),
    /** A webhook request that we sign as Fivetran would. */
    webhook: (event: object) => {
      const body = Buffer.from(JSON.stringify(event));
      return bench.receive(body, sign(body, webhookSecret));
    },
    /** A webhook request as it came over the wire. */
    receive: (body: Buffer, signature: string) =>
      onFivetranWebhook(
        { body, signature },
        {
          secrets: () => Promise.resolve([webhookSecret]),
          bus,
          syncs,
          leases,
          policy: 'every 24h',
          clock,
          log: silentLog,
          metrics: silentMetrics,
        },
      ),
    reconcile: (options: { policy?: string; roleVersion?: string; graceMs?: number } = {}) =>
      reconcileSyncs({
        conditions: createConditions(table),
        fivetranKey: { secretId: 'test/fivetran', read: () => Promise.resolve() },
        fivetran,
        openFleet: () => openFleet(table, clock),
        syncs,
        leases,
        bus,
        roleVersion: () => Promise.resolve(options.roleVersion),
        webhookUrl: 'https://example.com/fivetran',
        policy: options.policy ?? 'every 24h',
        // Fivetran's Date header has whole seconds, so an end of just now may seem to lie ahead of it.
        graceMs: options.graceMs ?? -1000,
        clock,
        log: silentLog,
        metrics: silentMetrics,
      }),
  };
  return bench;
}
