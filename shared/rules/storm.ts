import type { Incident, Storm } from '../contracts/incident.ts';
import { alertKind } from './alert-kinds.ts';
import { isBroken, shownProblems } from './incident-problems.ts';
import { compareInstants, secondsBetween } from './instants.ts';

/** When incidents share a message. Seconds. */
export const stormPolicy = {
  /** More than so many that open within `togetherSeconds` share one message. */
  mostAlone: 5,
  togetherSeconds: 60,
  /** A storm takes in what opens within so long after its last member. */
  joinSeconds: 10 * 60,
  /** More may be on their way while the last one is younger than this; nobody waits longer than `togetherSeconds`. */
  restSeconds: 20,
  escalateAfterSeconds: 60 * 60,
  /** So often people are reminded of endpoint requests among its members that wait for a decision. */
  remindAgainSeconds: 6 * 60 * 60,
  settleSeconds: 15 * 60,
} as const;

export interface FirstMessages {
  /** Keys of the incidents that get a message of their own now. */
  alone: string[];
  /** Keys by storm; a storm that is not there yet begins with them. */
  together: StormPlan[];
}

interface StormPlan {
  storm: string;
  channel: string;
  openedAt: string;
  lastAt: string;
  members: string[];
}

/**
 * How the incidents that nobody was told of yet are told: each by itself, or together, judged by how many opened
 * within a minute in the same channel, those included that were told at once. It gives the same answer after an
 * outage of Slack.
 */
export function planFirstMessages(
  incidents: readonly Incident[],
  storms: readonly Storm[],
  channelOf: (incident: Incident) => string,
  now: Date,
): FirstMessages {
  const plan: FirstMessages = { alone: [], together: [] };
  const counted = incidents
    .filter(({ status, storm }) => status !== 'information' && storm === undefined)
    .sort((a, b) => compareInstants(a.openedAt, b.openedAt));
  for (const [channel, its] of Map.groupBy(counted, channelOf)) {
    const running = storms.filter((storm) => storm.status === 'open' && storm.channel === channel);
    planChannel(channel, its, running, now, plan);
  }
  return plan;
}

function planChannel(
  channel: string,
  incidents: readonly Incident[],
  storms: readonly Storm[],
  now: Date,
  plan: FirstMessages,
): void {
  const begun: StormPlan[] = [];
  for (const group of groupByMinute(incidents)) {
    const untold = group.filter(isUntold);
    const first = untold[0];
    const last = group.at(-1);
    if (first === undefined || last === undefined) continue;
    const members = untold.map(({ key }) => key);
    const near = begun.find(({ lastAt }) => isNear(lastAt, first));
    if (near !== undefined) {
      near.members.push(...members);
      near.lastAt = last.openedAt;
      continue;
    }
    const lastAt = last.openedAt;
    const running = storms.find(({ joinedAt }) => isNear(joinedAt, first));
    if (running !== undefined) {
      begun.push({ storm: running.key, channel, openedAt: running.openedAt, lastAt, members });
      continue;
    }
    const mayGrow =
      secondsBetween(lastAt, now) < stormPolicy.restSeconds &&
      secondsBetween(first.openedAt, now) < stormPolicy.togetherSeconds;
    if (mayGrow) continue;
    if (group.length <= stormPolicy.mostAlone) plan.alone.push(...members);
    else {
      const { openedAt } = first;
      begun.push({ storm: `storm#${openedAt}#${channel}`, channel, openedAt, lastAt, members });
    }
  }
  plan.together.push(...begun);
}

/** A first letter that was tried may have arrived, so it is not told a second time by a storm. */
const isUntold = ({ letters }: Incident): boolean =>
  letters.some(({ kind, triedAt }) => kind === 'first' && triedAt === undefined);

/** Whether an incident opened so soon after a storm's last member that it is one more of them. */
const isNear = (lastAt: string, incident: Incident): boolean =>
  secondsBetween(lastAt, incident.openedAt) <= stormPolicy.joinSeconds;

function groupByMinute(incidents: readonly Incident[]): Incident[][] {
  const groups: Incident[][] = [];
  let start = Number.NEGATIVE_INFINITY;
  for (const incident of incidents) {
    const openedAt = Date.parse(incident.openedAt);
    const current = groups.at(-1);
    if (current === undefined || openedAt - start > stormPolicy.togetherSeconds * 1000) {
      groups.push([incident]);
      start = openedAt;
    } else {
      current.push(incident);
    }
  }
  return groups;
}

/**
 * Whether people are called once more: a storm that lasts is escalated once, except where nothing in it is urgent;
 * one with endpoint requests that wait for a decision is reminded of.
 */
export function isCallDue(storm: Storm, members: readonly Incident[], now: Date): boolean {
  if (storm.status !== 'open' || storm.posted === undefined) return false;
  const problems = members.filter(isBroken).flatMap((member) => shownProblems(member));
  if (storm.escalatedAt === undefined) {
    return (
      secondsBetween(storm.posted.at, now) >= stormPolicy.escalateAfterSeconds &&
      problems.some(({ kind }) => alertKind(kind).patient !== true)
    );
  }
  return (
    secondsBetween(storm.escalatedAt, now) >= stormPolicy.remindAgainSeconds &&
    problems.some(({ content }) => content.heldEndpoint !== undefined)
  );
}
