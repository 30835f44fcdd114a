import type { Incident } from '../contracts/incident.ts';
import { alertKind } from './alert-kinds.ts';
import { duration } from './duration.ts';
import { callAgain, hasPost, writeLetter } from './incident-letters.ts';
import { incidentPolicy } from './incident-policy.ts';
import { brokenSince, isBroken, openProblems, shownProblems } from './incident-problems.ts';
import { applyRecovery, resolve } from './incident.ts';
import { secondsBetween } from './instants.ts';

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

const hasFaded = (incident: Incident, now: Date): boolean => {
  const going = openProblems(incident);
  return (
    going.length > 0 &&
    going.every(
      ({ kind, lastAt }) =>
        alertKind(kind).fades === true && secondsBetween(lastAt, now) >= incidentPolicy.fadeSeconds,
    )
  );
};

/** What nobody reports any more counts as over; on-call is told that nobody said so. */
function fade(incident: Incident, now: Date): Incident {
  const over = applyRecovery(incident, 'all', now.toISOString(), now);
  const said = `Closed: not reported for ${duration(incidentPolicy.fadeSeconds)}. Nobody said that it is over.`;
  return {
    ...over,
    letters: over.letters.map((letter) => (letter.kind === 'recovered' ? { ...letter, text: said } : letter)),
  };
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
  return callAgain(
    incident,
    `Still going on after ${duration(secondsBetween(brokenSince(incident), now))}${worstOf(incident)}`,
    now,
  );
}

function remindInTime(incident: Incident, now: Date): Incident {
  const due =
    incident.remindedAt === undefined
      ? secondsBetween(incident.posted?.at ?? incident.openedAt, now) >= incidentPolicy.remindFirstSeconds
      : secondsBetween(incident.remindedAt, now) >= incidentPolicy.remindAgainSeconds;
  if (!due) return incident;
  const waiting = duration(secondsBetween(brokenSince(incident), now));
  return writeLetter(
    { ...incident, remindedAt: now.toISOString() },
    'reminder',
    `Still waiting for a decision after ${waiting}${worstOf(incident)}`,
    now,
  );
}

/** What calls people once more says what it is about: it may be all that a lock screen shows. */
const worstOf = (incident: Incident): string => {
  const summary = shownProblems(incident)[0]?.summary ?? '';
  return summary === '' ? '.' : `: ${summary}`;
};
