import type { Incident } from '../../shared/contracts/incident.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { hasPost } from '../../shared/rules/incident-letters.ts';
import { applyTime, isSettled } from '../../shared/rules/incident-time.ts';
import { compareInstants } from '../../shared/rules/instants.ts';
import { planFirstMessages } from '../../shared/rules/storm.ts';
import { deliverIncident, placeOf, type Delivery } from './delivery.ts';
import { betweenPostsMs } from './posting.ts';
import { deliverStorm, gatherStorm, isStormSettled } from './storm-delivery.ts';

export interface TickResult {
  posted: number;
  /** Incidents that Slack has yet to be told of. */
  waiting: number;
}

const leaseSeconds = 90;
/** The rest of a minute's work is left to the next tick. */
const workMs = 40_000;
const lateSeconds = 5 * 60;

/**
 * What is done each minute: let time pass over the incidents, tell Slack what it was not told yet, oldest first,
 * many at once in one message, and put away what is settled. Says by metric how much waits for Slack.
 */
export async function tick(delivery: Delivery, metrics: Metrics): Promise<TickResult> {
  if (!(await delivery.leases.take('slack-tick', delivery.holder, leaseSeconds)))
    return { posted: 0, waiting: 0 };
  try {
    const posted = (await delivery.incidents.isPaused()) ? await pass(delivery) : await passAndPost(delivery);
    return { posted, waiting: await measure(delivery, metrics) };
  } finally {
    await delivery.leases.release('slack-tick', delivery.holder);
  }
}

async function pass({ incidents, clock }: Delivery): Promise<number> {
  const listed = await incidents.list();
  for (const incident of listed.incidents) {
    if (applyTime(incident, clock.now()) !== incident) {
      await incidents.change(incident.key, (current) => current && applyTime(current, clock.now()));
    }
  }
  return 0;
}

async function passAndPost(delivery: Delivery): Promise<number> {
  const { incidents, clock } = delivery;
  const deadline = clock.now().getTime() + workMs;
  await pass(delivery);

  const before = await incidents.list();
  const plan = planFirstMessages(
    before.incidents,
    before.storms,
    (incident) => placeOf(incident, delivery).channel,
    clock.now(),
  );
  for (const together of plan.together) await gatherStorm(together, before.incidents, delivery);

  const after = await incidents.list();
  let posted = 0;
  for (const key of oldestFirst(after.incidents, new Set(plan.alone))) {
    if (clock.now().getTime() > deadline) return posted;
    const result = await deliverIncident(key, delivery);
    posted += result.posted;
    if (result.outcome === 'stopped') return posted;
    if (result.posted > 0) await clock.sleep(betweenPostsMs);
  }
  for (const { key } of after.storms) {
    if (clock.now().getTime() > deadline) return posted;
    const result = await deliverStorm(key, after.incidents, delivery);
    posted += result.posted;
    if (result.outcome === 'stopped') return posted;
  }
  await putAway(delivery, deadline);
  return posted;
}

/** Who has something to say, in the order in which it was written; first messages only where the plan says so. */
function oldestFirst(incidents: readonly Incident[], alone: ReadonlySet<string>): string[] {
  const writtenAt = ({ letters, openedAt }: Incident): string => letters[0]?.writtenAt ?? openedAt;
  return incidents
    .filter((incident) => hasPost(incident) && !waitsForCompany(incident, alone))
    .sort((a, b) => compareInstants(writtenAt(a), writtenAt(b)))
    .map(({ key }) => key);
}

function waitsForCompany(incident: Incident, alone: ReadonlySet<string>): boolean {
  const first = incident.letters.find(({ kind }) => kind === 'first');
  return (
    first !== undefined &&
    first.triedAt === undefined &&
    incident.status !== 'information' &&
    !alone.has(incident.key)
  );
}

async function putAway({ incidents, clock }: Delivery, deadline: number): Promise<void> {
  const { incidents: all, storms } = await incidents.list();
  const now = clock.now();
  const going = new Set(storms.filter((storm) => !isStormSettled(storm, now)).map(({ key }) => key));
  for (const incident of all) {
    if (clock.now().getTime() > deadline) return;
    const inStorm = incident.storm !== undefined && going.has(incident.storm);
    if (!inStorm && isSettled(incident, now)) await incidents.settle(incident);
  }
  for (const { key } of storms) if (!going.has(key)) await incidents.dropStorm(key);
}

async function measure({ incidents, clock }: Delivery, metrics: Metrics): Promise<number> {
  const { incidents: all } = await incidents.list();
  const waiting = all.filter(({ letters }) => letters.length > 0);
  const now = clock.now().getTime();
  const late = waiting.filter(({ letters }) =>
    letters.some(({ writtenAt }) => now - Date.parse(writtenAt) >= lateSeconds * 1000),
  );
  metrics.counts({
    OpenIncidents: all.filter(({ status }) => status === 'open').length,
    UndeliveredAlerts: late.length,
  });
  return waiting.length;
}
