import { expect, test } from 'vitest';
import { secondsSince, waitSecondsAfter } from './endpoint-waiting.ts';

test('a request that waits for its targets for a day stays far below 10,000 events of history', () => {
  let looks = 0;
  for (let elapsed = 0; elapsed < 86_400; elapsed += waitSecondsAfter(elapsed)) looks += 1;
  // A look is a wait, a Lambda task and a choice: nine events.
  expect(looks * 9).toBeLessThan(5_000);
});

test('in the first hour nobody waits longer than a minute for the next look', () => {
  for (let elapsed = 0; elapsed <= 3600; elapsed += 1)
    expect(waitSecondsAfter(elapsed)).toBeLessThanOrEqual(60);
});

test('the first look comes after a second, and later ones ever more rarely', () => {
  const waits = [0, 10, 60, 240, 7_200, 100_000].map(waitSecondsAfter);
  expect(waits[0]).toBe(1);
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits.at(-1)).toBe(300);
});

test('a time that lies ahead or cannot be read counts as no time', () => {
  const now = new Date('2026-11-22T10:00:00.000Z');
  expect(secondsSince('2026-11-22T09:59:00.500Z', now)).toBe(59);
  expect(secondsSince('2026-11-22T11:00:00.000Z', now)).toBe(0);
  expect(secondsSince('whenever', now)).toBe(0);
});
