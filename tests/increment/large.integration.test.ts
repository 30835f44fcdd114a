import { expect, it } from 'vitest';
import { measureLargeIncrement } from '../../scripts/bench/increment.ts';

it('proves 10,000 changes among 1,000,000 rows with no lock but ACCESS SHARE, in less than 150 MB', async () => {
  const { mark, verify, lockModes } = await measureLargeIncrement(1_000_000, 10_000);
  expect(mark.changedRows).toBe(10_000);
  expect(verify).toMatchObject({ verdict: 'verified', comparedRows: 10_000 });
  expect(lockModes).toEqual(['AccessShareLock']);
  expect(mark.megabytes).toBeLessThan(150);
  expect(verify.megabytes).toBeLessThan(150);
}, 180_000);
