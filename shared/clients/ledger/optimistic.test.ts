import { expect, test } from 'vitest';
import { UnavailableError } from '../../errors.ts';
import { untilWon } from './optimistic.ts';

function pausing() {
  const pauses: number[] = [];
  const sleep = (ms: number): Promise<void> => {
    pauses.push(ms);
    return Promise.resolve();
  };
  return { pauses, clock: { now: () => new Date(0), sleep } };
}

test('a write that is lost is tried again after a pause, until it is won', async () => {
  const { pauses, clock } = pausing();
  let tries = 0;
  const attempt = () => Promise.resolve((tries += 1) < 4 ? undefined : { answer: 'won' });
  await expect(untilWon(clock, 'The item', attempt)).resolves.toBe('won');
  expect(pauses).toHaveLength(3);
});

test('pauses grow and stay below half a second, and in the end it is an error that may pass', async () => {
  const { pauses, clock } = pausing();
  await expect(untilWon(clock, 'The item', () => Promise.resolve(undefined))).rejects.toThrow(
    new UnavailableError('The item changes faster than it can be written.'),
  );
  expect(pauses[0]).toBeLessThanOrEqual(20);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(400);
});
