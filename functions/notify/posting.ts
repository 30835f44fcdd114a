import type { Incidents } from '../../shared/clients/ledger/incidents.ts';
import type { Slack, SlackAnswer } from '../../shared/clients/slack/slack.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Block } from '../../shared/rules/block-kit.ts';
import { withoutBlocks, type Message } from '../../shared/rules/message.ts';

/** What posting to Slack needs. */
export interface Posting {
  slack: Slack;
  /** Where it is noted that Slack wants to be left alone. */
  incidents: Incidents;
  clock: Clock;
  log: Log;
  /** Where an alert goes whose own channel cannot be used. */
  channel: string;
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

/** Why a message did not leave. */
export type Standstill = 'stopped' | 'refused';

/** Slack takes about one message a second in a channel: https://docs.slack.dev/apis/web-api/rate-limits */
export const betweenPostsMs = 1_100;

/** How long nobody tries again when a person has to mend the set-up first. */
const setupPauseSeconds = 60;

/**
 * Posts; an alert is not lost because of its form, its channel or its thread: without its blocks where Slack does
 * not take them, to the default channel where its own cannot be used, beside the thread where that is gone.
 */
export async function postInAnyForm(
  outgoing: Outgoing,
  { slack, log, channel }: Posting,
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

/** Replaces a message; where Slack does not take its blocks, its text alone. */
export async function updateInAnyForm(
  channel: string,
  ts: string,
  message: Message,
  { slack, log }: Posting,
): Promise<SlackAnswer> {
  const answer = await slack.update(channel, ts, message);
  if (!isRefusedFor(answer, 'content')) return answer;
  log.error('MESSAGE_REFUSED', 'Slack refused the form of a message; its text alone is shown.', {
    reason: answer.reason,
  });
  return slack.update(channel, ts, withoutBlocks(message));
}

/** The message that a letter became before a crash, or before its answer was lost. */
export async function findTried(
  triedAt: string | undefined,
  { channel, threadTs, messageId }: Outgoing,
  { slack }: Posting,
): Promise<string | undefined> {
  if (triedAt === undefined) return undefined;
  const since = new Date(triedAt);
  return slack.find(threadTs === undefined ? { channel, since } : { channel, threadTs, since }, messageId);
}

/** A message that a person deleted, or whose channel was archived, is not made anew by an update; replies tell the rest. */
export const isGone = (answer: SlackAnswer): boolean =>
  isRefusedFor(answer, 'message') || isRefusedFor(answer, 'channel');

/** Whether Slack certainly did not take the message. */
export const isCertain = (answer: Exclude<SlackAnswer, { outcome: 'done' }>): boolean =>
  answer.outcome === 'refused' || answer.perhaps !== true;

const isRefusedFor = (
  answer: SlackAnswer,
  what: 'content' | 'message' | 'channel',
): answer is Extract<SlackAnswer, { outcome: 'refused' }> =>
  answer.outcome === 'refused' && answer.what === what;

/** Nobody asks Slack again until it may be of use; everything stays in the ledger. A channel stops only its own. */
export async function stop(
  answer: Exclude<SlackAnswer, { outcome: 'done' }>,
  { incidents, clock, log }: Posting,
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
