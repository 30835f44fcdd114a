import type { Incident, Problem, Severity, Storm } from '../contracts/incident.ts';
import { alertKind } from './alert-kinds.ts';
import { context, escapeWithin, fields, header, plainHeadline, section, type Block } from './block-kit.ts';
import { cut } from './clean-text.ts';
import { duration } from './duration.ts';
import { hasUsableIds, operatorCommand } from './endpoint-command.ts';
import { brokenSince, isBroken, severityRank, shownProblems } from './incident-problems.ts';
import { secondsBetween } from './instants.ts';
import { severitySigns, slackDate, subjectName } from './message-text.ts';
import type { Message, MessageSurroundings } from './message.ts';

const limits = {
  namedInHeadline: 2,
  labelInHeadline: 55,
  groups: 8,
  namesOfGroup: 3,
  label: 250,
  remedy: 1_500,
};

/** The message that a storm's members share, as it stands now. */
export function renderStorm(
  storm: Storm,
  members: readonly Incident[],
  surroundings: MessageSurroundings,
): Message {
  const groups = groupsOf(members);
  const over = storm.status === 'resolved';
  const endedAt = storm.resolvedAt ?? storm.openedAt;
  const since = members.map(brokenSince).sort()[0] ?? storm.openedAt;
  const broken = members.filter(isBroken);
  const headline = plainHeadline(
    over
      ? `✅ Resolved after ${duration(secondsBetween(since, endedAt))}: ${named(groups)}`
      : `${severitySigns[worstOf(broken)]} ${named(groups)}`,
  );
  return {
    text: escapeWithin(headline, 400),
    blocks: [
      header(headline),
      ...fields([
        ['Since', slackDate(since)],
        over
          ? ['Over', slackDate(endedAt)]
          : ['Still going on', `${String(broken.length)} of ${String(members.length)}`],
      ]),
      section(`*What they have in common*\n${groups.slice(0, limits.groups).map(groupLine).join('\n')}`),
      ...(over ? [] : remedyOf(groups)),
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

/** What is in the storm, in one line. */
export const stormStatement = (members: readonly Incident[]): string => named(groupsOf(members));

/** Slack takes 40,000 characters of plain text in a message, far more than in blocks: https://docs.slack.dev/reference/methods/chat.postMessage#text */
const mostListText = 38_000;
const mostName = 36;

/**
 * Every member by name, grouped by what is wrong, in as few texts as Slack's limit allows. An endpoint request that
 * waits for a decision has its command beside it.
 */
export function renderStormLists(members: readonly Incident[], surroundings: MessageSurroundings): string[] {
  const texts: string[] = [];
  let current = '';
  const add = (piece: string): void => {
    if (current.length + piece.length > mostListText) {
      texts.push(current);
      current = '';
    }
    current += piece;
  };
  for (const { label, members: its } of groupsOf(members)) {
    add(`${current === '' ? '' : '\n'}*${escapeWithin(label, limits.label)}* (${String(its.length)})\n`);
    const names = its.map((member) => listed(member, surroundings));
    const apart = names.some((name) => name.includes('\n')) ? '\n' : ', ';
    names.forEach((name, index) => add(`${index === 0 ? '' : apart}${name}`));
  }
  if (current !== '') texts.push(current);
  return texts;
}

function listed(member: Incident, { acceptEndpointMachineArn }: MessageSurroundings): string {
  const name = escapeWithin(cut(subjectName(member.subject), mostName), mostName * 2);
  const held = shownProblems(member)[0]?.content.heldEndpoint;
  if (held === undefined || !hasUsableIds(held)) return name;
  const command = operatorCommand(acceptEndpointMachineArn, 'reject', held);
  return `${name}, asked by AWS account ${held.ownerAccount}:\n\`${escapeWithin(command, 600)}\``;
}

/** Members with the same thing wrong. */
interface Group {
  label: string;
  severity: Severity;
  members: Incident[];
  remedy: string | undefined;
}

/** Members by what is wrong with them: the worst first, of those the largest group. */
function groupsOf(members: readonly Incident[]): Group[] {
  const groups = new Map<string, Group>();
  for (const member of members) {
    const [worst] = shownProblems(member);
    if (worst === undefined) continue;
    const label = labelOf(worst, subjectName(member.subject));
    const { severity } = worst;
    const key = `${severity} ${label}`;
    const group = groups.get(key);
    if (group !== undefined) group.members.push(member);
    else groups.set(key, { label, severity, members: [member], remedy: worst.content.remedy });
  }
  return [...groups.values()].sort(
    (a, b) => severityRank[a.severity] - severityRank[b.severity] || b.members.length - a.members.length,
  );
}

/** What is wrong, without the name of the thing that it is wrong with: its own words, or those of its kind. */
function labelOf({ kind, summary }: Problem, name: string): string {
  const starts = [
    [`sync of ${name} `, 'sync '],
    [`increment of ${name} `, 'increment '],
    [`${name} could not`, 'could not'],
    [`${name}: `, ''],
  ] as const;
  for (const [start, instead] of starts) {
    if (summary.startsWith(start)) return `${instead}${summary.slice(start.length)}`;
  }
  return summary.includes(name) ? alertKind(kind).title : summary;
}

/** `30 × sync failed: the disk is full, 12 × data delayed, 5 more`. */
function named(groups: readonly Group[]): string {
  const first = groups.slice(0, limits.namedInHeadline);
  const counted = first.map(({ label, members }) => {
    const words = groups.length === 1 ? label : cut(label, limits.labelInHeadline);
    return `${String(members.length)} × ${words}`;
  });
  const rest = groups.slice(first.length).reduce((sum, { members }) => sum + members.length, 0);
  return [...counted, ...(rest === 0 ? [] : [`${String(rest)} more`])].join(', ');
}

const worstOf = (members: readonly Incident[]): Severity =>
  members
    .flatMap((member) => shownProblems(member).map(({ severity }) => severity))
    .reduce(
      (worst, severity) => (severityRank[severity] < severityRank[worst] ? severity : worst),
      'information',
    );

function groupLine({ label, members, severity }: Group): string {
  const names = members.slice(0, limits.namesOfGroup).map(({ subject }) => subjectName(subject));
  const more = members.length > names.length ? ', …' : '';
  return `${severitySigns[severity]} *${String(members.length)}* × ${escapeWithin(label, limits.label)}\n    ${escapeWithin(names.join(', '), 120)}${more}`;
}

function remedyOf(groups: readonly Group[]): Block[] {
  const [first] = groups;
  if (first?.remedy === undefined || first.remedy === '') return [];
  const about = groups.length === 1 ? '' : ` about the ${String(first.members.length)} that come first`;
  return [section(`*Do this*${about}\n${escapeWithin(first.remedy, limits.remedy)}`)];
}
