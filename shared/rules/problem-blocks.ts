import type { AlertContent, Problem } from '../contracts/incident.ts';
import type { Subject } from '../contracts/subject.ts';
import { alertKind } from './alert-kinds.ts';
import { button, context, escapeWithin, section, type Block } from './block-kit.ts';
import { commandLine, hasUsableIds, operatorCommand } from './endpoint-command.ts';
import { outside } from './message-text.ts';
import type { MessageSurroundings } from './message.ts';

const limits = { cause: 700, remedy: 1_500, finding: 320, raw: 2_500, links: 5 };

/** Why it broke, where that is known. */
export const whyOf = ({ cause }: AlertContent): Block[] =>
  cause === undefined || cause === '' ? [] : [section(`*Why*\n${outside(cause, limits.cause)}`)];

const marks = { blocking: '✖', warning: '▲', ok: '✓', skipped: '–' } as const;

/** What was found on the path, at most so many findings, and what could not be looked at. */
export function evidenceOf({ summary: said, content }: Problem, most: number): Block[] {
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

/** What to do about it. */
export const remedyOf = ({ remedy }: AlertContent): Block[] =>
  remedy === undefined || remedy === '' ? [] : [section(`*Do this*\n${outside(remedy, limits.remedy)}`)];

/** How a person decides about a request that is held; nothing where none is. */
export function commandsOf({ kind, content }: Problem, surroundings: MessageSurroundings): Block[] {
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

/** An alert that could not be read, as it came. */
export const rawOf = ({ raw }: AlertContent): Block[] =>
  raw === undefined
    ? []
    : [
        section(
          `*As it came* (it could not be read)\n\`\`\`${escapeWithin(raw.replaceAll('```', "'''"), limits.raw)}\`\`\``,
        ),
      ];

/** Buttons that lead to Fivetran, the execution and the runbook. */
export function linksOf(subject: Subject, problem: Problem, surroundings: MessageSurroundings): Block[] {
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
function executionUrl(executionArn: string): string {
  const region = executionArn.split(':')[3] ?? '';
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}

/** The entry of docs/runbook.md: the cause's where it is known, otherwise the alert's. */
const runbookAnchor = ({ kind, content }: Problem): string =>
  content.code === undefined || content.code === 'unknown' ? kind : content.code;

/** Where the runbook speaks of it; its title where a button leads there already. */
export const runbookNote = (problem: Problem, { runbookUrl }: MessageSurroundings): string =>
  runbookUrl === '' ? `runbook: docs/runbook.md#${runbookAnchor(problem)}` : alertKind(problem.kind).title;
