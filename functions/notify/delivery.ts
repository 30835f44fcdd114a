import type { Leases } from '../../shared/clients/ledger/leases.ts';
import type { Incident, Letter } from '../../shared/contracts/incident.ts';
import {
  firstMessageShows,
  hasPost,
  letterCameBack,
  letterDelivered,
  letterTried,
} from '../../shared/rules/incident-letters.ts';
import { renderIncident } from '../../shared/rules/incident-message.ts';
import { shownProblems } from '../../shared/rules/incident-problems.ts';
import { renderLetter } from '../../shared/rules/letter-message.ts';
import type { MessageSurroundings } from '../../shared/rules/message.ts';
import { routedNames, routeOf, type Route } from '../../shared/rules/routing.ts';
import {
  findTried,
  isCertain,
  isGone,
  postInAnyForm,
  stop,
  updateInAnyForm,
  type Outgoing,
  type Posting,
  type Standstill,
} from './posting.ts';

/** What telling Slack of incidents needs. */
export interface Delivery extends Posting {
  leases: Leases;
  /** Distinguishes this invocation from all others that may post at the same time. */
  holder: string;
  mention: string;
  routes: readonly Route[];
  runbookUrl: string;
  acceptEndpointMachineArn: string;
}

/**
 * How posting went on: `done`, nothing is left; `busy`, somebody else is at it; `stopped`, Slack takes nothing at
 * present and the rest waits for the tick; `refused`, the channel of this one cannot be used, and others may be.
 */
interface DeliveryOutcome {
  outcome: 'done' | 'busy' | Standstill;
  posted: number;
}

const leaseSeconds = 60;
const mostSteps = 40;

/**
 * Tells Slack what an incident has to tell, under a lease, so that two at once post once. Each letter is marked
 * before it leaves and recorded when it arrived: after a crash in between, it is looked for before it is sent again.
 */
export async function deliverIncident(key: string, delivery: Delivery): Promise<DeliveryOutcome> {
  const lease = `slack#${key}`;
  let posted = 0;
  try {
    for (let step = 0; step < mostSteps; step += 1) {
      if (!(await delivery.leases.take(lease, delivery.holder, leaseSeconds)))
        return { outcome: 'busy', posted };
      const incident = await delivery.incidents.get(key);
      if (incident === undefined || !hasPost(incident)) return { outcome: 'done', posted };
      const result = await deliverNext(incident, delivery);
      if (result !== 'went') return { outcome: result, posted };
      posted += 1;
    }
    return { outcome: 'done', posted };
  } finally {
    await delivery.leases.release(lease, delivery.holder);
  }
}

async function deliverNext(incident: Incident, delivery: Delivery): Promise<'went' | Standstill> {
  // An update shows the newest state, so it goes before the reply that speaks of it.
  if (incident.posted?.ts !== undefined && incident.shown < incident.revision) {
    return updateFirst(incident, incident.posted.channel, incident.posted.ts, delivery);
  }
  const [letter] = incident.letters;
  if (letter === undefined) return 'went';
  return letter.kind === 'first'
    ? postFirst(incident, letter, delivery)
    : postReply(incident, letter, delivery);
}

async function postFirst(
  incident: Incident,
  letter: Letter,
  delivery: Delivery,
): Promise<'went' | Standstill> {
  const { channel, surroundings } = placeOf(incident, delivery);
  const outgoing = { ...renderIncident(incident, surroundings), channel, messageId: letter.id };
  return postLetter(incident, letter, outgoing, delivery);
}

async function postReply(
  incident: Incident,
  letter: Letter,
  delivery: Delivery,
): Promise<'went' | Standstill> {
  const place = placeOf(incident, delivery);
  const threadTs = incident.posted?.ts;
  const channel = incident.posted?.channel ?? place.channel;
  const threads = threadTs !== undefined;
  // Without a thread there is no first message to update either: the end of it is told whole.
  const message =
    !threads && letter.kind === 'recovered'
      ? renderIncident(incident, place.surroundings)
      : renderLetter(letter, incident, place.surroundings, { threads });
  return postLetter(incident, letter, { ...message, channel, messageId: letter.id, threadTs }, delivery);
}

async function postLetter(
  incident: Incident,
  letter: Letter,
  outgoing: Outgoing,
  delivery: Delivery,
): Promise<'went' | Standstill> {
  const { incidents, clock, log } = delivery;
  const known = await findTried(letter.triedAt, outgoing, delivery);
  if (known === undefined) {
    const marked = await incidents.change(
      incident.key,
      (now) => now && letterTried(now, letter.id, clock.now()),
    );
    // Meanwhile it became part of a storm, or it was over before anybody heard of it.
    if (marked?.letters.every(({ id }) => id !== letter.id) !== false) return 'went';
  }
  const answer =
    known === undefined
      ? await postInAnyForm(outgoing, delivery)
      : ({ outcome: 'done', channel: outgoing.channel, ts: known } as const);
  if (answer.outcome !== 'done') {
    if (isCertain(answer)) {
      await incidents.change(incident.key, (now) => now && letterCameBack(now, letter.id));
    }
    return stop(answer, delivery);
  }
  const { channel, ts } = answer;
  // What a message shows that was found again is not known; an update puts it right.
  const shown = known === undefined ? incident.revision : 0;
  await incidents.change(
    incident.key,
    (now) =>
      now &&
      letterDelivered(now, letter.id, ts === undefined ? { channel } : { channel, ts }, shown, clock.now()),
  );
  log.info('ALERT_POSTED', 'Slack has a message.', { incident: incident.key, letter: letter.kind, ts });
  return 'went';
}

async function updateFirst(
  incident: Incident,
  channel: string,
  ts: string,
  delivery: Delivery,
): Promise<'went' | Standstill> {
  const { surroundings } = placeOf(incident, delivery);
  const answer = await updateInAnyForm(channel, ts, renderIncident(incident, surroundings), delivery);
  if (answer.outcome !== 'done' && !isGone(answer)) return stop(answer, delivery);
  await delivery.incidents.change(incident.key, (now) => now && firstMessageShows(now, incident.revision));
  return 'went';
}

/** Where an incident's first message goes by the routing, and what its messages need to know. */
export function placeOf(
  incident: Incident,
  delivery: Delivery,
): { channel: string; surroundings: MessageSurroundings } {
  const { channel, mention } = routeOf(
    {
      connection: routedNames(incident.subject),
      group: incident.group,
      severity: shownProblems(incident)[0]?.severity ?? 'warning',
    },
    delivery.routes,
    delivery,
  );
  return { channel, surroundings: surroundingsOf(delivery, mention) };
}

/** What every message needs to know. */
export const surroundingsOf = (delivery: Delivery, mention: string): MessageSurroundings => ({
  mention,
  runbookUrl: delivery.runbookUrl,
  acceptEndpointMachineArn: delivery.acceptEndpointMachineArn,
  now: delivery.clock.now(),
});
