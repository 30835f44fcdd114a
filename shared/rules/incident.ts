import type { AlertContent, Incident, Letter, Problem, Severity } from '../contracts/incident.ts';
import type { Subject } from '../contracts/subject.ts';
import { alertKind } from './alert-kinds.ts';
import { duration } from './duration.ts';

/** When on-call is spoken to again. Seconds, unless said otherwise. */
export const incidentPolicy = {
  /** Repeats within it are only counted in the first message. */
  quietSeconds: 15 * 60,
  escalateAfterReports: 6,
  escalateAfterSeconds: 60 * 60,
  remindFirstSeconds: 60 * 60,
  remindAgainSeconds: 6 * 60 * 60,
  /** So long a resolved incident is continued when the problem comes back. */
  settleSeconds: 15 * 60,
  /** So many times back, and its comings and goings are no longer told one by one. */
  flappingAfter: 3,
  /** So long a flapping problem must be calm to count as over. */
  calmSeconds: 30 * 60,
  fadeSeconds: 24 * 60 * 60,
  /** So long a one-time message is remembered: Lambda tries an event again for up to six hours. */
  rememberInformationSeconds: 8 * 60 * 60,
} as const;

/** Somebody says that a thing is broken. `at` is when that was true. */
export interface ProblemReport {
  phase: 'problem';
  id: string;
  at: string;
  subject: Subject;
  group?: string | undefined;
  kind: string;
  severity: Severity;
  summary: string;
  since: string;
  content: AlertContent;
}

/** Somebody says that a thing is whole again. */
export interface RecoveryReport {
  phase: 'resolved';
  id: string;
  at: string;
  subject: Subject;
  scope: RecoveryScope;
}

/** Something worth saying once. */
export interface InformationReport extends Omit<ProblemReport, 'phase'> {
  phase: 'information';
}

export type Report = ProblemReport | RecoveryReport | InformationReport;

/** What a recovery closes: everything, what a successful sync or a successful execution disproves, or one kind. */
export type RecoveryScope = 'all' | 'sync' | 'execution' | `kind:${string}`;

/** The incident of a subject. */
export const incidentKey = (subject: Subject): string => `${subject.type}#${subject.id}`;

/** An information has no incident to join, so its own report is its key. */
export const informationKey = (report: InformationReport): string => `information#${report.id}`;

const most = { seen: 60, letters: 30 };

/**
 * The incident after a report. Facts merge in any order and any number of times: a problem is open while it was
 * last seen after it was last over, whatever came first. Returns the same object when nothing changed.
 */
export function applyReport(
  incident: Incident | undefined,
  report: ProblemReport | RecoveryReport,
  now: Date,
): Incident | undefined {
  if (incident === undefined) return report.phase === 'problem' ? open(report, now) : undefined;
  return report.phase === 'problem'
    ? applyProblem(incident, report, now)
    : applyRecovery(incident, report.scope, report.at, now);
}

/** The incident after recoveries that were noted while it was not there. */
export const applyRecoveries = (
  incident: Incident,
  recoveries: readonly { scope: string; at: string }[],
  now: Date,
): Incident => recoveries.reduce((merged, { scope, at }) => applyRecovery(merged, scope, at, now), incident);

/** A message without an incident. */
export function createInformation(report: InformationReport, now: Date): Incident {
  const opened = open({ ...report, phase: 'problem' }, now);
  const key = informationKey(report);
  return { ...opened, key, id: `${key}@${opened.openedAt}`, status: 'information' };
}

/** Whether a problem of this subject is going on, by the facts. */
export const isBroken = (incident: Incident): boolean =>
  incident.problems.some((problem) => isOpen(incident, problem));

/** The problems that are going on, the worst first; those that were, when none is. */
export function shownProblems(incident: Incident): Problem[] {
  const going = incident.problems.filter((problem) => isOpen(incident, problem));
  const rank: Record<Severity, number> = { critical: 0, warning: 1, information: 2 };
  return (going.length > 0 ? going : [...incident.problems]).sort(
    (a, b) => rank[a.severity] - rank[b.severity] || compare(b.lastAt, a.lastAt),
  );
}

/** When the earliest problem that the incident tells of began. */
export const brokenSince = (incident: Incident): string =>
  incident.problems.map(({ since }) => since).reduce(earlier, incident.openedAt);

/** When it was over; a success that follows does not make it longer. */
export const wholeSince = (incident: Incident): string =>
  incident.overAt ?? incident.resolvedAt ?? incident.openedAt;

