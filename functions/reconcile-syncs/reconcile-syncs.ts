import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { Fleet } from '../../shared/clients/ledger/fleet.ts';
import type { Leases } from '../../shared/clients/ledger/leases.ts';
import type { Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Connection } from '../../shared/contracts/fivetran.ts';
import type { Log } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { postgresServices } from '../../shared/rules/supported-services.ts';
import { syncLease } from '../../shared/rules/sync-lease.ts';
import { fivetranTime } from '../../shared/rules/sync-view.ts';
import { checkKey, type CheckKeyDependencies } from './check-key.ts';
import { checkWebhook, type CheckWebhookDependencies } from './check-webhook.ts';
import { asksForHolder, lookAt, type Look, type Sight } from './look.ts';

export interface ReconcileSyncsDependencies extends CheckKeyDependencies, CheckWebhookDependencies {
  fivetran: Fivetran;
  openFleet: () => Promise<Fleet>;
  syncs: Syncs;
  leases: Pick<Leases, 'holder'>;
  /** Version of the role that Fivetran logs in with, now. */
  roleVersion: (source: string) => Promise<string | undefined>;
  /** When increments are verified: `always`, `never` or `every <n>h`. */
  policy: string;
  /** A webhook that is on its way is not called lost for this long. */
  graceMs: number;
  log: Log;
  metrics: Metrics;
}

export interface Reconciliation {
  connections: number;
  /** Ended syncs that nobody had told us about. */
  endedSyncs: number;
  /** Conditions that began or ended. */
  changes: number;
}

/**
 * Holds what Fivetran says of all PostgreSQL connections against what the ledger remembers, page by page: one list
 * call for each thousand connections. Whatever ended, began or is over since becomes an event, once. What cannot be
 * looked at holds nothing else up. While there is no API key to ask Fivetran with, on-call is told so and nothing else
 * happens.
 *
 * @throws the first failure, after all the rest was looked at
 */
export async function reconcileSyncs(dependencies: ReconcileSyncsDependencies): Promise<Reconciliation> {
  const { log } = dependencies;
  const key = await checkKey(dependencies);
  if (!key.isThere) {
    log.warn('NO_API_KEY', "Fivetran's API key is not filled in yet: nothing was looked at.");
    return { connections: 0, endedSyncs: 0, changes: key.changes };
  }
  const failures: unknown[] = [];
  const attempt: Attempt = async (what, work) => {
    try {
      await work();
    } catch (error) {
      log.error('NOT_RECONCILED', `${what} could not be looked at.`, { error });
      failures.push(error);
    }
  };
  const total = { connections: 0, endedSyncs: 0, changes: key.changes };
  await attempt("Fivetran's webhook", async () => {
    total.changes += await checkWebhook(dependencies);
  });
  const fleet = await dependencies.openFleet();
  await attempt('The list of connections', () => lookAtAll(fleet, total, attempt, dependencies));
  await fleet.save({ forgetOthers: failures.length === 0 });
  log.info('RECONCILED', 'The connections were held against the ledger.', {
    ...total,
    failed: failures.length,
  });
  if (failures.length > 0) throw failures[0];
  return total;
}

/** Does it, and keeps a failure for later. */
type Attempt = (what: string, work: () => Promise<void>) => Promise<void>;

/** Counts into `total` as it goes along the pages; how old the oldest data is, is known only after the last one. */
async function lookAtAll(
  fleet: Fleet,
  total: Reconciliation,
  attempt: Attempt,
  dependencies: ReconcileSyncsDependencies,
): Promise<void> {
  const { fivetran, syncs, bus, metrics } = dependencies;
  let stalestSeconds = 0;
  const states = await syncs.states();
  const roleVersion = once(dependencies.roleVersion);
  for await (const { items, serverTime } of fivetran.connections.list()) {
    const looks: [string, Look][] = [];
    for (const connection of items.filter(({ service }) => postgresServices.has(service))) {
      const { id } = connection;
      await attempt(`The connection ${id}`, async () => {
        const sight = { connection, serverTime, seen: fleet.before(id), state: states.get(id) ?? {} };
        looks.push([id, await look(sight, { ...dependencies, roleVersion })]);
      });
      stalestSeconds = Math.max(stalestSeconds, staleSeconds(connection, serverTime));
    }
    const events = looks.flatMap(([, { events: its }]) => its);
    await attempt(`A page of ${looks.length} connections`, async () => {
      await bus.put(events);
      // Remembered only after the bus has taken the events: what is lost in between is told again.
      for (const [id, { remember }] of looks) fleet.note(id, remember);
      const endedSyncs = events.filter(({ type }) => type === 'Fivetran Sync Ended').length;
      total.connections += looks.length;
      total.endedSyncs += endedSyncs;
      total.changes += events.length - endedSyncs;
    });
  }
  metrics.counts({ StalestSeconds: stalestSeconds });
}

async function look(
  sight: Pick<Sight, 'connection' | 'serverTime' | 'seen' | 'state'>,
  {
    leases,
    roleVersion,
    policy,
    graceMs,
  }: Pick<ReconcileSyncsDependencies, 'leases' | 'roleVersion' | 'policy' | 'graceMs'>,
): Promise<Look> {
  const { sentRole } = sight.state;
  return lookAt({
    ...sight,
    holder: asksForHolder(sight) ? await leases.holder(syncLease(sight.connection.id)) : undefined,
    roleVersion: sentRole === undefined ? undefined : await roleVersion(sentRole.source),
    policy,
    graceMs,
  });
}

/** How old a connection's data is, by Fivetran's own clock; nobody waits for one that is paused or never succeeded. */
function staleSeconds({ paused, succeededAt }: Connection, serverTime: Date): number {
  if (paused || succeededAt === null) return 0;
  return Math.max(0, Math.round((serverTime.getTime() - fivetranTime(succeededAt)) / 1000));
}

/** Each source's version is read once a run. */
function once(
  read: (source: string) => Promise<string | undefined>,
): (source: string) => Promise<string | undefined> {
  const versions = new Map<string, Promise<string | undefined>>();
  return (source) => {
    const known = versions.get(source) ?? read(source);
    versions.set(source, known);
    return known;
  };
}
