import { expect, test } from 'vitest';
import { waitSecondsAfter } from './endpoint-waiting.ts';

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
