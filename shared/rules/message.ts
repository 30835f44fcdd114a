import type { AlertContent, Incident, Letter, Problem } from '../contracts/incident.ts';
import type { Subject } from '../contracts/subject.ts';
import { alertKind } from './alert-kinds.ts';
import { cut } from './clean-text.ts';
import { duration } from './duration.ts';
import { commandLine, hasUsableIds, operatorCommand } from './endpoint-command.ts';
import { brokenSince, shownProblems, wholeSince } from './incident-problems.ts';
import { elapsedSeconds } from './instants.ts';
import {
  button,
  context,
  escapeWithin,
  fields,
  header,
  plainHeadline,
  section,
  type Block,
} from './block-kit.ts';

/** What a message needs to know beside its incident. */
export interface MessageSurroundings {
  /** Whom the first message mentions, in Slack's syntax; trusted, it comes from the deployment. */
  mention: string;
  /** Where docs/runbook.md can be read; empty when nobody said. */
  runbookUrl: string;
  /** ARN of the machine that decides about a held request. */
  acceptEndpointMachineArn: string;
  now: Date;
}

export interface Message {
  /** What a lock screen shows. */
  text: string;
  blocks: Block[];
}

/** All text of a message's blocks together: Slack refuses more than about 10,000 characters, without a documented figure (https://github.com/slackapi/bolt-js/issues/2509). */
const mostText = 8_500;
const limits = {
  cause: 700,
  remedy: 1_500,
  finding: 320,
  findings: 8,
  fact: 300,
  facts: 8,
  raw: 2_500,
  links: 5,
};

/** An incident's first message, as it stands now: broken, over, or a one-time information. */
export function renderIncident(incident: Incident, surroundings: MessageSurroundings): Message {
  const [worst, ...others] = shownProblems(incident);
  if (worst === undefined) return plainMessage(incident.key);
  const over = incident.status === 'resolved';
  const headline = incidentHeadline(incident, worst);
  const mentions = incident.status === 'open' && worst.severity !== 'information';
  const blocks = (evidence: number): Block[] => [
    header(headline),
    ...(over ? [] : summaryWhereCut(headline, worst)),
    ...factsOf(incident, worst, surroundings.now),
    ...(others.length === 0 || over ? [] : [section(`*Also*\n${others.map(alsoLine).join('\n')}`)]),
    ...whyOf(worst.content),
    ...evidenceOf(worst, evidence),
    ...(over ? [] : remedyOf(worst.content)),
    ...(over ? [] : commandsOf(worst, surroundings)),
    ...rawOf(worst.content),
    ...linksOf(incident.subject, worst, surroundings),
    context(
      [
        ...(mentions && surroundings.mention !== '' ? [surroundings.mention] : []),
        ...(incident.dampedCalmSince === undefined ? [] : ['comes and goes, counted quietly']),
        runbookNote(worst, surroundings),
      ].join('  ·  '),
    ),
  ];
  return { text: escapeWithin(headline, 400), blocks: fitting(blocks) };
}

/** A reply in an incident's thread, or, where there are no threads, a message of its own. */
export function renderLetter(
  letter: Letter,
  incident: Incident,
  surroundings: MessageSurroundings,
  options: { threads: boolean },
): Message & { broadcast: boolean } {
  const [worst] = shownProblems(incident);
  const name = subjectName(incident.subject);
  const sign = letterSigns[letter.kind];
  const named = letter.text.includes(name) ? letter.text : `${name}: ${letter.text}`;
  const mentions = letter.kind === 'escalation' || letter.kind === 'reminder';
  const mention = mentions && surroundings.mention !== '' ? `  ${surroundings.mention}` : '';
  const said = options.threads ? letter.text : named;
  return {
    text: escapeWithin(plainHeadline(`${sign} ${withClock(named)}`), 400),
    blocks: [
      section(`${sign} ${outside(said, 2_500)}${mention}`),
      ...(worst === undefined ? [] : letterDetails(letter, worst, surroundings, options.threads)),
    ],
    broadcast: mentions,
  };
}

const letterSigns: Record<Letter['kind'], string> = {
  first: '🔴',
  again: '🔁',
  also: '➕',
  flapping: '〰️',
  escalation: '🚨',
  reminder: '⏰',
  recovered: '✅',
};

/** A repeat says why, which may have changed; where there is no thread with it at its top, a reminder how to decide. */
function letterDetails(
  letter: Letter,
  worst: Problem,
  surroundings: MessageSurroundings,
  threads: boolean,
): Block[] {
  if (letter.kind === 'reminder') {
    return threads
      ? [context('How to decide is said at the top of this thread.')]
      : commandsOf(worst, surroundings);
  }
  if (letter.kind === 'again' || letter.kind === 'also')
    return [...whyOf(worst.content), ...remedyOf(worst.content)];
  return [];
}