/** Whether Slack has yet to be told something by this incident's own message or thread. */
export const hasPost = (incident: Incident): boolean =>
  incident.letters.length > 0 ||
  (incident.posted?.ts !== undefined && incident.storm === undefined && incident.shown < incident.revision);

/** What the passing of time brings: escalation, reminders, the end of flapping, the fading of what nobody ends. */
export function applyTime(incident: Incident, now: Date): Incident {
  if (incident.status !== 'open') return incident;
  const policy = incidentPolicy;
  if (incident.dampedCalmSince !== undefined && incident.dampedCalmSince !== '') {
    return secondsBetween(incident.dampedCalmSince, now) >= policy.calmSeconds && !isBroken(incident)
      ? resolve(incident, now)
      : incident;
  }
  if (hasFaded(incident, now)) return fade(incident, now);
  if (incident.posted === undefined || incident.letters.length > 0 || incident.storm !== undefined) {
    return incident;
  }
  return shownProblems(incident)[0]?.content.heldEndpoint === undefined
    ? escalateInTime(incident, now)
    : remindInTime(incident, now);
}

/** Whether the incident can leave the ledger's open part: all is told and nothing will continue it. */
export function isSettled(incident: Incident, now: Date): boolean {
  if (incident.status === 'open' || hasPost(incident)) return false;
  const keep =
    incident.status === 'information'
      ? incidentPolicy.rememberInformationSeconds
      : incidentPolicy.settleSeconds;
  return secondsBetween(incident.resolvedAt ?? incident.openedAt, now) >= keep;
}

/** Notes that a letter is about to leave: should its delivery not be recorded, it may have arrived. */
export const letterTried = (incident: Incident, letterId: string, now: Date): Incident => ({
  ...incident,
  letters: incident.letters.map((letter) =>
    letter.id === letterId ? { ...letter, triedAt: now.toISOString() } : letter,
  ),
});

/** The letter certainly did not arrive. */
export const letterCameBack = (incident: Incident, letterId: string): Incident => ({
  ...incident,
  letters: incident.letters.map((letter) =>
    letter.id === letterId ? { ...letter, triedAt: undefined } : letter,
  ),
});

/** The incident once Slack has a letter. `revision` is the one that was shown. */
export function letterDelivered(
  incident: Incident,
  letterId: string,
  posted: { channel: string; ts?: string },
  revision: number,
  now: Date,
): Incident {
  const letter = incident.letters.find(({ id }) => id === letterId);
  if (letter === undefined) return incident;
  const left = { ...incident, letters: incident.letters.filter(({ id }) => id !== letterId) };
  const at = now.toISOString();
  return letter.kind === 'first'
    ? { ...left, posted: { ...posted, at }, shown: revision, spokenAt: at }
    : { ...left, spokenAt: at };
}

/** The incident once its first message shows `revision`. */
export const firstMessageShows = (incident: Incident, revision: number): Incident => ({
  ...incident,
  shown: Math.max(incident.shown, revision),
});

/** Whether it was over before anybody was told, and no message is on its way. */
export const isUnheard = (incident: Incident): boolean =>
  incident.posted === undefined &&
  incident.storm === undefined &&
  !isBroken(incident) &&
  incident.letters.every(({ triedAt }) => triedAt === undefined);

/** The incident as one of a storm: its own letters are dropped, the storm's message tells of it. */
export const joinStorm = (incident: Incident, storm: string, place: number): Incident => ({
  ...incident,
  storm,
  stormPlace: place,
  letters: [],
});

function open(report: ProblemReport, now: Date): Incident {
  const openedAt = now.toISOString();
  const key = incidentKey(report.subject);
  const incident: Incident = {
    key,
    id: `${key}@${openedAt}`,
    subject: report.subject,
    group: report.group,
    status: 'open',
    openedAt,
    problems: [asProblem(report)],
    recoveries: [],
    count: 1,
    seen: [report.id],
    reopened: 0,
    letters: [],
    lettersWritten: 0,
    revision: 1,
    shown: 0,
  };
  return write(incident, 'first', '', now);
}

const asProblem = (report: ProblemReport): Problem => ({
  kind: report.kind,
  severity: report.severity,
  summary: report.summary,
  since: report.since,
  firstAt: report.at,
  lastAt: report.at,
  content: report.content,
});

