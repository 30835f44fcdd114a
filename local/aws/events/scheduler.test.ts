import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readScheduleExpression } from './schedule-expression.ts';
import { createScheduler, type Schedule } from './scheduler.ts';

const next = (expression: string, after: string) =>
  readScheduleExpression(expression)(new Date(after))?.toISOString();

describe('a schedule expression', () => {
  test.each([
    ['rate(5 minutes)', '2026-11-22T10:00:30Z', '2026-11-22T10:05:30.000Z'],
    ['rate(1 hour)', '2026-11-22T10:00:00Z', '2026-11-22T11:00:00.000Z'],
    ['at(2026-11-23T00:00:00)', '2026-11-22T10:00:00Z', '2026-11-23T00:00:00.000Z'],
    ['at(2026-11-21T00:00:00)', '2026-11-22T10:00:00Z', undefined],
    ['cron(0 12 * * ? *)', '2026-11-22T12:00:00Z', '2026-11-23T12:00:00.000Z'],
    ['cron(0/15 * * * ? *)', '2026-11-22T12:01:00Z', '2026-11-22T12:15:00.000Z'],
    ['cron(30 8 ? * MON-FRI *)', '2026-11-20T09:00:00Z', '2026-11-23T08:30:00.000Z'],
    ['cron(0 0 1 1 ? *)', '2026-11-22T12:00:00Z', '2027-01-01T00:00:00.000Z'],
    ['cron(0 0 L * ? *)', '2026-11-22T12:00:00Z', '2026-11-30T00:00:00.000Z'],
    ['cron(0 0 ? * 3#2 *)', '2026-11-22T12:00:00Z', '2026-12-08T00:00:00.000Z'],
    ['cron(0 0 ? * 6L *)', '2026-11-22T12:00:00Z', '2026-11-27T00:00:00.000Z'],
    ['cron(0 0 29 FEB ? *)', '2026-11-22T12:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['cron(0 0 1 1 ? 2020)', '2026-11-22T12:00:00Z', undefined],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  test.each([
    'rate(5)',
    'rate(0 minutes)',
    'every 5 minutes',
    'cron(0 12 * * *)',
    'cron(0 12 * * * *)',
    'cron(61 0 * * ? *)',
    'at(soon)',
  ])('%s is refused', (expression) => {
    expect(() => readScheduleExpression(expression)).toThrow(/schedule|cron|range/);
  });
});

describe('the scheduler', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-11-22T10:00:00Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const fired: string[] = [];
  const schedule = (enabled = true): Schedule => ({
    name: 'tick',
    arn: 'arn:tick',
    expression: 'rate(1 minute)',
    enabled,
    targetArn: 'arn:target',
    roleArn: undefined,
    input: undefined,
    fire: (at) => fired.push(at.toISOString()),
  });

  test('fires again and again once it is started, until it is paused', () => {
    fired.length = 0;
    const scheduler = createScheduler();
    scheduler.add(schedule());
    vi.advanceTimersByTime(60_000);
    expect(fired).toEqual([]);
    scheduler.start();
    vi.advanceTimersByTime(120_000);
    scheduler.pause();
    vi.advanceTimersByTime(120_000);
    expect(fired).toEqual(['2026-11-22T10:02:00.000Z', '2026-11-22T10:03:00.000Z']);
  });

  test('fires sooner by the scale', () => {
    fired.length = 0;
    const scheduler = createScheduler({ intervalScale: 0.1 });
    scheduler.add(schedule());
    scheduler.start();
    vi.advanceTimersByTime(6000);
    scheduler.pause();
    expect(fired).toHaveLength(1);
  });

  test('leaves a disabled schedule alone, but triggers it when told to', () => {
    fired.length = 0;
    const scheduler = createScheduler();
    scheduler.add(schedule(false));
    scheduler.start();
    vi.advanceTimersByTime(600_000);
    expect(fired).toEqual([]);
    scheduler.trigger('tick');
    expect(fired).toHaveLength(1);
    expect(() => {
      scheduler.trigger('tock');
    }).toThrow('There is no schedule tock; there are: tick.');
  });
});
