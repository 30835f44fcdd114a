import type { BusEvent } from '../../shared/clients/event-bus/event-bus.ts';
import type { SeenConnection } from '../../shared/clients/ledger/fleet.ts';
import type { Connection } from '../../shared/contracts/fivetran.ts';
import type { SyncState } from '../../shared/contracts/sync-state.ts';
import { conditionsOf } from '../../shared/rules/connection-conditions.ts';
import { followedBy, isEndOfFollowed } from '../../shared/rules/heard-end.ts';
import { isReviewDue } from '../../shared/rules/review.ts';
import { fivetranTime, lastEndOf, toInstant } from '../../shared/rules/sync-view.ts';

/** One connection, and all that is known of it. */
export interface Sight {
  connection: Connection;
  /** Fivetran's time. */
  serverTime: Date;
  /** How it stood when it was seen last; undefined when it never was. */
  seen: SeenConnection | undefined;
  /** What webhooks and executions have noted. */
  state: SyncState;
  /** Who holds the connection's lease: looked up only when it may matter. */
  holder: string | undefined;
  /** Version of the role's secret, now. */
  roleVersion: string | undefined;
  /** When increments are verified. */
  policy: string;
  /** A webhook that is on its way is not called lost for this long. */
  graceMs: number;
}

export interface Look {
  events: BusEvent[];
  remember: SeenConnection;
}

/** A webhook's event and the connection's timestamp of the same end are this close. */
const sameMomentMs = 5_000;

/**
 * What ended, began or is over since the connection was seen last. One that is seen for the first time, and that no
 * execution has followed before, only begins to be remembered.
 */
export function lookAt(sight: Sight): Look {
  const { connection, seen, state } = sight;
  const last = lastEndOf(connection);
  const end = lostEnd(sight);
  const method = changedMethod(sight);
  const conditions = changedConditions(sight);
  const endedAt = toInstant(last?.endedAt ?? null) ?? '';
  // An end that is still to be told is remembered when it was.
  const isKnown = end !== undefined || !isNews(sight);
  return {
    events: [...(end === undefined ? [] : [end]), ...method, ...conditions.events],
    remember: {
      ...(isKnown
        ? { endedAt, failed: last?.status === 'FAILURE' }
        : {
            endedAt: seen?.endedAt ?? state.lastEndedAt ?? '',
            failed: seen?.failed ?? state.lastOutcome === 'failed',
          }),
      updateMethod: connection.updateMethod === '' ? (seen?.updateMethod ?? '') : connection.updateMethod,
      paused: connection.paused,
      conditions: conditions.standing,
    },
  };
}

/** Whether a sync ended that neither a webhook nor an execution has told the ledger about. */
function isNews({ connection, seen, state }: Pick<Sight, 'connection' | 'seen' | 'state'>): boolean {
  const last = lastEndOf(connection);
  const knownUntil = seen?.endedAt ?? state.lastEndedAt;
  if (last === undefined || knownUntil === undefined) return false;
  const endedMs = fivetranTime(last.endedAt);
  // A report that was left to an execution is told only when that one has closed the sync: it may have died.
  const reportedAt = state.reported?.followed === true ? null : (state.reported?.endedAt ?? null);
  return (
    endedMs > fivetranTime(knownUntil) &&
    endedMs > fivetranTime(state.lastEndedAt ?? null) + sameMomentMs &&
    endedMs > fivetranTime(reportedAt) + sameMomentMs
  );
}

function lostEnd(sight: Sight): BusEvent | undefined {
  const { connection, seen, state, holder, serverTime, policy, graceMs } = sight;
  const last = lastEndOf(connection);
  if (last === undefined || !isNews(sight)) return undefined;
  if (serverTime.getTime() - fivetranTime(last.endedAt) < graceMs) return undefined;
  const endedAt = toInstant(last.endedAt) ?? last.endedAt;
  const followed = followedBy(holder, state.followed);
  if (followed !== undefined && isEndOfFollowed({ syncId: '', endedAt }, followed, undefined)) {
    return undefined;
  }
  const lastOutcome = state.lastOutcome ?? (seen?.failed === true ? 'failed' : undefined);
  const review = isReviewDue(
    { status: last.status, endedAt },
    { lastOutcome, lastJudgedAt: state.lastJudgedAt },
    policy,
  );
  return {
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
  };
}

/** Whether it matters who holds the connection's lease. */
export function asksForHolder(sight: Pick<Sight, 'connection' | 'seen' | 'state'>): boolean {
  return (
    sight.connection.syncState === 'rescheduled' || (sight.state.followed !== undefined && isNews(sight))
  );
}

function changedMethod({ connection, seen, serverTime }: Sight): BusEvent[] {
  const before = seen?.updateMethod ?? '';
  const { updateMethod, id, name } = connection;
  if (before === '' || updateMethod === '' || before === updateMethod) return [];
  return [
    attention(connection, {
      kind: 'update-method-changed',
      summary: `The update method of ${name || id} changed from ${before} to ${updateMethod}.`,
      since: serverTime.toISOString(),
      resolved: false,
    }),
  ];
}

function changedConditions({ connection, seen, state, serverTime, holder, roleVersion }: Sight): {
  events: BusEvent[];
  standing: Record<string, string>;
} {
  const before = seen?.conditions ?? {};
  const now = conditionsOf({
    connection,
    serverTime,
    wasPaused: seen?.paused,
    standing: new Set(Object.keys(before)),
    followed: holder !== undefined,
    role: state.sentRole === undefined ? undefined : { sent: state.sentRole.versionId, current: roleVersion },
  });
  const kinds = new Set(now.map(({ kind }) => kind));
  const at = serverTime.toISOString();
  return {
    events: [
      ...now
        .filter(({ kind }) => before[kind] === undefined)
        .map(({ kind, summary }) => attention(connection, { kind, summary, since: at, resolved: false })),
      ...Object.entries(before)
        .filter(([kind]) => !kinds.has(kind))
        .map(([kind, since]) =>
          attention(connection, { kind, summary: `It is over (${kind}).`, since, resolved: true }),
        ),
    ],
    standing: Object.fromEntries(now.map(({ kind }) => [kind, before[kind] ?? at])),
  };
}

function attention(
  { id, name, groupId }: Connection,
  about: { kind: string; summary: string; since: string; resolved: boolean },
): BusEvent {
  return {
    type: 'Attention',
    detail: { version: 1, subject: { type: 'connection', id, name }, group: groupId, ...about },
  };
}