function applyProblem(incident: Incident, report: ProblemReport, now: Date): Incident {
  const before = incident.problems.find(({ kind }) => kind === report.kind);
  const wasOpen = before !== undefined && isOpen(incident, before);
  if (
    incident.seen.includes(report.id) &&
    (wasOpen || before === undefined || compare(report.at, before.lastAt) <= 0)
  ) {
    return wasOpen ? stillThere(incident, before, report.at) : incident;
  }
  const merged: Incident = {
    ...incident,
    subject: incident.subject.name === '' ? report.subject : incident.subject,
    group: incident.group ?? report.group,
    problems: [
      ...incident.problems.filter(({ kind }) => kind !== report.kind),
      merge(before, report, wasOpen),
    ],
    count: incident.count + 1,
    seen: [...incident.seen, report.id].slice(-most.seen),
    revision: incident.revision + 1,
  };
  // It came late: what it tells of is over already.
  if (!isBroken(merged)) return merged;
  if (incident.dampedCalmSince !== undefined) return { ...merged, status: 'open', dampedCalmSince: '' };
  if (incident.status !== 'open') return reopen(merged, report, now);
  if (wasOpen && alertKind(report.kind).patient === true) return merged;
  if (!wasOpen) return write(merged, 'also', `${alertKind(report.kind).title}: ${report.summary}`, now);
  if (merged.count >= incidentPolicy.escalateAfterReports && merged.escalatedAt === undefined) {
    return escalate(merged, `${String(merged.count)} times by now: ${report.summary}`, now);
  }
  const changed = before.content.code !== report.content.code;
  const spokenAt = merged.spokenAt ?? merged.openedAt;
  if (!changed && secondsBetween(spokenAt, now) < incidentPolicy.quietSeconds) return merged;
  return write(merged, 'again', `${times(merged.count)}: ${report.summary}`, now);
}

/** The same report again: the problem lasts, and there is nothing new to tell. */
function stillThere(incident: Incident, problem: Problem, at: string): Incident {
  if (compare(at, problem.lastAt) <= 0) return incident;
  const lasting = { ...problem, lastAt: at };
  return { ...incident, problems: incident.problems.map((other) => (other === problem ? lasting : other)) };
}

function merge(before: Problem | undefined, report: ProblemReport, wasOpen: boolean): Problem {
  if (before === undefined) return asProblem(report);
  const newest = compare(report.at, before.lastAt) >= 0 ? asProblem(report) : before;
  return {
    ...newest,
    since: wasOpen ? earlier(before.since, report.since) : newest.since,
    firstAt: earlier(before.firstAt, report.at),
    lastAt: later(before.lastAt, report.at),
  };
}

function reopen(incident: Incident, report: ProblemReport, now: Date): Incident {
  const { resolvedAt, ...rest } = { ...incident, overAt: undefined };
  const reopened = incident.reopened + 1;
  const back: Incident = { ...rest, status: 'open', reopened };
  if (reopened >= incidentPolicy.flappingAfter) {
    return write(
      { ...back, dampedCalmSince: '' },
      'flapping',
      `Comes and goes: back for the ${ordinal(reopened)} time. Counted quietly from now on, and called over after ${String(incidentPolicy.calmSeconds / 60)} calm minutes. ${report.summary}`,
      now,
    );
  }
  const pause =
    resolvedAt === undefined ? '' : ` ${duration(secondsBetween(resolvedAt, now))} after it was over`;
  return write(back, 'again', `Back${pause}: ${report.summary}`, now);
}

function applyRecovery(incident: Incident, scope: string, at: string, now: Date): Incident {
  const known = incident.recoveries.find((recovery) => recovery.scope === scope);
  if (known !== undefined && compare(known.at, at) >= 0) return incident;
  const merged: Incident = {
    ...incident,
    recoveries: [...incident.recoveries.filter((recovery) => recovery.scope !== scope), { scope, at }],
    // What is told already is not changed by one more success.
    revision: incident.revision + (incident.status === 'open' ? 1 : 0),
  };
  if (incident.status !== 'open' || isBroken(merged)) return merged;
  if (incident.dampedCalmSince !== undefined) {
    return incident.dampedCalmSince === '' ? { ...merged, dampedCalmSince: now.toISOString() } : merged;
  }
  return resolve(merged, now);
}

/** What nobody reports any more counts as over; on-call is told that nobody said so. */
function fade(incident: Incident, now: Date): Incident {
  const over = applyRecovery(incident, 'all', now.toISOString(), now);
  const said = `Closed: not reported for ${duration(incidentPolicy.fadeSeconds)}. Nobody said that it is over.`;
  return {
    ...over,
    letters: over.letters.map((letter) => (letter.kind === 'recovered' ? { ...letter, text: said } : letter)),
  };
}

