import type { Incident, Problem, Severity } from '../contracts/incident.ts';
import { alertKind } from './alert-kinds.ts';
import { compareInstants, earlier } from './instants.ts';

/** Whether a problem of this subject is going on, by the facts. */
export const isBroken = (incident: Incident): boolean =>
  incident.problems.some((problem) => isOpen(incident, problem));

/** The problems that are going on. */
export const openProblems = (incident: Incident): Problem[] =>
  incident.problems.filter((problem) => isOpen(incident, problem));

/** The problems that are going on, the worst first; those that were, when none is. */
export function shownProblems(incident: Incident): Problem[] {
  const going = openProblems(incident);
  return (going.length > 0 ? going : [...incident.problems]).sort(
    (a, b) => severityRank[a.severity] - severityRank[b.severity] || compareInstants(b.lastAt, a.lastAt),
  );
}

/** The worst comes first. */
export const severityRank: Record<Severity, number> = { critical: 0, warning: 1, information: 2 };

/** When the earliest problem that the incident tells of began. */
export const brokenSince = (incident: Incident): string =>
  incident.problems.map(({ since }) => since).reduce(earlier, incident.openedAt);

/** When it was over; a success that follows does not make it longer. */
export const wholeSince = (incident: Incident): string =>
  incident.overAt ?? incident.resolvedAt ?? incident.openedAt;

/** Whether a problem was seen after it was last over. */
export function isOpen(incident: Incident, problem: Problem): boolean {
  return !incident.recoveries.some(
    ({ scope, at }) => covers(scope, problem.kind) && compareInstants(at, problem.lastAt) >= 0,
  );
}

/** Whether a recovery of this scope says that this kind of problem is over. */
function covers(scope: string, kind: string): boolean {
  if (scope === 'all') return true;
  if (scope === 'sync') return alertKind(kind).outlastsSync !== true;
  if (scope === 'execution') return alertKind(kind).overByExecution === true;
  return scope === `kind:${kind}`;
}
