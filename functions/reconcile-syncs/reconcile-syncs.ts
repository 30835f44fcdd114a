import type { BusEvent, EventBus } from '../../shared/clients/event-bus/event-bus.ts';
import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { Leases } from '../../shared/clients/ledger/leases.ts';
import type { SyncState, Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Connection } from '../../shared/contracts/fivetran.ts';
import type { Log } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { conditionsOf } from '../../shared/rules/connection-conditions.ts';
import { followedBy, isEndOfFollowed } from '../../shared/rules/followed-sync.ts';
import { isReviewDue } from '../../shared/rules/review.ts';
import { postgresServices } from '../../shared/rules/supported-services.ts';
import { syncLease } from '../../shared/rules/sync-lease.ts';
import { fivetranTime, lastEndOf, toInstant } from '../../shared/rules/sync-view.ts';
import { checkWebhook } from './check-webhook.ts';

export interface ReconcileSyncsDependencies {
  fivetran: Fivetran;
  syncs: Syncs;
  leases: Pick<Leases, 'holder'>;
  bus: EventBus;
  /** Version of the role that Fivetran logs in with, now. */
  roleVersion: (source: string) => Promise<string | undefined>;
  webhookUrl: string;
  /** When increments are verified: `always`, `never` or `every <n>h`. */
  policy: string;
  /** A webhook that is on its way is not called lost for this long. */
  graceMs: number;
  clock: Clock;
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

/** A webhook's event and the connection's timestamp of the same end are this close. */
const sameMomentMs = 5_000;
/** Ledger reads and writes at a time. */
const mostAtOnce = 16;

/**
 * Holds what Fivetran says of all PostgreSQL connections against what the ledger remembers: one list call for each
 * thousand connections. Whatever ended, began or is over since becomes an event, once. A connection that is seen
 * for the first time only begins to be remembered.
 */
export async function reconcileSyncs(
  _input: unknown,
  dependencies: ReconcileSyncsDependencies,
): Promise<Reconciliation> {
  const { fivetran, syncs, log, metrics } = dependencies;
  let stalestSeconds = 0;
  const known = await syncs.states();
  const versions = rememberVersions(dependencies.roleVersion);
  const total: Reconciliation = { connections: 0, endedSyncs: 0, changes: 0 };
  for await (const { items, serverTime } of fivetran.connections.list()) {
    const ours = items.filter(({ service }) => postgresServices.has(service));
    stalestSeconds = Math.max(
      stalestSeconds,
      ...ours.map((connection) => staleSeconds(connection, serverTime)),
    );
    for (let start = 0; start < ours.length; start += mostAtOnce) {
      await Promise.all(
        ours.slice(start, start + mostAtOnce).map(async (connection) => {
          const { ended, changes } = await reconcile(
            { connection, state: known.get(connection.id), serverTime, versions },
            dependencies,
          );
          total.connections += 1;
          total.endedSyncs += ended;
          total.changes += changes;
        }),
      );
    }
  }
  total.changes += await checkWebhook(dependencies);
  log.info('RECONCILED', 'All connections were held against the ledger.', { ...total, stalestSeconds });
  metrics.counts({ StalestSeconds: stalestSeconds });
  return total;
}

/** How old a connection's data is, by Fivetran's own clock; nobody waits for one that is paused or never succeeded. */
function staleSeconds({ paused, succeededAt }: Connection, serverTime: Date): number {
  if (paused || succeededAt === null) return 0;
  return Math.max(0, Math.round((serverTime.getTime() - fivetranTime(succeededAt)) / 1000));
}

interface Seen {
  connection: Connection;
  state: SyncState | undefined;
  /** Fivetran's time. */
  serverTime: Date;
  versions: (source: string) => Promise<string | undefined>;
}

async function reconcile(
  seen: Seen,
  dependencies: ReconcileSyncsDependencies,
): Promise<{ ended: number; changes: number }> {
  const { syncs, bus } = dependencies;
  const { connection, state } = seen;
  const lookedAt = await look(seen, dependencies);
  if (lookedAt.events.length > 0) await bus.put(lookedAt.events);
  // Remembered only after the bus has taken the events: what is lost in between is told again.
  const change = changed(state, { ...lookedAt.remember, name: connection.name });
  if (change !== undefined) await syncs.change(connection.id, change);
  return {
    ended: lookedAt.events.filter(({ type }) => type === 'Fivetran Sync Ended').length,
    changes: lookedAt.events.filter(({ type }) => type === 'Attention').length,
  };
}

interface Look {
  events: BusEvent[];
  remember: Partial<SyncState>;
}

async function look(seen: Seen, dependencies: ReconcileSyncsDependencies): Promise<Look> {
  const { connection, state } = seen;
  const holder =
    isCandidate(seen, dependencies.graceMs) || connection.syncState === 'rescheduled'
      ? await dependencies.leases.holder(syncLease(connection.id))
      : undefined;
  const parts = [
    lostEnd(seen, holder, dependencies),
    changedMethod(seen),
    await conditions(seen, holder !== undefined),
  ];
  return {
    events: parts.flatMap(({ events }) => events),
    remember: Object.assign(
      { updateMethod: connection.updateMethod, paused: connection.paused },
      state === undefined ? firstSight(connection) : {},
      ...parts.map(({ remember }) => remember),
    ) as Partial<SyncState>,
  };
}

function firstSight(connection: Connection): Partial<SyncState> {
  const last = lastEndOf(connection);
  return last === undefined
    ? {}
    : {
        lastEndedAt: toInstant(last.endedAt) ?? '',
        lastOutcome: last.status === 'SUCCESSFUL' ? 'succeeded' : 'failed',
      };
}

/** Whether a sync ended that neither a webhook nor an execution has told the ledger about. */
function isCandidate({ connection, state, serverTime }: Seen, graceMs: number): boolean {
  const last = lastEndOf(connection);
  if (last === undefined || state === undefined) return false;
  const endedMs = fivetranTime(last.endedAt);
  return (
    endedMs > fivetranTime(state.lastEndedAt ?? null) &&
    endedMs > fivetranTime(state.reported?.endedAt ?? null) + sameMomentMs &&
    serverTime.getTime() - endedMs >= graceMs
  );
}

function lostEnd(
  seen: Seen,
  holder: string | undefined,
  { policy, graceMs }: Pick<ReconcileSyncsDependencies, 'policy' | 'graceMs'>,
): Look {
  const { connection, state } = seen;
  const last = lastEndOf(connection);
  if (last === undefined || !isCandidate(seen, graceMs)) return { events: [], remember: {} };
  const endedAt = toInstant(last.endedAt) ?? last.endedAt;
  const followed = followedBy(holder, state?.followed);
  if (followed !== undefined && isEndOfFollowed({ syncId: '', endedAt }, followed, undefined)) {
    return { events: [], remember: {} };
  }
  const review = isReviewDue(
    { status: last.status, endedAt },
    { followed: false, lastOutcome: state?.lastOutcome, lastVerifiedAt: state?.lastVerifiedAt },
    policy,
  );
  return {
    events: [
      {
        type: 'Fivetran Sync Ended',
        detail: {
          version: 1,
          connectionId: connection.id,
          syncId: '',
          status: last.status,
          reason: '',
          endedAt,
          observedBy: 'reconciliation',
          review,
        },
      },
    ],
    remember: { lastEndedAt: endedAt },
  };
}

function changedMethod({ connection, state, serverTime }: Seen): Look {
  const before = state?.updateMethod ?? '';
  const { updateMethod, id, name } = connection;
  if (before === '' || updateMethod === '' || before === updateMethod) return { events: [], remember: {} };
  return {
    events: [
      attention(connection, {
        kind: 'update-method-changed',
        summary: `The update method of ${name || id} changed from ${before} to ${updateMethod}.`,
        since: serverTime.toISOString(),
        resolved: false,
      }),
    ],
    remember: { updateMethod },
  };
}

async function conditions(seen: Seen, followed: boolean): Promise<Look> {
  const { connection, state, serverTime, versions } = seen;
  const standing = state?.conditions ?? {};
  const sent = state?.sentRole;
  const now = conditionsOf({
    connection,
    serverTime,
    wasPaused: state?.paused,
    standing: new Set(Object.keys(standing)),
    followed,
    role: sent === undefined ? undefined : { sent: sent.versionId, current: await versions(sent.source) },
  });
  const kinds = new Set(now.map(({ kind }) => kind));
  const at = serverTime.toISOString();
  const begun = now.filter(({ kind }) => standing[kind] === undefined);
  const over = Object.entries(standing).filter(([kind]) => !kinds.has(kind));
  return {
    events: [
      ...begun.map(({ kind, summary }) =>
        attention(connection, { kind, summary, since: at, resolved: false }),
      ),
      ...over.map(([kind, since]) =>
        attention(connection, { kind, summary: `It is over (${kind}).`, since, resolved: true }),
      ),
    ],
    remember:
      begun.length + over.length === 0
        ? {}
        : { conditions: Object.fromEntries(now.map(({ kind }) => [kind, standing[kind] ?? at])) },
  };
}

function attention(
  { id, name }: Connection,
  about: { kind: string; summary: string; since: string; resolved: boolean },
): BusEvent {
  return {
    type: 'Attention',
    detail: { version: 1, subject: { type: 'connection', id, name }, ...about },
  };
}

/** What differs from what is remembered; undefined when nothing does, so that a quiet fleet writes nothing. */
function changed(before: SyncState | undefined, after: Partial<SyncState>): Partial<SyncState> | undefined {
  if (before === undefined) return after;
  const known = new Map<string, unknown>(Object.entries(before));
  const different = Object.entries(after).filter(
    ([field, value]) => JSON.stringify(known.get(field)) !== JSON.stringify(value),
  );
  return different.length === 0 ? undefined : Object.fromEntries(different);
}

function rememberVersions(
  read: (source: string) => Promise<string | undefined>,
): (source: string) => Promise<string | undefined> {
  const versions = new Map<string, Promise<string | undefined>>();
  return (source) => {
    const known = versions.get(source) ?? read(source);
    versions.set(source, known);
    return known;
  };
}
