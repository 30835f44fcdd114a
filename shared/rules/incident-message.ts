import type { Incident, Problem } from '../contracts/incident.ts';
import type { Subject } from '../contracts/subject.ts';
import { alertKind } from './alert-kinds.ts';
import {
  context,
  escapeWithin,
  fields,
  header,
  plainHeadline,
  section,
  textsOf,
  type Block,
} from './block-kit.ts';
import { capital } from './clean-text.ts';
import { duration } from './duration.ts';
import { brokenSince, shownProblems, wholeSince } from './incident-problems.ts';
import { secondsBetween } from './instants.ts';
import { outside, severitySigns, slackDate, subjectName, withClock } from './message-text.ts';
import type { Message, MessageSurroundings } from './message.ts';
import { commandsOf, evidenceOf, linksOf, rawOf, remedyOf, runbookNote, whyOf } from './problem-blocks.ts';

/** All text of a message's blocks together: Slack refuses more than about 10,000 characters, without a documented figure (https://github.com/slackapi/bolt-js/issues/2509). */
const mostText = 8_500;

const limits = { findings: 8, fact: 300, facts: 8 };

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

function plainMessage(text: string): Message {
  return { text, blocks: [section(escapeWithin(text, 2_900))] };
}

/** One line that makes sense without anything else: what is broken, or what was and for how long. */
function incidentHeadline(incident: Incident, worst: Problem): string {
  const said = statementOf(incident.subject, worst);
  if (incident.status !== 'resolved') {
    // Names are written as they are; a sentence of our own begins with a capital.
    const sentence = /^(sync|increment) of /.test(said) ? capital(said) : said;
    return plainHeadline(`${severitySigns[worst.severity]} ${withClock(sentence)}`);
  }
  const lasted = duration(secondsBetween(brokenSince(incident), wholeSince(incident)));
  return plainHeadline(`✅ Resolved after ${lasted}: ${withClock(said)}`);
}

function statementOf(subject: Subject, { kind, summary }: Problem): string {
  const name = subjectName(subject);
  const said = summary.includes(name) ? summary : `${name}: ${summary}`;
  if (kind === 'endpoint-held') return `Request held: ${said}`;
  return said;
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
    const stale = duration(secondsBetween(content.lastSuccessAt, now));
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

/** Shows less evidence rather than being refused as too long. */
function fitting(blocks: (evidence: number) => Block[]): Block[] {
  for (let evidence = limits.findings; evidence > 0; evidence -= 1) {
    const made = blocks(evidence);
    if (made.flatMap(textsOf).join('').length <= mostText) return made;
  }
  return blocks(0);
}
