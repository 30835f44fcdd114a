import type { ReportedEnd, SyncState } from '../contracts/sync-state.ts';
import type { FollowedSync, Following } from '../contracts/sync.ts';
import { fivetranTime } from './sync-view.ts';

/** An end that somebody heard of; times are Fivetran's. */
export interface HeardEnd {
  /** Empty when it is not known. */
  syncId: string;
  endedAt: string;
}

/** A webhook's event is made within this time of Fivetran's setting the connection's timestamp. */
export const webhookLagMs = 5 * 60_000;

/**
 * Whether an end is that of the sync which is followed, and not of one before or after it. By the sync's id where its
 * start was reported; otherwise by time.
 *
 * @param reportedStart the start that was reported last
 */
export function isEndOfFollowed(
  { syncId, endedAt }: HeardEnd,
  followed: Pick<FollowedSync, 'since' | 'startedByUs' | 'endedAt'>,
  reportedStart: { syncId: string; startedAt: string } | undefined,
): boolean {
  const sinceMs = fivetranTime(followed.since);
  const untilMs = followed.endedAt === undefined ? Number.POSITIVE_INFINITY : fivetranTime(followed.endedAt);
  if (reportedStart !== undefined && syncId !== '') {
    const startMs = fivetranTime(reportedStart.startedAt);
    const beganSince = startMs >= sinceMs && startMs <= untilMs;
    if (reportedStart.syncId === syncId) return followed.startedByUs ? beganSince : startMs <= untilMs;
    // Then the followed one is another.
    if (followed.startedByUs && beganSince) return false;
  }
  const endMs = fivetranTime(endedAt);
  return endMs >= sinceMs && endMs <= untilMs + webhookLagMs;
}

/** The sync that the lease's holder follows; undefined when nobody does, or before it has asked for one. */
export function followedBy(
  holder: string | undefined,
  followed: FollowedSync | undefined,
): FollowedSync | undefined {
  return holder !== undefined && followed?.execution === holder ? followed : undefined;
}

/** The report of an end, unless it is that of a sync before the one that is followed. */
export function reportOf(
  { startedAt }: Following,
  { reported, reportedStart }: Pick<SyncState, 'reported' | 'reportedStart'>,
): ReportedEnd | undefined {
  if (reported === undefined || startedAt === null) return reported;
  const start =
    reported.startedAt === null ? reportedStart : { syncId: reported.syncId, startedAt: reported.startedAt };
  return isEndOfFollowed(reported, { since: startedAt, startedByUs: true }, start) ? reported : undefined;
}
