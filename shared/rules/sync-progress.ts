import type { ConnectionNow } from '../contracts/fivetran.ts';
import type { EndedSync, Following, ProgressResult } from '../contracts/sync.ts';
import type { ReportedEnd } from '../contracts/sync-state.ts';
import { secondsAfter, secondsBetween } from './instants.ts';
import { nameOfReport, secondsToLook } from './sync-following.ts';
import { fivetranTime, toInstant, viewSync } from './sync-view.ts';
import { deadlineSeconds, nextQuestionSeconds } from './sync-waiting.ts';

export interface ProgressFacts {
  following: Following;
  connection: ConnectionNow;
  /** The end that the webhook reported last. */
  report: ReportedEnd | undefined;
  /** Our clock. */
  now: Date;
}

/** A sync that was asked for and did not begin is asked for again after this time. */
const notStartedSeconds = 120;
/** Fivetran's state and timestamps do not change in one instant; a quiet look is confirmed after this time. */
const confirmSeconds = 10;
const mostReschedules = 10;
/** For each reschedule of a manual schedule we ask once; a few more for one that Fivetran does not begin. */
const mostStarts = mostReschedules + 5;
const longestWaitSeconds = 24 * 3600;

/**
 * What follows from one look at Fivetran. `rescheduled_for` becomes seconds by the time of the same answer; the
 * sync's end is told by Fivetran's timestamps against those from before it began; our clock measures only how long
 * we have been waiting.
 */
export function judgeProgress(facts: ProgressFacts): ProgressResult {
  const { following, connection, now } = facts;
  const news = newsOf(facts);
  const view = viewSync(connection, following.baseline);
  switch (view.state) {
    case 'succeeded':
      return ended(facts, 'SUCCESSFUL', view.endedAt, '');
    case 'failed':
      return ended(facts, news?.status ?? 'FAILURE', view.endedAt, reasonOf(facts, ''));
    case 'paused': {
      const paused = 'Somebody paused the connection while its sync was awaited.';
      return ended(facts, 'PAUSED', undefined, reasonOf(facts, paused));
    }
    case 'broken': {
      const broken = 'The connection is broken.';
      return ended(facts, 'FAILURE', undefined, reasonOf(facts, broken));
    }
    case 'rescheduled':
      return rescheduled(facts, view.rescheduledFor);
    case 'running':
      return overdue(facts) ?? running(facts, { seenSyncing: true, quietLooks: 0 });
    case 'quiet':
      return overdue(facts) ?? quiet(facts, news, now);
  }
}

function newsOf({ following, report }: ProgressFacts): ReportedEnd | undefined {
  return report !== undefined && nameOfReport(report) !== following.knownEnd ? report : undefined;
}

/** What Fivetran said of the end; our own words where it said nothing. */
function reasonOf(facts: ProgressFacts, otherwise: string): string {
  const said = newsOf(facts)?.reason ?? '';
  return said === '' ? otherwise : said;
}

function ended(
  facts: ProgressFacts,
  status: string,
  endedAt: string | undefined,
  reason: string,
): ProgressResult {
  const { following, connection } = facts;
  const news = newsOf(facts);
  const succeeded = status === 'SUCCESSFUL';
  const sync: EndedSync = {
    status,
    reason,
    tasks: connection.tasks,
    warnings: connection.warnings,
    endedAt: toInstant(endedAt ?? null) ?? connection.serverTime.toISOString(),
    startedAt: news?.startedAt ?? toInstant(following.startedAt),
    syncId: news?.syncId ?? '',
    figures: '',
  };
  return {
    outcome: succeeded ? 'succeeded' : 'failed',
    summary: `The sync of ${connection.name} ${succeeded ? 'succeeded' : `ended as ${status}`}.`,
    following,
    waitSeconds: 0,
    sync,
  };
}

function overdue(facts: ProgressFacts): ProgressResult | undefined {
  const { following, connection, now } = facts;
  const limit =
    following.historical || connection.isHistoricalSync
      ? deadlineSeconds.historical
      : deadlineSeconds.incremental;
  if (secondsBetween(following.since, now) <= limit) return undefined;
  return ended(facts, 'OVERDUE', undefined, `The sync has not ended within ${limit / 3600} hours.`);
}