/** The message as plain text alone, for when Slack does not take its blocks. */
export const withoutBlocks = (message: { text: string; blocks?: Block[] | undefined }) => ({
  text: cut(
    [message.text, ...(message.blocks ?? []).flatMap(textsOf)].filter((text) => text !== '').join('\n'),
    3_900,
  ),
  blocks: undefined,
});

/** What a person calls the subject. */
export const subjectName = (subject: Subject): string => (subject.name === '' ? subject.id : subject.name);

/** One line that makes sense without anything else: what is broken, or what was and for how long. */
function incidentHeadline(incident: Incident, worst: Problem): string {
  const said = statementOf(incident.subject, worst);
  if (incident.status !== 'resolved') {
    // Names are written as they are; a sentence of our own begins with a capital.
    const sentence = /^(sync|increment) of /.test(said)
      ? `${said.slice(0, 1).toUpperCase()}${said.slice(1)}`
      : said;
    return plainHeadline(`${severitySigns[worst.severity]} ${withClock(sentence)}`);
  }
  const lasted = duration(elapsedSeconds(brokenSince(incident), wholeSince(incident)));
  return plainHeadline(`✅ Resolved after ${lasted}: ${withClock(said)}`);
}

/** A headline is plain text, in which no instant can be shown in the reader's zone: the time of day is enough. */
const withClock = (text: string): string =>
  text.replace(/\b\d{4}-\d\d-\d\dT(\d\d:\d\d):\d\d(?:\.\d+)?Z/g, '$1 UTC');

function statementOf(subject: Subject, { kind, summary }: Problem): string {
  const name = subjectName(subject);
  const said = summary.includes(name) ? summary : `${name}: ${summary}`;
  if (kind === 'endpoint-held') return `Request held: ${said}`;
  return said;
}

/** How bad it is, at a glance. */
export const severitySigns = { critical: '🔴', warning: '🟠', information: '🔵' } as const;

function plainMessage(text: string): Message {
  return { text, blocks: [section(escapeWithin(text, 2_900))] };
}

/** The header is cut to its limit; then the summary follows whole. */
const summaryWhereCut = (headline: string, problem: Problem): Block[] =>
  headline.endsWith('…') && problem.summary !== '' ? [section(outside(problem.summary, 2_000))] : [];

function factsOf(incident: Incident, worst: Problem, now: Date): Block[] {
  const { content } = worst;
  const since = brokenSince(incident);
  const over = incident.status === 'resolved';
  const pairs: [string, string][] = [];
  if (incident.status !== 'information') pairs.push(['Since', slackDate(since)]);
  if (over) pairs.push(['Over', slackDate(wholeSince(incident))]);
  if (!over && content.lastSuccessAt !== undefined) {
    const stale = duration(elapsedSeconds(content.lastSuccessAt, now));
    pairs.push(['Data as of', `${slackDate(content.lastSuccessAt)} (${stale} old)`]);
  }
  if (incident.count > 1)
    pairs.push(['Reported', `${String(incident.count)} times, last ${slackDate(worst.lastAt)}`]);
  if (incident.reopened > 0) pairs.push(['Came back', `${String(incident.reopened)} times`]);
  if (content.heldEndpoint !== undefined) {
    const { ownerAccount, endpointId, serviceId } = content.heldEndpoint;
    pairs.push(['Asked by', `AWS account ${escapeWithin(ownerAccount, 40)}`]);
    pairs.push(['Endpoint', escapeWithin(endpointId, 60)], ['Our service', escapeWithin(serviceId, 60)]);
  }
  const known = new Set<string>(Object.values(content.heldEndpoint ?? {}));
  for (const { label, value } of content.facts.slice(0, limits.facts)) {
    if (value !== '' && !known.has(value)) pairs.push([escapeWithin(label, 60), outside(value, limits.fact)]);
  }
  return fields(pairs);
}

const alsoLine = (problem: Problem): string =>
  `• ${escapeWithin(`${alertKind(problem.kind).title}: ${problem.summary}`, 300)}`;

const whyOf = ({ cause }: AlertContent): Block[] =>
  cause === undefined || cause === '' ? [] : [section(`*Why*\n${outside(cause, limits.cause)}`)];

const marks = { blocking: '✖', warning: '▲', ok: '✓', skipped: '–' } as const;

function evidenceOf({ summary: said, content }: Problem, most: number): Block[] {
  const { notChecked } = content;
  // What the headline says already is no evidence for it.
  const evidence = content.evidence.filter(({ summary }) => !said.startsWith(summary));
  const lines = evidence
    .slice(0, most)
    .map(({ status, summary }) => `${marks[status]} ${outside(summary, limits.finding)}`);
  if (evidence.length > most) lines.push(`… and ${String(evidence.length - most)} more`);
  return [
    ...(lines.length === 0 ? [] : [section(`*Evidence*\n${lines.join('\n')}`)]),
    ...(notChecked.length === 0
      ? []
      : [context(`Could not be checked: ${outside(notChecked.join('; '), 500)}`)]),
  ];
}

