import { describe, expect, it } from 'vitest';
import { changesByCounters, headroomFindings, headroomUsedPercent, type TableChanges } from './headroom.ts';

const now = new Date('2026-03-02T12:00:00Z');
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * 3_600_000);
const rental = (changed: number, certainty: TableChanges['certainty'] = 'exact'): TableChanges => ({
  schema: 'public',
  table: 'rental',
  changed,
  certainty,
});
const times = (frequencyMinutes?: number, hours = 1) => ({
  sinceAt: hoursAgo(hours),
  now,
  frequencyMinutes,
  lastSyncAt: hoursAgo(hours),
});

describe("Teleport's headroom", () => {
  it('is ok far from the limit, and says whether the number is exact', () => {
    const [exact] = headroomFindings([rental(100)], times(360));
    expect(exact).toMatchObject({ status: 'ok' });
    expect(exact?.summary).toContain('100 rows (exact) changed');
    expect(headroomFindings([rental(100, 'bound')], times(360))[0]?.summary).toContain('an upper bound');
  });

  it('warns of a table that reaches the limit by the next sync at the present rate', () => {
    const [finding] = headroomFindings([rental(4_000)], times(360));
    expect(finding).toMatchObject({ status: 'warning' });
    expect(finding?.summary).toContain('becomes about 24,000 by the next sync');
    expect(finding?.remedy).toContain('sync frequency to 120 minutes or less');
  });

  it('does not forecast where no sync is scheduled', () => {
    expect(headroomFindings([rental(4_000)], times())[0]).toMatchObject({ status: 'ok' });
  });

  it.each([
    [10_600, /near the 15,000/],
    [15_001, /reports "Teleport Sync Error" and copies the whole table again/],
    [50_001, /at which Fivetran may disable the table/],
  ])('says what %i changed rows lead to', (changed, consequence) => {
    const [finding] = headroomFindings([rental(changed)], times());
    expect(finding).toMatchObject({ status: 'warning' });
    expect(finding?.summary).toMatch(consequence);
  });

  it('does not count what syncs after the mark have carried, and calls the rest an estimate under an upper bound', () => {
    const daily = { ...times(15, 24), lastSyncAt: hoursAgo(0.1) };
    const [calm] = headroomFindings([rental(90_000)], daily);
    expect(calm).toMatchObject({ status: 'ok' });
    expect(calm?.summary).toContain('at most 90,000 rows changed since');
    expect(calm?.summary).toContain('of which about 375 wait for the next sync');
    expect(headroomUsedPercent([rental(90_000)], daily)).toBeCloseTo(2.5);
    const [busy] = headroomFindings([rental(90_000)], { ...daily, frequencyMinutes: 360 });
    expect(busy?.summary).toContain('becomes about 22,500 by the next sync');
    expect(busy?.remedy).toContain('sync frequency to 120 minutes or less');
  });

  it('takes a sync that ended within a minute of the mark for the one that the mark follows', () => {
    const [finding] = headroomFindings([rental(100)], {
      ...times(),
      lastSyncAt: new Date(hoursAgo(1).getTime() + 30_000),
    });
    expect(finding?.summary).toContain('(exact)');
  });

  it('advises another method where even a sync each minute is too seldom', () => {
    expect(headroomFindings([rental(900_000)], times(1))[0]?.remedy).toContain('Query-Based');
  });

  it('names the worst table first and skips what could not be counted, with the reason', () => {
    const findings = headroomFindings(
      [
        rental(16_000),
        { ...rental(17_000), table: 'payment' },
        { ...rental(0, 'unknown'), table: 'film', reason: 'a standby does not count changes' },
      ],
      times(),
    );
    expect(findings.map(({ status }) => status)).toEqual(['warning', 'warning', 'skipped']);
    expect(findings[0]?.summary).toContain('public.payment');
    expect(findings[2]?.summary).toContain('a standby does not count changes');
  });
});

it('the figure for the dashboard is the worst table in percent of the limit, without those that cannot be counted', () => {
  expect(headroomUsedPercent([rental(3_000), rental(7_500), rental(90_000, 'unknown')], times())).toBe(50);
  expect(headroomUsedPercent([], times())).toBe(0);
});

describe('changes by counters', () => {
  const before = { inserted: 10, updated: 20, deleted: 30, resetAt: '' };
  const table = { schema: 'public', table: 'rental' };

  it('are the sum of all attempts, an upper bound', () => {
    const counters = { inserted: 11, updated: 22, deleted: 33, resetAt: '' };
    expect(changesByCounters({ ...table, counters }, before, false)).toMatchObject({
      changed: 6,
      deleted: 3,
      certainty: 'bound',
    });
  });

  it.each([
    ['on a standby', { ...before }, true, before],
    ['when they were reset', { ...before, resetAt: '2026-03-02' }, false, before],
    ['when they went backwards', { ...before, updated: 1 }, false, before],
    ['of a table that the mark does not know', before, false, undefined],
  ])('are unknown %s', (_, counters, standby, earlier) => {
    expect(changesByCounters({ ...table, counters }, earlier, standby).certainty).toBe('unknown');
  });
});
