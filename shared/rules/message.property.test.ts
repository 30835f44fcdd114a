import fc from 'fast-check';
import { expect, test } from 'vitest';
import { problemsOfBlocks, textLength } from '../../local/slack/block-kit.ts';
import type { AlertContent, Incident } from '../contracts/incident.ts';
import type { ProblemReport } from './incident-report.ts';
import { applyTime } from './incident-time.ts';
import { applyReport, createInformation } from './incident.ts';
import { renderIncident } from './incident-message.ts';
import { renderLetter } from './letter-message.ts';
import { withoutBlocks } from './message.ts';
import { renderStorm, renderStormLists } from './storm-message.ts';

const now = new Date('2026-11-02T10:00:00.000Z');
const surroundings = {
  mention: '<!here>',
  runbookUrl: 'https://git.example/runbook.md',
  acceptEndpointMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:x-accept-endpoint',
  now,
};

const nasty = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom(
    '<!channel>',
    '<@U1> & <https://evil.example|click>',
    '&'.repeat(400),
    '```',
    '😀'.repeat(300),
  ),
  fc.integer({ min: 1, max: 6_000 }).map((length) => '<>&x'.repeat(length)),
);

const content: fc.Arbitrary<AlertContent> = fc.record({
  code: fc.constant('teleport-limit'),
  cause: nasty,
  remedy: nasty,
  facts: fc.array(fc.record({ label: nasty, value: nasty }), { maxLength: 25 }),
  evidence: fc.array(
    fc.record({
      check: nasty,
      status: fc.constantFrom('ok' as const, 'warning' as const, 'blocking' as const, 'skipped' as const),
      summary: nasty,
    }),
    { maxLength: 25 },
  ),
  notChecked: fc.array(nasty, { maxLength: 6 }),
  links: fc.array(fc.record({ label: nasty.filter((label) => label !== ''), url: nasty }), { maxLength: 8 }),
  raw: nasty,
  heldEndpoint: fc.record({ serviceId: nasty, endpointId: nasty, ownerAccount: nasty }),
});

const report: fc.Arbitrary<ProblemReport> = fc.record({
  phase: fc.constant('problem' as const),
  id: fc.string(),
  at: fc.constant(now.toISOString()),
  subject: fc.record({
    type: fc.constantFrom('connection' as const, 'endpoint' as const),
    id: fc.string({ minLength: 1, maxLength: 200 }),
    name: nasty,
  }),
  kind: fc.constantFrom('sync-failed', 'endpoint-held'),
  severity: fc.constantFrom('critical' as const, 'warning' as const),
  summary: nasty,
  since: fc.constant(now.toISOString()),
  content,
});

/** What Slack gives a meaning to: our own dates and mention, and nothing else. */
const foreignMarkup = (text: string): string[] =>
  [...text.matchAll(/<([^>]*)>/g)]
    .map(([, inside = '']) => inside)
    .filter(
      (inside) =>
        !/^(!here|!date\^\d+\^.*|https:\/\/git\.example\/runbook\.md#[a-z-]+\|runbook)$/.test(inside),
    );

function check(message: { text: string; blocks: object[] }): void {
  expect(problemsOfBlocks(message.blocks)).toEqual([]);
  expect(message.blocks.length).toBeLessThanOrEqual(50);
  expect(textLength(message.blocks)).toBeLessThanOrEqual(10_000);
  expect(message.text.length).toBeLessThanOrEqual(500);
  expect(foreignMarkup(message.text)).toEqual([]);
  for (const block of message.blocks) {
    if ('type' in block && block.type === 'header') continue;
    expect(foreignMarkup(JSON.stringify(block).replaceAll('\\"', ''))).toEqual([]);
  }
}

test('whatever comes from outside, Slack takes the message and gives no word of it a meaning', () => {
  fc.assert(
    fc.property(report, (problem) => {
      const opened = applyReport(undefined, problem, now)!;
      check(renderIncident(opened, surroundings));
      const later = new Date(now.getTime() + 7_200_000);
      const posted: Incident = {
        ...opened,
        letters: [],
        posted: { channel: 'C', ts: '1', at: now.toISOString() },
      };
      const waiting = applyTime(posted, later);
      for (const letter of waiting.letters) {
        check(renderLetter(letter, waiting, surroundings, { threads: true }));
      }
      const over = applyReport(
        posted,
        { phase: 'resolved', id: 'r', at: later.toISOString(), subject: problem.subject, scope: 'all' },
        later,
      )!;
      check(renderIncident(over, surroundings));
      check(renderIncident(createInformation({ ...problem, phase: 'information' }, now), surroundings));
      expect(withoutBlocks(renderIncident(opened, surroundings)).text.length).toBeLessThanOrEqual(4_000);
    }),
    { numRuns: 300 },
  );
});

test('a storm of whatever names is taken too', () => {
  fc.assert(
    fc.property(fc.array(report, { minLength: 1, maxLength: 40 }), (problems) => {
      const members = problems.map((problem) => applyReport(undefined, problem, now)!);
      const storm = {
        key: 'storm#1',
        channel: 'C1',
        status: 'open' as const,
        openedAt: now.toISOString(),
        joinedAt: now.toISOString(),
        shown: '',
        listed: 0,
        closed: false,
      };
      check(renderStorm(storm, members, surroundings));
      for (const text of renderStormLists(members, surroundings)) {
        expect(text.length).toBeLessThanOrEqual(40_000);
        expect(foreignMarkup(text)).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});
