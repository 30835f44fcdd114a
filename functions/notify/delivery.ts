import type { Incidents } from '../../shared/clients/ledger/incidents.ts';
import type { Leases } from '../../shared/clients/ledger/leases.ts';
import type { Slack, SlackAnswer } from '../../shared/clients/slack/slack.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Incident, Letter } from '../../shared/contracts/incident.ts';
import type { Log } from '../../shared/log.ts';
import type { Block } from '../../shared/rules/block-kit.ts';
import {
  firstMessageShows,
  hasPost,
  letterCameBack,
  letterDelivered,
  letterTried,
} from '../../shared/rules/incident-letters.ts';
import { shownProblems } from '../../shared/rules/incident-problems.ts';
import { renderIncident } from '../../shared/rules/incident-message.ts';
import { renderLetter } from '../../shared/rules/letter-message.ts';
import { withoutBlocks, type Message, type MessageSurroundings } from '../../shared/rules/message.ts';
import { routedNames, routeOf, type Route } from '../../shared/rules/routing.ts';

export interface Delivery {
  incidents: Incidents;
  leases: Leases;
  slack: Slack;
  clock: Clock;
  log: Log;
  /** Distinguishes this invocation from all others that may post at the same time. */
  holder: string;
  channel: string;
  mention: string;
  routes: readonly Route[];
  runbookUrl: string;
  acceptEndpointMachineArn: string;
}

/** A message on its way. Without blocks its text is what Slack shows. */
export interface Outgoing {
  channel: string;
  /** Our own id, by which the message is recognised after a crash. */
  messageId: string;
  text: string;
  blocks?: Block[] | undefined;
  threadTs?: string | undefined;
  broadcast?: boolean;
}

/**
 * How posting went on: `done`, nothing is left; `busy`, somebody else is at it; `stopped`, Slack takes nothing at
 * present and the rest waits for the tick; `refused`, the channel of this one cannot be used, and others may be.
 */
interface DeliveryOutcome {
  outcome: 'done' | 'busy' | Standstill;
  posted: number;
}

/** Why a message did not leave. */
export type Standstill = 'stopped' | 'refused';

/** Slack takes about one message a second in a channel: https://docs.slack.dev/apis/web-api/rate-limits */
export const betweenPostsMs = 1_100;

const leaseSeconds = 60;
/** How long nobody tries again when a person has to mend the set-up first. */
const setupPauseSeconds = 60;
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

/** A message that a person deleted, or whose channel was archived, is not made anew by an update; replies tell the rest. */
export const isGone = (answer: SlackAnswer): boolean =>
  isRefusedFor(answer, 'message') || isRefusedFor(answer, 'channel');

/** Replaces a message; where Slack does not take its blocks, its text alone. */
export async function updateInAnyForm(
  channel: string,
  ts: string,
  message: Message,
  { slack, log }: Delivery,
): Promise<SlackAnswer> {
  const answer = await slack.update(channel, ts, message);
  if (!isRefusedFor(answer, 'content')) return answer;
  log.error('MESSAGE_REFUSED', 'Slack refused the form of a message; its text alone is shown.', {
    reason: answer.reason,
  });
  return slack.update(channel, ts, withoutBlocks(message));
}

/**
 * Posts; an alert is not lost because of its form, its channel or its thread: without its blocks where Slack does
 * not take them, to the default channel where its own cannot be used, beside the thread where that is gone.
 */
export async function postInAnyForm(
  outgoing: Outgoing,
  { slack, log, channel }: Delivery,
): Promise<SlackAnswer> {
  let sent = outgoing;
  let answer = await slack.post(sent);
  if (isRefusedFor(answer, 'content')) {
    log.error('MESSAGE_REFUSED', 'Slack refused the form of a message; its text alone is posted.', {
      reason: answer.reason,
    });
    sent = { ...sent, ...withoutBlocks(sent) };
    answer = await slack.post(sent);
  }
  if (isRefusedFor(answer, 'message') && sent.threadTs !== undefined) {
    sent = { ...sent, threadTs: undefined };
    answer = await slack.post(sent);
  }
  if (isRefusedFor(answer, 'channel') && sent.channel !== channel && channel !== '') {
    log.error('CHANNEL_REFUSED', 'A channel of the routing cannot be used; the default channel is told.', {
      channel: sent.channel,
      reason: answer.reason,
    });
    answer = await slack.post({ ...sent, channel, threadTs: undefined });
  }
  return answer;
}

const isRefusedFor = (
  answer: SlackAnswer,
  what: 'content' | 'message' | 'channel',
): answer is Extract<SlackAnswer, { outcome: 'refused' }> =>
  answer.outcome === 'refused' && answer.what === what;

/** The message that a letter became before a crash, or before its answer was lost. */
export async function findTried(
  triedAt: string | undefined,
  { channel, threadTs, messageId }: Outgoing,
  { slack }: Delivery,
): Promise<string | undefined> {
  if (triedAt === undefined) return undefined;
  const since = new Date(triedAt);
  return slack.find(threadTs === undefined ? { channel, since } : { channel, threadTs, since }, messageId);
}

/** Whether Slack certainly did not take the message. */
export const isCertain = (answer: Exclude<SlackAnswer, { outcome: 'done' }>): boolean =>
  answer.outcome === 'refused' || answer.perhaps !== true;

/** Nobody asks Slack again until it may be of use; everything stays in the ledger. A channel stops only its own. */
export async function stop(
  answer: Exclude<SlackAnswer, { outcome: 'done' }>,
  { incidents, clock, log }: Delivery,
): Promise<Standstill> {
  const { reason } = answer;
  if (answer.outcome === 'later') {
    const { seconds } = answer;
    log.warn('SLACK_LATER', 'Slack cannot take the message now; it waits in the ledger.', {
      reason,
      seconds,
    });
    await incidents.pause(new Date(clock.now().getTime() + seconds * 1000));
    return 'stopped';
  }
  log.error(
    'SLACK_REFUSED',
    'Slack does not take the message until somebody mends the set-up; it waits in the ledger.',
    { reason },
  );
  if (answer.what === 'channel') return 'refused';
  await incidents.pause(new Date(clock.now().getTime() + setupPauseSeconds * 1000));
  return 'stopped';
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
