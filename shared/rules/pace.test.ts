import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit } from './pace.ts';

/** Asks as soon and as often as it may, and tells when requests were admitted. */
function greedy(perHour: number, hours: number): number[] {
  const admitted: number[] = [];
  let [nowMs, busyUntilMs] = [0, 0];
  while (nowMs < hours * 3_600_000) {
    const answer = admit({ busyUntilMs, nowMs, count: 1, perHour });
    if (answer.admitted) {
      admitted.push(nowMs);
      busyUntilMs = answer.busyUntilMs;
    } else nowMs += answer.waitSeconds * 1000;
  }
  return admitted;
}
const mostWithin = (times: readonly number[], windowMs: number): number =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));

describe('setup tests', () => {
  test.each([
    ['a paid account', 2500, 250],
    ['a trial', 50, 50],
  ])('of %s stay within its limits however they come', (_what, perHour, perMinute) => {
    const times = greedy(perHour, 2);
    expect(mostWithin(times, 3_600_000)).toBeLessThanOrEqual(perHour);
    expect(mostWithin(times, 60_000)).toBeLessThanOrEqual(perMinute);
    expect(times.length).toBeGreaterThan(perHour * 1.7);
  });

  test('are admitted sooner or later, however many come together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 10, max: 5000 }), (count, perHour) => {
        expect(admit({ busyUntilMs: 0, nowMs: 1000, count, perHour }).admitted).toBe(true);
      }),
    );
  });
});
