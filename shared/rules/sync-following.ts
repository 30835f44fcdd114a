import type { Connection } from '../contracts/fivetran.ts';
import type { Following } from '../contracts/sync.ts';
import { secondsAfter, secondsBetween } from './instants.ts';
import { baselineOf } from './sync-view.ts';
import { nextLookSeconds, nextQuestionSeconds } from './sync-waiting.ts';

/** What is known when a sync begins to be followed. */
export interface FollowFacts {
  connection: Connection;
  /** Fivetran's time when we asked for the sync; null when it is adopted. */
  startedAt: string | null;
  now: Date;
  /** How long the connection's last sync took. */
  expectedSeconds: number | undefined;
  /** Name of the end that was reported last, see `nameOfReport`. */
  knownEnd: string;
}

/** The beginning of following a sync. */
export function follow({ connection, startedAt, now, expectedSeconds, knownEnd }: FollowFacts): Following {
  const expected = expectedSeconds ?? null;
  return {
    baseline: baselineOf(connection),
    startedByUs: startedAt !== null,
    startedAt,
    historical: connection.isHistoricalSync || connection.succeededAt === null,
    since: now.toISOString(),
    nextQuestionAt: secondsAfter(now, nextQuestionSeconds({ elapsedSeconds: 0, expectedSeconds: expected })),
    expectedSeconds: expected,
    knownEnd,
    seenSyncing: connection.syncState === 'syncing',
    quietLooks: 0,
    starts: startedAt === null ? 0 : 1,
    reschedules: 0,
    rescheduledFor: null,
  };
}

/** The same sync, asked for once more after a reschedule or because it never began. */
export function restart(following: Following, startedAt: string | null, now: Date): Following {
  return {
    ...following,
    startedByUs: following.startedByUs || startedAt !== null,
    startedAt: startedAt ?? following.startedAt,
    since: now.toISOString(),
    nextQuestionAt: secondsAfter(
      now,
      nextQuestionSeconds({ elapsedSeconds: 0, expectedSeconds: following.expectedSeconds }),
    ),
    seenSyncing: false,
    quietLooks: 0,
    starts: following.starts + 1,
  };
}

/** Seconds until the next look: at the ledger, or at Fivetran when that comes earlier. */
export function secondsToLook({ since, nextQuestionAt }: Following, now: Date): number {
  const elapsed = secondsBetween(since, now);
  const toQuestion = Math.ceil(secondsBetween(now, nextQuestionAt));
  return Math.max(1, Math.min(nextLookSeconds(elapsed), toQuestion));
}

/** Tells one reported end from another. */
export function nameOfReport(report: { syncId: string; endedAt: string } | undefined): string {
  return report === undefined ? '' : `${report.syncId}@${report.endedAt}`;
}
