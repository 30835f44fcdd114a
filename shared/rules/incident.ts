import type { Incident, Problem } from '../contracts/incident.ts';
import { alertKind } from './alert-kinds.ts';
import { duration } from './duration.ts';
import { callAgain, writeLetter } from './incident-letters.ts';
import { incidentPolicy } from './incident-policy.ts';
import { brokenSince, isBroken, isOpen, wholeSince } from './incident-problems.ts';
import {
  incidentKey,
  informationKey,
  type InformationReport,
  type ProblemReport,
  type RecoveryReport,
} from './incident-report.ts';
import { compareInstants, earlier, secondsBetween, later } from './instants.ts';

/** So many reports are told from one another. */
const mostSeen = 60;

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
  return writeLetter(incident, 'first', '', now);
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
    (wasOpen || before === undefined || compareInstants(report.at, before.lastAt) <= 0)
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
    seen: [...incident.seen, report.id].slice(-mostSeen),
    revision: incident.revision + 1,
  };
  // It came late: what it tells of is over already.
  if (!isBroken(merged)) return merged;
  if (incident.dampedCalmSince !== undefined) return { ...merged, status: 'open', dampedCalmSince: '' };
  if (incident.status !== 'open') return reopen(merged, report, now);
  if (wasOpen && alertKind(report.kind).patient === true) return merged;
  if (!wasOpen) return writeLetter(merged, 'also', `${alertKind(report.kind).title}: ${report.summary}`, now);
  if (merged.count >= incidentPolicy.escalateAfterReports && merged.escalatedAt === undefined) {
    return callAgain(merged, `${String(merged.count)} times by now: ${report.summary}`, now);
  }
  const changed = before.content.code !== report.content.code;
  const spokenAt = merged.spokenAt ?? merged.openedAt;
  if (!changed && secondsBetween(spokenAt, now) < incidentPolicy.quietSeconds) return merged;
  return writeLetter(merged, 'again', `${times(merged.count)}: ${report.summary}`, now);
}

/** The same report again: the problem lasts, and there is nothing new to tell. */
function stillThere(incident: Incident, problem: Problem, at: string): Incident {
  if (compareInstants(at, problem.lastAt) <= 0) return incident;
  const lasting = { ...problem, lastAt: at };
  return { ...incident, problems: incident.problems.map((other) => (other === problem ? lasting : other)) };
}

function merge(before: Problem | undefined, report: ProblemReport, wasOpen: boolean): Problem {
  if (before === undefined) return asProblem(report);
  const newest = compareInstants(report.at, before.lastAt) >= 0 ? asProblem(report) : before;
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
    return writeLetter(
      { ...back, dampedCalmSince: '' },
      'flapping',
      `Comes and goes: back for the ${ordinal(reopened)} time. Counted quietly from now on, and called over after ${String(incidentPolicy.calmSeconds / 60)} calm minutes. ${report.summary}`,
      now,
    );
  }
  const pause =
    resolvedAt === undefined ? '' : ` ${duration(secondsBetween(resolvedAt, now))} after it was over`;
  return writeLetter(back, 'again', `Back${pause}: ${report.summary}`, now);
}

/** The incident after a recovery that was true `at` that time. */
export function applyRecovery(incident: Incident, scope: string, at: string, now: Date): Incident {
  const known = incident.recoveries.find((recovery) => recovery.scope === scope);
  if (known !== undefined && compareInstants(known.at, at) >= 0) return incident;
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

/** It is over, and on-call is told so. */
export function resolve(incident: Incident, now: Date): Incident {
  const over: Incident = {
    ...incident,
    dampedCalmSince: undefined,
    status: 'resolved',
    resolvedAt: now.toISOString(),
    overAt: incident.recoveries
      .map(({ at }) => at)
      .sort(compareInstants)
      .at(-1),
    revision: incident.revision + 1,
  };
  const lasted = duration(secondsBetween(brokenSince(over), wholeSince(over)));
  return writeLetter(over, 'recovered', `Resolved after ${lasted}.`, now);
}

const times = (count: number): string => `Reported again, ${String(count)} times by now`;

function ordinal(count: number): string {
  const ending =
    count % 100 >= 11 && count % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${String(count)}${ending}`;
}
