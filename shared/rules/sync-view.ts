import type { Connection } from '../contracts/fivetran.ts';
import type { Baseline } from '../contracts/sync.ts';

/** What a look at a connection says about the sync that is being followed. */
export type SyncView =
  | { state: 'succeeded' | 'failed'; endedAt: string }
  | { state: 'running' | 'quiet' | 'paused' | 'broken' }
  | { state: 'rescheduled'; rescheduledFor: string };

/** Milliseconds of a timestamp of Fivetran's; null and unreadable text are before everything. */
export function fivetranTime(text: string | null): number {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms;
}

/** A timestamp of Fivetran's in the notation of our contracts; null when there is none to read. */
export function toInstant(text: string | null): string | null {
  const ms = fivetranTime(text);
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}

/** The state before the next sync; taken from Fivetran's own timestamps, never from our clock. */
export function baselineOf({ succeededAt, failedAt }: Connection): Baseline {
  return { succeededAt, failedAt };
}

/**
 * How the sync that began after `baseline` stands. Ended means that Fivetran moved one of its own timestamps; when
 * both moved, the later one counts. A failure while Fivetran already tries again is not an end.
 */
export function viewSync(connection: Connection, baseline: Baseline): SyncView {
  const { succeededAt, failedAt, syncState, rescheduledFor } = connection;
  const succeeded = moved(succeededAt, baseline.succeededAt);
  const failed = moved(failedAt, baseline.failedAt);
  if (succeeded && succeededAt !== null && (!failed || fivetranTime(succeededAt) >= fivetranTime(failedAt))) {
    return { state: 'succeeded', endedAt: succeededAt };
  }
  if (connection.paused) return { state: 'paused' };
  if (syncState === 'rescheduled' && rescheduledFor !== null) {
    return { state: 'rescheduled', rescheduledFor };
  }
  if (syncState === 'syncing') return { state: 'running' };
  if (failed && failedAt !== null) return { state: 'failed', endedAt: failedAt };
  if (connection.setupState === 'broken') return { state: 'broken' };
  return { state: 'quiet' };
}

const moved = (now: string | null, before: string | null): boolean =>
  fivetranTime(now) > fivetranTime(before);

export interface LastEnd {
  status: 'SUCCESSFUL' | 'FAILURE';
  endedAt: string;
}

/** The last end that Fivetran remembers of a connection; undefined before its first sync has ended. */
export function lastEndOf({ succeededAt, failedAt }: Connection): LastEnd | undefined {
  if (succeededAt === null && failedAt === null) return undefined;
  return fivetranTime(succeededAt) >= fivetranTime(failedAt)
    ? { status: 'SUCCESSFUL', endedAt: succeededAt ?? '' }
    : { status: 'FAILURE', endedAt: failedAt ?? '' };
}
