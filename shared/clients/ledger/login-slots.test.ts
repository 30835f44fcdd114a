import { expect, test } from 'vitest';
import { createManualClock } from '../../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../../tests/support/memory-ledger.ts';
import { loginsAtOnce } from '../../rules/logins.ts';
import { createLeases } from './leases.ts';
import { createLoginSlots } from './login-slots.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp() {
  const manual = createManualClock();
  // Many who wait do so at the same time: their sleep costs turns, not time.
  const clock = { ...manual, sleep: turn };
  let holders = 0;
  let atOnce = 0;
  let most = 0;
  let logins = 0;
  const leases = createLeases(createMemoryLedger(), clock);
  const settings = { holder: () => `holder-${String((holders += 1))}`, longestSeconds: 120 };
  const work = async (): Promise<string> => {
    logins += 1;
    atOnce += 1;
    most = Math.max(most, atOnce);
    for (let turns = 0; turns < 10; turns += 1) await turn();
    atOnce -= 1;
    return 'done';
  };
  return {
    advance: (seconds: number) => manual.advance(seconds),
    slots: createLoginSlots(leases, { ...settings, clock }),
    /** Those whose waiting takes time. */
    impatient: createLoginSlots(leases, { ...settings, clock: manual }),
    work,
    most: () => most,
    logins: () => logins,
  };
}

test('of two hundred who start together at most three are logged in at a time, and each has its turn', async () => {
  const { slots, work, most, logins } = setUp();
  const answers = await Promise.all(Array.from({ length: 200 }, () => slots.use('postgres', 45, work)));
  expect(answers.every((answer) => answer === 'done')).toBe(true);
  expect(logins()).toBe(200);
  expect(most()).toBe(3);
});

test('whoever finds no slot in time is told so and does not begin', async () => {
  const { slots, impatient, work, logins } = setUp();
  const blocked: (() => void)[] = [];
  const holding = Array.from({ length: loginsAtOnce }, () =>
    slots.use('postgres', 45, () => new Promise<void>((resolve) => blocked.push(resolve))),
  );
  while (blocked.length < loginsAtOnce) await turn();
  expect(await impatient.use('postgres', 45, work)).toBeUndefined();
  expect(logins()).toBe(0);
  expect(await impatient.use('another', 45, work)).toBe('done');
  for (const release of blocked) release();
  await Promise.all(holding);
  expect(await impatient.use('postgres', 45, work)).toBe('done');
});

test('a slot is given back when the work fails', async () => {
  const { impatient, work } = setUp();
  for (let failures = 0; failures < loginsAtOnce + 1; failures += 1) {
    await expect(impatient.use('postgres', 1, () => Promise.reject(new Error('no session')))).rejects.toThrow(
      'no session',
    );
  }
  expect(await impatient.use('postgres', 1, work)).toBe('done');
});

test('slots of functions that were killed are free again after their longest time', async () => {
  const { slots, impatient, work, advance } = setUp();
  let killed = 0;
  for (let count = 0; count < loginsAtOnce; count += 1) {
    void slots.use('postgres', 45, () => {
      killed += 1;
      return new Promise<never>(() => undefined);
    });
  }
  while (killed < loginsAtOnce) await turn();
  expect(await impatient.use('postgres', 45, work)).toBeUndefined();
  advance(121);
  expect(await impatient.use('postgres', 45, work)).toBe('done');
});
