import { expect, test } from 'vitest';
import type { Incident, Storm } from '../contracts/incident.ts';
import { letterTried } from './incident-letters.ts';
import { applyReport } from './incident.ts';
import { planFirstMessages } from './storm.ts';

const start = Date.parse('2026-11-02T10:00:00.000Z');
const after = (seconds: number): Date => new Date(start + seconds * 1000);

/** An incident that opened so many seconds after the start, and that nobody was told of. */
function opened(seconds: number): Incident {
  const at = after(seconds).toISOString();
  return applyReport(
    undefined,
    {
      phase: 'problem',
      id: at,
      at,
      subject: { type: 'connection', id: `tenant_${String(seconds)}`, name: '' },
      kind: 'sync-failed',
      severity: 'critical',
      summary: 'sync failed',
      since: at,
      content: { facts: [], evidence: [], notChecked: [], links: [] },
    },
    after(seconds),
  )!;
}
const told = (seconds: number): Incident => ({ ...opened(seconds), letters: [] });
const tried = (seconds: number): Incident => {
  const incident = opened(seconds);
  return letterTried(incident, incident.letters[0]!.id, after(seconds));
};
const seconds = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

const plan = (incidents: Incident[], at: number, storms: Storm[] = []) => {
  const { alone, together } = planFirstMessages(incidents, storms, () => 'C1', after(at));
  return { alone: alone.length, together: together.map(({ storm, members }) => [storm, members.length]) };
};
const nothing = { alone: 0, together: [] };
const begun = (at: number): string => `storm#${after(at).toISOString()}#C1`;

test('the last of a few is waited for, in case more come', () => {
  const few = [opened(0), opened(5), opened(10)];
  expect(plan(few, 29)).toEqual(nothing);
  expect(plan(few, 30)).toEqual({ ...nothing, alone: 3 });
});

test('nobody waits longer than a minute, however many still come', () => {
  const trickle = (until: number): Incident[] => seconds(0, until, 5).map(opened);
  expect(plan(trickle(55), 59)).toEqual(nothing);
  expect(plan(trickle(60), 60)).toEqual({ ...nothing, together: [[begun(0), 13]] });
});

test('more than five within a minute are a storm, those included that were told at once', () => {
  const firsts = [told(0), told(1), told(2)];
  expect(plan([...firsts, opened(3), opened(4)], 60)).toEqual({ ...nothing, alone: 2 });
  expect(plan([...firsts, opened(3), opened(4), opened(5)], 60)).toEqual({
    ...nothing,
    together: [[begun(3), 3]],
  });
});

test('one whose message may have arrived is told of by no storm', () => {
  expect(plan([tried(0), ...seconds(1, 8, 1).map(opened)], 60)).toEqual({
    ...nothing,
    together: [[begun(1), 8]],
  });
});

test('a storm takes in what opens within ten minutes of its last member, and nothing later', () => {
  const running: Storm = {
    key: 'storm#earlier',
    channel: 'C1',
    status: 'open',
    openedAt: after(0).toISOString(),
    joinedAt: after(0).toISOString(),
    shown: '',
    listed: 0,
    closed: false,
  };
  expect(plan([opened(600)], 601, [running])).toEqual({ ...nothing, together: [['storm#earlier', 1]] });
  expect(plan([opened(601)], 630, [running])).toEqual({ ...nothing, alone: 1 });
  expect(plan([opened(600)], 630, [{ ...running, channel: 'C2' }])).toEqual({ ...nothing, alone: 1 });
  expect(plan([opened(600)], 630, [{ ...running, status: 'resolved' }])).toEqual({ ...nothing, alone: 1 });
});

test('no order of the incidents, and no later tick, makes another plan', () => {
  const all = [...seconds(0, 50, 10), ...seconds(70, 300, 10)].map(opened);
  expect(plan([...all].reverse(), 400)).toEqual(plan(all, 400));
  expect(plan(all, 86_400)).toEqual({ ...nothing, together: [[begun(0), 30]] });
});