function running(facts: ProgressFacts, seen: Partial<Following>): ProgressResult {
  const { following, connection, report, now } = facts;
  const elapsedSeconds = secondsBetween(following.since, now);
  const untilSeconds = nextQuestionSeconds({ elapsedSeconds, expectedSeconds: following.expectedSeconds });
  // A reported end that Fivetran's answer does not show yet is asked about again soon, once.
  const wait =
    newsOf(facts) === undefined ? untilSeconds - elapsedSeconds : Math.min(confirmSeconds, untilSeconds);
  return look(facts, `The sync of ${connection.name} is running.`, {
    ...following,
    ...seen,
    knownEnd: report === undefined ? following.knownEnd : nameOfReport(report),
    nextQuestionAt: secondsAfter(now, Math.max(wait, 2)),
  });
}

function quiet(facts: ProgressFacts, news: ReportedEnd | undefined, now: Date): ProgressResult {
  const { following, connection } = facts;
  if (news !== undefined && news.status !== 'SUCCESSFUL' && news.status !== 'RESCHEDULED') {
    return ended(facts, news.status, news.endedAt, news.reason);
  }
  if (following.seenSyncing) {
    if (following.quietLooks > 0 && news === undefined) {
      const cancelled = 'The sync stopped without an end: somebody cancelled it.';
      return ended(facts, 'CANCELED', undefined, cancelled);
    }
    return look(facts, `The sync of ${connection.name} seems to be over; its end is not known yet.`, {
      ...following,
      quietLooks: following.quietLooks + 1,
      nextQuestionAt: secondsAfter(now, confirmSeconds),
    });
  }
  const elapsed = secondsBetween(following.since, now);
  if (news === undefined && elapsed >= notStartedSeconds) {
    if (following.starts < 2) {
      return {
        ...look(facts, 'The sync has not begun; it is asked for once more.', following),
        outcome: 'restart',
      };
    }
    return ended(
      facts,
      'NOT_STARTED',
      undefined,
      'Fivetran took the request for a sync and did not begin one.',
    );
  }
  return running(facts, { quietLooks: 0 });
}

function rescheduled(facts: ProgressFacts, rescheduledFor: string): ProgressResult {
  const { following, connection, now } = facts;
  const serverMs = connection.serverTime.getTime();
  const dueSeconds = secondsBetween(serverMs, fivetranTime(rescheduledFor));
  const isNew = following.rescheduledFor !== rescheduledFor;
  const reschedules = following.reschedules + (isNew ? 1 : 0);
  if (reschedules > mostReschedules) {
    const times = `Fivetran rescheduled the sync ${reschedules} times.`;
    return ended(facts, 'RESCHEDULED', undefined, `${times} ${reasonOf(facts, '')}`.trim());
  }
  const known: Following = { ...following, reschedules, rescheduledFor };
  if (dueSeconds <= 0 && connection.scheduleType === 'manual') {
    return dueByHand(facts, known, secondsBetween(fivetranTime(following.startedAt), serverMs), -dueSeconds);
  }
  const late = overdue(facts);
  if (late !== undefined && dueSeconds <= 0) return late;
  const waitSeconds = Math.ceil(
    Math.min(Math.max(dueSeconds + 1, dueSeconds <= 0 ? 60 : 2), longestWaitSeconds),
  );
  const due = secondsAfter(now, waitSeconds);
  return {
    outcome: following.rescheduledFor === null ? 'rescheduled' : 'running',
    summary: `Fivetran rescheduled the sync of ${connection.name} for ${rescheduledFor}.`,
    following: {
      ...known,
      // The deadline counts from when the sync is due, not from when it was put off.
      since: dueSeconds > 0 ? due : following.since,
      nextQuestionAt: due,
      seenSyncing: false,
      quietLooks: 0,
    },
    waitSeconds,
    sync: null,
  };
}

/** Fivetran leaves a reschedule of a manual schedule to us, and shows it on until the sync that we asked for begins. */
function dueByHand(
  facts: ProgressFacts,
  following: Following,
  sinceAskedSeconds: number,
  sinceDueSeconds: number,
): ProgressResult {
  if (sinceAskedSeconds <= sinceDueSeconds && sinceAskedSeconds < notStartedSeconds) {
    return {
      ...running({ ...facts, following }, { quietLooks: 0 }),
      summary: 'The rescheduled sync was asked for and has not begun yet.',
    };
  }
  if (following.starts >= mostStarts) {
    const reason = `Fivetran was asked for the sync ${following.starts} times and has not begun the rescheduled one.`;
    return ended(facts, 'NOT_STARTED', undefined, reason);
  }
  return {
    ...look(facts, 'The rescheduled sync is due and its schedule is manual: it is asked for.', following),
    outcome: 'restart',
  };
}

function look({ now }: ProgressFacts, summary: string, following: Following): ProgressResult {
  return { outcome: 'running', summary, following, waitSeconds: secondsToLook(following, now), sync: null };
}
