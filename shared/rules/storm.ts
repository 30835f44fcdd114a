import type { Incident, Storm } from '../contracts/incident.ts';
import { context, escapeWithin, fields, header, section, type Block } from './block-kit.ts';
import { cut } from './clean-text.ts';
import { duration } from './duration.ts';
import { brokenSince, isBroken, shownProblems } from './incident.ts';
import { slackDate, subjectName, type Message, type MessageSurroundings } from './message.ts';

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
  settleSeconds: 15 * 60,
} as const;

export interface FirstMessages {
  /** Keys of the incidents that get a message of their own now. */
  alone: string[];
  /** Keys by storm; a storm that is not there yet begins with them. */
  together: { storm: string; openedAt: string; lastAt: string; members: string[] }[];
}

/**
 * How the incidents that nobody was told of yet are told: each by itself, or together, judged by how many opened
 * within a minute, those included that were told at once. It gives the same answer after an outage of Slack.
 */
export function planFirstMessages(
  incidents: readonly Incident[],
  storms: readonly Storm[],
  now: Date,
): FirstMessages {
  const plan: FirstMessages = { alone: [], together: [] };
  const counted = incidents
    .filter(({ status, storm }) => status !== 'information' && storm === undefined)
    .sort((a, b) => Date.parse(a.openedAt) - Date.parse(b.openedAt));
  for (const group of groupByMinute(counted)) {
    const untold = group.filter(isUntold);
    const first = untold[0];
    const last = group.at(-1);
    if (first === undefined || last === undefined) continue;
    const keys = untold.map(({ key }) => key);
    const begun = plan.together.find(({ lastAt }) => isNear(lastAt, first));
    if (begun !== undefined) {
      begun.members.push(...keys);
      begun.lastAt = last.openedAt;
      continue;
    }
    const running = storms.find((storm) => storm.status === 'open' && isNear(storm.joinedAt, first));
    if (running !== undefined) {
      plan.together.push({
        storm: running.key,
        openedAt: running.openedAt,
        lastAt: last.openedAt,
        members: keys,
      });
      continue;
    }
    const mayGrow =
      secondsBetween(last.openedAt, now) < stormPolicy.restSeconds &&
      secondsBetween(first.openedAt, now) < stormPolicy.togetherSeconds;
    if (mayGrow) continue;
    if (group.length <= stormPolicy.mostAlone) plan.alone.push(...keys);
    else {
      plan.together.push({
        storm: `storm#${first.openedAt}`,
        openedAt: first.openedAt,
        lastAt: last.openedAt,
        members: keys,
      });
    }
  }
  return plan;
}

/** A first letter that was tried may have arrived, so it is not told a second time by a storm. */
const isUntold = ({ letters }: Incident): boolean =>
  letters.some(({ kind, triedAt }) => kind === 'first' && triedAt === undefined);

/** Whether an incident opened so soon after a storm's last member that it is one more of them. */
const isNear = (lastAt: string, incident: Incident): boolean =>
  Date.parse(incident.openedAt) - Date.parse(lastAt) <= stormPolicy.joinSeconds * 1000;

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

/** The message that a storm's members share, as it stands now. */
export function renderStorm(
  storm: Storm,
  members: readonly Incident[],
  surroundings: MessageSurroundings,
): Message {
  const broken = members.filter(isBroken);
  const over = storm.status === 'resolved';
  const total = count(members);
  const since = members.map(brokenSince).sort()[0] ?? storm.openedAt;
  const headline = over
    ? `✅ Resolved after ${duration(secondsBetween(since, new Date(storm.resolvedAt ?? storm.openedAt)))}: ${total} had failed together`
    : `🔴 ${total} failed together: ${groups(members)[0]?.said ?? 'see the list'}`;
  return {
    text: escapeWithin(cut(headline, 150), 400),
    blocks: [
      header(headline),
      ...fields([
        ['Since', slackDate(since)],
        [
          over ? 'Over' : 'Still failing',
          over
            ? slackDate(storm.resolvedAt ?? storm.openedAt)
            : `${String(broken.length)} of ${String(members.length)}`,
        ],
      ]),
      section(
        `*What they have in common*\n${groups(members)
          .slice(0, 8)
          .map(
            ({ said, names }) =>
              `• *${String(names.length)}* × ${escapeWithin(said, 250)}\n    ${escapeWithin(names.slice(0, 3).join(', '), 120)}${names.length > 3 ? ', …' : ''}`,
          )
          .join('\n')}`,
      ),
      ...remedies(members),
      context(
        [
          ...(over || surroundings.mention === '' ? [] : [surroundings.mention]),
          'all of them by name in the thread',
          surroundings.runbookUrl === ''
            ? 'runbook: docs/runbook.md#storm'
            : `<${surroundings.runbookUrl}#storm|runbook>`,
        ].join('  ·  '),
      ),
    ],
  };
}

/** Slack takes 40,000 characters of plain text in a message, far more than in blocks: https://docs.slack.dev/reference/methods/chat.postMessage#text */
const mostListText = 38_000;
const mostName = 36;

/** Every member by name, grouped by what is wrong, in as few texts as Slack's limit allows. */
export function renderStormLists(members: readonly Incident[]): string[] {
  const texts: string[] = [];
  let current = '';
  const add = (piece: string): void => {
    if (current.length + piece.length > mostListText) {
      texts.push(current);
      current = '';
    }
    current += piece;
  };
  for (const { said, names } of groups(members)) {
    add(`${current === '' ? '' : '\n'}*${escapeWithin(said, 250)}* (${String(names.length)})\n`);
    names.forEach((name, index) =>
      add(`${index === 0 ? '' : ', '}${escapeWithin(cut(name, mostName), mostName * 2)}`),
    );
  }
  if (current !== '') texts.push(current);
  return texts;
}

interface Group {
  said: string;
  names: string[];
  remedy: string | undefined;
}

/** Members by what is wrong with them, the largest group first. */
function groups(members: readonly Incident[]): Group[] {
  const byCause = new Map<string, Group>();
  for (const member of members) {
    const [worst] = shownProblems(member);
    if (worst === undefined) continue;
    const cause = worst.content.code ?? worst.kind;
    const name = subjectName(member.subject);
    const group = byCause.get(cause);
    if (group !== undefined) group.names.push(name);
    else {
      const said = worst.summary
        .replaceAll(name, '…')
        .replace(/^(sync of … failed|increment of … could not be verified|…):?\s*/, '');
      byCause.set(cause, { said, names: [name], remedy: worst.content.remedy });
    }
  }
  return [...byCause.values()].sort((a, b) => b.names.length - a.names.length);
}

function remedies(members: readonly Incident[]): Block[] {
  const remedy = groups(members)[0]?.remedy;
  return remedy === undefined || remedy === '' ? [] : [section(`*Do this*\n${escapeWithin(remedy, 1_500)}`)];
}

function count(members: readonly Incident[]): string {
  const connections = members.every(({ subject }) => subject.type === 'connection');
  return `${String(members.length)} ${connections ? 'connections' : 'things'}`;
}

const secondsBetween = (from: string, to: Date): number =>
  Math.max(0, (to.getTime() - Date.parse(from)) / 1000);