function resolve(incident: Incident, now: Date): Incident {
  const over: Incident = {
    ...incident,
    dampedCalmSince: undefined,
    status: 'resolved',
    resolvedAt: now.toISOString(),
    overAt: incident.recoveries
      .map(({ at }) => at)
      .sort(compare)
      .at(-1),
    revision: incident.revision + 1,
  };
  const lasted = duration(Math.max(0, secondsBetween(brokenSince(over), new Date(wholeSince(over)))));
  return write(over, 'recovered', `Resolved after ${lasted}.`, now);
}

function escalateInTime(incident: Incident, now: Date): Incident {
  const postedAt = incident.posted?.at ?? incident.openedAt;
  if (
    incident.escalatedAt !== undefined ||
    shownProblems(incident).every(
      ({ kind, severity }) => alertKind(kind).patient === true || severity === 'information',
    ) ||
    secondsBetween(postedAt, now) < incidentPolicy.escalateAfterSeconds
  ) {
    return incident;
  }
  return escalate(
    incident,
    `Still going on after ${duration(secondsBetween(brokenSince(incident), now))}${worstOf(incident)}`,
    now,
  );
}

/** What calls people once more says what it is about: it may be all that a lock screen shows. */
const worstOf = (incident: Incident): string => {
  const summary = shownProblems(incident)[0]?.summary ?? '';
  return summary === '' ? '.' : `: ${summary}`;
};

function escalate(incident: Incident, text: string, now: Date): Incident {
  return write({ ...incident, escalatedAt: now.toISOString() }, 'escalation', text, now);
}

function remindInTime(incident: Incident, now: Date): Incident {
  const due =
    incident.remindedAt === undefined
      ? secondsBetween(incident.posted?.at ?? incident.openedAt, now) >= incidentPolicy.remindFirstSeconds
      : secondsBetween(incident.remindedAt, now) >= incidentPolicy.remindAgainSeconds;
  if (!due) return incident;
  const waiting = duration(secondsBetween(brokenSince(incident), now));
  return write(
    { ...incident, remindedAt: now.toISOString() },
    'reminder',
    `Still waiting for a decision after ${waiting}${worstOf(incident)}`,
    now,
  );
}

const hasFaded = (incident: Incident, now: Date): boolean => {
  const going = incident.problems.filter((problem) => isOpen(incident, problem));
  return (
    going.length > 0 &&
    going.every(
      ({ kind, lastAt }) =>
        alertKind(kind).fades === true && secondsBetween(lastAt, now) >= incidentPolicy.fadeSeconds,
    )
  );
};

/**
 * Puts a letter in the outbox. While the first message has not left there is nothing to add to it: it will show
 * everything by itself. A letter of the same kind that has not left is replaced, so that an outage of Slack ends in a
 * few messages and not in hundreds.
 */
function write(incident: Incident, kind: Letter['kind'], text: string, now: Date): Incident {
  const waitsForFirst = incident.letters.some((letter) => letter.kind === 'first');
  if (kind !== 'first' && (waitsForFirst || incident.storm !== undefined)) return incident;
  const letter: Letter = {
    id: `${incident.id}/${String(incident.lettersWritten + 1)}`,
    kind,
    writtenAt: now.toISOString(),
    text,
  };
  const kept = incident.letters.filter((other) => other.kind !== kind);
  return {
    ...incident,
    letters: [...kept, letter].slice(-most.letters),
    lettersWritten: incident.lettersWritten + 1,
  };
}

function isOpen(incident: Incident, problem: Problem): boolean {
  return !incident.recoveries.some(
    ({ scope, at }) => covers(scope, problem.kind) && compare(at, problem.lastAt) >= 0,
  );
}

/** Whether a recovery of this scope says that this kind of problem is over. */
function covers(scope: string, kind: string): boolean {
  if (scope === 'all') return true;
  if (scope === 'sync') return alertKind(kind).outlastsSync !== true;
  if (scope === 'execution') return alertKind(kind).overByExecution === true;
  return scope === `kind:${kind}`;
}

/** ISO instants of the same or of different precision, in order. */
const compare = (a: string, b: string): number => Date.parse(a) - Date.parse(b);
const earlier = (a: string, b: string): string => (compare(a, b) <= 0 ? a : b);
const later = (a: string, b: string): string => (compare(a, b) >= 0 ? a : b);

const secondsBetween = (from: string, to: Date): number => (to.getTime() - Date.parse(from)) / 1000;

const times = (count: number): string => `Reported again, ${String(count)} times by now`;

function ordinal(count: number): string {
  const ending =
    count % 100 >= 11 && count % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${String(count)}${ending}`;
}
