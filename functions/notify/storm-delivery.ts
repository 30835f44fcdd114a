import type { Incident, Storm } from '../../shared/contracts/incident.ts';
import { escapeWithin } from '../../shared/rules/block-kit.ts';
import { duration } from '../../shared/rules/duration.ts';
import { joinStorm } from '../../shared/rules/incident-letters.ts';
import { isBroken } from '../../shared/rules/incident-problems.ts';
import { secondsBetween } from '../../shared/rules/instants.ts';
import type { MessageSurroundings } from '../../shared/rules/message.ts';
import { renderStorm, renderStormLists, stormStatement } from '../../shared/rules/storm-message.ts';
import { isCallDue, stormPolicy, type FirstMessages } from '../../shared/rules/storm.ts';
import { placeOf, surroundingsOf, type Delivery } from './delivery.ts';
import {
  betweenPostsMs,
  findTried,
  isCertain,
  isGone,
  postInAnyForm,
  stop,
  updateInAnyForm,
  type Outgoing,
  type Standstill,
} from './posting.ts';

/** Writes to the ledger at the same time: a thousand one after the other would take a tick's whole minute. */
const joinedAtOnce = 20;

/** Makes incidents members of their storm; a storm that is not there yet begins. Runs only in the tick. */
export async function gatherStorm(
  together: FirstMessages['together'][number],
  incidents: readonly Incident[],
  delivery: Delivery,
): Promise<void> {
  const now = delivery.clock.now().toISOString();
  const already = incidents.filter(({ storm }) => storm === together.storm);
  const place = Math.max(-1, ...already.map(({ stormPlace }) => stormPlace ?? -1)) + 1;
  await delivery.incidents.changeStorm(
    together.storm,
    (storm) =>
      storm ?? {
        key: together.storm,
        channel: together.channel,
        status: 'open',
        openedAt: together.openedAt,
        joinedAt: now,
        shown: '',
        listed: 0,
        closed: false,
      },
  );
  let joinedAt = together.openedAt;
  const places = together.members.map((key, index) => ({ key, place: place + index }));
  for (let start = 0; start < places.length; start += joinedAtOnce) {
    const joined = await Promise.all(
      places
        .slice(start, start + joinedAtOnce)
        .map((member) =>
          delivery.incidents.change(member.key, (incident) =>
            incident === undefined || incident.storm !== undefined
              ? incident
              : joinStorm(incident, together.storm, member.place),
          ),
        ),
    );
    for (const incident of joined) {
      if (incident !== undefined && incident.openedAt > joinedAt) joinedAt = incident.openedAt;
    }
  }
  await delivery.incidents.changeStorm(together.storm, (storm) => storm && { ...storm, joinedAt });
}

/**
 * Brings a storm's message up to date: the message itself, the list of all its members in the thread, and at the
 * end that it is over.
 */
export async function deliverStorm(
  key: string,
  incidents: readonly Incident[],
  delivery: Delivery,
): Promise<{ outcome: 'done' | Standstill; posted: number }> {
  const members = incidents
    .filter(({ storm }) => storm === key)
    .sort((a, b) => (a.stormPlace ?? 0) - (b.stormPlace ?? 0));
  const storm = await delivery.incidents.changeStorm(
    key,
    (now) => now && inTime(now, members, delivery.clock.now()),
  );
  if (storm === undefined || members.length === 0) return { outcome: 'done', posted: 0 };
  const steps = [tellFirst, listMembers, callAgain, tellEnd];
  let posted = 0;
  for (const step of steps) {
    const current = await delivery.incidents.changeStorm(key, (now) => now);
    const result = current === undefined ? 'nothing' : await step(current, members, delivery);
    if (result === 'stopped' || result === 'refused') return { outcome: result, posted };
    if (result === 'nothing') continue;
    posted += 1;
    await delivery.clock.sleep(betweenPostsMs);
  }
  return { outcome: 'done', posted };
}

/** Whether nothing will be told of this storm any more. */
export const isStormSettled = (storm: Storm, now: Date): boolean =>
  storm.status === 'resolved' &&
  storm.closed &&
  storm.resolvedAt !== undefined &&
  secondsBetween(storm.resolvedAt, now) >= stormPolicy.settleSeconds;

function inTime(storm: Storm, members: readonly Incident[], now: Date): Storm {
  const broken = members.some(isBroken);
  if (storm.status === 'open' && !broken && members.length > 0) {
    return { ...storm, status: 'resolved', resolvedAt: now.toISOString() };
  }
  if (storm.status === 'resolved' && broken) {
    return { ...storm, status: 'open', resolvedAt: undefined, closed: false };
  }
  return storm;
}

type StepResult = 'nothing' | 'went' | Standstill;

