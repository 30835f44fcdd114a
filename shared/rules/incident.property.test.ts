import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Incident } from '../contracts/incident.ts';
import { isBroken, shownProblems } from './incident-problems.ts';
import type { ProblemReport, RecoveryReport } from './incident-report.ts';
import { applyTime } from './incident-time.ts';
import { applyRecoveries, applyReport } from './incident.ts';

// The incident rule against what a person would say who hears all the facts at once, in their true order.

const subject = { type: 'connection' as const, id: 'assimilate_seem', name: 'rental_pg' };
const start = Date.parse('2026-11-02T10:00:00.000Z');
const instant = (minute: number): string => new Date(start + minute * 60_000).toISOString();

/** The second outlasts a successful sync. */
const kinds = ['sync-failed', 'increment-short'] as const;
const scopes = ['all', 'sync', 'kind:increment-short'] as const;
type Kind = (typeof kinds)[number];
/** What each recovery disproves, written down apart from the rule. */
const disproves: Record<(typeof scopes)[number], readonly Kind[]> = {
  all: kinds,
  sync: ['sync-failed'],
  'kind:increment-short': ['increment-short'],
};

type Fact =
  | { is: 'problem'; kind: Kind; minute: number }
  | { is: 'recovery'; scope: (typeof scopes)[number]; minute: number };

const minute = fc.integer({ min: 0, max: 40 });
const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ is: fc.constant('problem' as const), kind: fc.constantFrom(...kinds), minute }),
  fc.record({ is: fc.constant('recovery' as const), scope: fc.constantFrom(...scopes), minute }),
);

const problem = ({ kind, minute: at }: Extract<Fact, { is: 'problem' }>): ProblemReport => ({
  phase: 'problem',
  id: `${kind}@${String(at)}`,
  at: instant(at),
  subject,
  kind,
  severity: 'critical',
  summary: kind,
  since: instant(at),
  content: { facts: [], evidence: [], notChecked: [], links: [] },
});
const recovery = ({ scope, minute: at }: Extract<Fact, { is: 'recovery' }>): RecoveryReport => ({
  phase: 'resolved',
  id: `${scope}@${String(at)}`,
  at: instant(at),
  subject,
  scope,
});

/** The incident after the facts in the order in which they come, minutes after the last one was true. */
function fold(facts: readonly Fact[]): Incident | undefined {
  let now = start + 3_600_000;
  const notes: { scope: string; at: string }[] = [];
  let incident: Incident | undefined;
  for (const each of facts) {
    now += 20_000;
    const report = each.is === 'problem' ? problem(each) : recovery(each);
    if (report.phase === 'resolved') notes.push({ scope: report.scope, at: report.at });
    const before = incident;
    incident = applyReport(incident, report, new Date(now));
    if (before === undefined && incident !== undefined)
      incident = applyRecoveries(incident, notes, new Date(now));
  }
  return incident;
}

/** The kinds that are going on. */
function going(facts: readonly Fact[]): Kind[] {
  return kinds.filter((kind) => {
    const seen = facts.flatMap((each) => (each.is === 'problem' && each.kind === kind ? [each.minute] : []));
    const over = facts.flatMap((each) =>
      each.is === 'recovery' && disproves[each.scope].includes(kind) ? [each.minute] : [],
    );
    return Math.max(-1, ...seen) > Math.max(-1, ...over);
  });
}

/** The facts in another order, some of them twice. */
const jumbled = (facts: Fact[]): fc.Arbitrary<Fact[]> =>
  fc
    .tuple(fc.shuffledSubarray(facts, { minLength: facts.length }), fc.subarray(facts))
    .map(([ordered, again]) => [...ordered, ...again]);

const facts = fc.array(fact, { minLength: 1, maxLength: 25 }).chain(jumbled);

test('whatever order the facts come in, and how often, an incident tells of exactly what is going on', () => {
  fc.assert(
    fc.property(facts, (list) => {
      const incident = fold(list);
      const open = going(list);
      if (incident === undefined) {
        expect(list.filter(({ is }) => is === 'problem')).toEqual([]);
        return;
      }
      expect(isBroken(incident)).toBe(open.length > 0);
      if (open.length > 0) {
        expect(
          shownProblems(incident)
            .map(({ kind }) => kind)
            .sort(),
        ).toEqual([...open].sort());
        expect(incident.status).toBe('open');
      } else if (incident.dampedCalmSince === undefined) {
        expect(incident.status).toBe('resolved');
      }
      const distinct = new Set(list.flatMap((each) => (each.is === 'problem' ? [problem(each).id] : [])));
      expect(incident.count).toBe(distinct.size);
      for (const { kind, firstAt, lastAt } of incident.problems) {
        const minutes = list.flatMap((each) =>
          each.is === 'problem' && each.kind === kind ? [each.minute] : [],
        );
        expect([firstAt, lastAt]).toEqual([instant(Math.min(...minutes)), instant(Math.max(...minutes))]);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('what lasts is called for once, as soon as it has lasted an hour, however the minutes pass', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 60 }), (steps) => {
      const opened = applyReport(
        undefined,
        problem({ is: 'problem', kind: 'sync-failed', minute: 0 }),
        new Date(start),
      );
      let incident: Incident = {
        ...opened!,
        letters: [],
        posted: { channel: 'C1', ts: '1', at: instant(0) },
        shown: opened!.revision,
      };
      let passed = 0;
      const called: number[] = [];
      for (const step of steps) {
        passed += step;
        incident = applyTime(incident, new Date(start + passed * 60_000));
        if (incident.letters.some(({ kind }) => kind === 'escalation')) called.push(passed);
        incident = { ...incident, letters: [] };
      }
      const [due] = steps
        .map((_, index) => steps.slice(0, index + 1).reduce((sum, step) => sum + step, 0))
        .filter((at) => at >= 60);
      expect(called).toEqual(due === undefined ? [] : [due]);
    }),
  );
});