const remedyOf = ({ remedy }: AlertContent): Block[] =>
  remedy === undefined || remedy === '' ? [] : [section(`*Do this*\n${outside(remedy, limits.remedy)}`)];

function commandsOf({ kind, content }: Problem, surroundings: MessageSurroundings): Block[] {
  const { heldEndpoint } = content;
  if (heldEndpoint === undefined) return [];
  if (!hasUsableIds(heldEndpoint)) {
    return [
      section(
        '*Decide by hand*\nIts ids do not have the form that AWS gives, so no command is offered: look at the endpoint service in the AWS console.',
      ),
    ];
  }
  const commands = (action: 'accept' | 'reject' | 'adopt'): string =>
    [operatorCommand, commandLine]
      .map((write) => write(surroundings.acceptEndpointMachineArn, action, heldEndpoint))
      .map((command) => `\`\`\`${escapeWithin(command, 600)}\`\`\``)
      .join('\nor\n');
  const held = kind === 'endpoint-held';
  return [
    section(
      [
        '*Decide by hand*: nothing is accepted or rejected without you. Put in your name and why.',
        `Reject it:\n${commands('reject')}`,
        `${held ? 'Accept it, once you know who asks' : 'Vouch for it, once you know that it is yours'}:\n${commands(held ? 'accept' : 'adopt')}`,
      ].join('\n'),
    ),
  ];
}

const rawOf = ({ raw }: AlertContent): Block[] =>
  raw === undefined
    ? []
    : [
        section(
          `*As it came* (it could not be read)\n\`\`\`${escapeWithin(raw.replaceAll('```', "'''"), limits.raw)}\`\`\``,
        ),
      ];

function linksOf(subject: Subject, problem: Problem, surroundings: MessageSurroundings): Block[] {
  const { content } = problem;
  const links = [
    ...(subject.type === 'connection'
      ? [
          {
            label: 'Fivetran',
            url: `https://fivetran.com/dashboard/connections/${encodeURIComponent(subject.id)}/status`,
          },
        ]
      : []),
    ...(content.executionArn === undefined
      ? []
      : [{ label: 'Execution', url: executionUrl(content.executionArn) }]),
    ...(surroundings.runbookUrl === ''
      ? []
      : [{ label: 'Runbook', url: `${surroundings.runbookUrl}#${runbookAnchor(problem)}` }]),
    ...content.links,
  ].filter(({ url }) => isWebUrl(url));
  return links.length === 0
    ? []
    : [
        {
          type: 'actions',
          elements: links.slice(0, limits.links).map(({ label, url }, index) => button(label, url, index)),
        },
      ];
}

const isWebUrl = (url: string): boolean =>
  /^https?:\/\/\S+$/.test(url) && url.length <= 3_000 && URL.canParse(url);

/** Where the console shows an execution; its Region is in the ARN. */
export function executionUrl(executionArn: string): string {
  const region = executionArn.split(':')[3] ?? '';
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}

/** The entry of docs/runbook.md: the cause's where it is known, otherwise the alert's. */
export const runbookAnchor = ({ kind, content }: Problem): string =>
  content.code === undefined || content.code === 'unknown' ? kind : content.code;

const runbookNote = (problem: Problem, { runbookUrl }: MessageSurroundings): string =>
  runbookUrl === '' ? `runbook: docs/runbook.md#${runbookAnchor(problem)}` : alertKind(problem.kind).title;

/** An instant in the reader's own zone, with UTC for clients that cannot: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export function slackDate(instant: string): string {
  const date = new Date(instant);
  const seconds = Math.floor(date.getTime() / 1000);
  const fallback = `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `<!date^${String(seconds)}^{date_short_pretty} {time}|${fallback}>`;
}

/** Text from outside, escaped and cut, its instants in the reader's own zone. */
function outside(text: string, limit: number): string {
  return escapeWithin(text, limit).replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, slackDate);
}

/** Shows less evidence rather than being refused as too long. */
function fitting(blocks: (evidence: number) => Block[]): Block[] {
  for (let evidence = limits.findings; evidence > 0; evidence -= 1) {
    const made = blocks(evidence);
    if (made.flatMap(textsOf).join('').length <= mostText) return made;
  }
  return blocks(0);
}

/** Every text of a block, in order. */
export function textsOf(block: Block): string[] {
  return [
    ...(block.text === undefined ? [] : [block.text.text]),
    ...(block.fields ?? []).map(({ text }) => text),
    ...(block.elements ?? []).map((element) =>
      typeof element.text === 'string' ? element.text : element.text.text,
    ),
  ];
}