async function tellFirst(
  storm: Storm,
  members: readonly Incident[],
  delivery: Delivery,
): Promise<StepResult> {
  const message = renderStorm(storm, members, surroundingsOfAll(members, delivery));
  const digest = JSON.stringify(message.blocks);
  if (storm.shown === digest) return 'nothing';
  if (storm.posted === undefined) {
    return tell(
      storm,
      { ...message, channel: channelOf(storm, delivery), messageId: storm.key },
      delivery,
      (now, posted) => ({
        ...now,
        posted,
        shown: digest,
      }),
    );
  }
  const { channel, ts } = storm.posted;
  if (ts === undefined) return 'nothing';
  const answer = await updateInAnyForm(channel, ts, message, delivery);
  if (answer.outcome !== 'done' && !isGone(answer)) return stop(answer, delivery);
  await delivery.incidents.changeStorm(storm.key, (now) => now && { ...now, shown: digest });
  return 'went';
}

async function listMembers(
  storm: Storm,
  members: readonly Incident[],
  delivery: Delivery,
): Promise<StepResult> {
  const unlisted = members.filter(({ stormPlace }) => (stormPlace ?? 0) >= storm.listed);
  if (unlisted.length === 0) return 'nothing';
  const texts = renderStormLists(unlisted, surroundingsOfAll(members, delivery));
  const upTo = Math.max(...unlisted.map(({ stormPlace }) => stormPlace ?? 0)) + 1;
  for (const [index, list] of texts.entries()) {
    const current = (await delivery.incidents.changeStorm(storm.key, (now) => now)) ?? storm;
    const last = index === texts.length - 1;
    const result = await tell(
      current,
      inThread(current, list, `list-${String(storm.listed)}-${String(index)}`, delivery),
      delivery,
      (now) => (last ? { ...now, listed: upTo } : now),
    );
    if (result !== 'went' || last) return result;
    await delivery.clock.sleep(betweenPostsMs);
  }
  return 'nothing';
}

async function callAgain(
  storm: Storm,
  members: readonly Incident[],
  delivery: Delivery,
): Promise<StepResult> {
  const now = delivery.clock.now();
  if (!isCallDue(storm, members, now)) return 'nothing';
  const { mention } = surroundingsOfAll(members, delivery);
  const lasted = duration(secondsBetween(storm.openedAt, now));
  const broken = members.filter(isBroken).length;
  const said = escapeWithin(stormStatement(members), 400);
  const text = `🚨 Still going on after ${lasted}, ${String(broken)} of ${String(members.length)}: ${said}  ${mention}`;
  return tell(
    storm,
    { ...inThread(storm, text, `call-${storm.escalatedAt ?? 'first'}`, delivery), broadcast: true },
    delivery,
    (current) => ({ ...current, escalatedAt: now.toISOString() }),
  );
}

async function tellEnd(storm: Storm, members: readonly Incident[], delivery: Delivery): Promise<StepResult> {
  if (storm.status !== 'resolved' || storm.closed) return 'nothing';
  const { text } = renderStorm(storm, members, surroundingsOfAll(members, delivery));
  return tell(storm, inThread(storm, text, `over-${storm.resolvedAt ?? ''}`, delivery), delivery, (now) => ({
    ...now,
    closed: true,
  }));
}

/** It mentions whom the routing names for every member; where they differ, whom the default names. */
function surroundingsOfAll(members: readonly Incident[], delivery: Delivery): MessageSurroundings {
  const mentions = new Set(members.map((member) => placeOf(member, delivery).surroundings.mention));
  const [mention = delivery.mention] = mentions;
  return surroundingsOf(delivery, mentions.size === 1 ? mention : delivery.mention);
}

const channelOf = (storm: Storm, { channel }: Delivery): string =>
  storm.posted?.channel ?? (storm.channel === '' ? channel : storm.channel);

const inThread = (storm: Storm, text: string, id: string, delivery: Delivery): Outgoing => ({
  text,
  channel: channelOf(storm, delivery),
  messageId: `${storm.key}/${id}`,
  threadTs: storm.posted?.ts,
});

async function tell(
  storm: Storm,
  outgoing: Outgoing,
  delivery: Delivery,
  told: (storm: Storm, posted: NonNullable<Storm['posted']>) => Storm,
): Promise<StepResult> {
  const { incidents, clock } = delivery;
  const known = await findTried(storm.triedAt, outgoing, delivery);
  if (known === undefined) {
    await incidents.changeStorm(storm.key, (now) => now && { ...now, triedAt: clock.now().toISOString() });
  }
  const answer =
    known === undefined
      ? await postInAnyForm(outgoing, delivery)
      : ({ outcome: 'done', channel: outgoing.channel, ts: known } as const);
  if (answer.outcome !== 'done') {
    if (isCertain(answer)) {
      await incidents.changeStorm(storm.key, (now) => now && { ...now, triedAt: undefined });
    }
    return stop(answer, delivery);
  }
  const { channel, ts } = answer;
  const posted = { channel, ...(ts === undefined ? {} : { ts }), at: clock.now().toISOString() };
  await incidents.changeStorm(storm.key, (now) => now && { ...told(now, posted), triedAt: undefined });
  return 'went';
}
