import { expect, test } from 'vitest';
import { createManualClock } from '../../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../../tests/support/memory-ledger.ts';
import type { Finding } from '../../contracts/finding.ts';
import { createLeases } from './leases.ts';
import { createSourceEvidence } from './source-evidence.ts';

const reachable: Finding = { check: 'source.reachable', status: 'ok', summary: 'PostgreSQL answers.' };
const own: Finding = { check: 'source.primary-key', status: 'ok', summary: 'Each table has a key.' };

function setUp() {
  // A thousand who wait do so at the same time: their sleep costs turns, not time.
  const clock = {
    ...createManualClock(),
    sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
  const table = createMemoryLedger();
  let holder = 0;
  let logins = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  const evidence = createSourceEvidence(table, createLeases(table, clock), {
    clock,
    holder: () => String((holder += 1)),
  });
  const gather = async () => {
    logins += 1;
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    return { ofSource: [reachable], all: [reachable, own] };
  };
  return { clock, evidence, gather, logins: () => logins, mostAtOnce: () => mostAtOnce };
}

test('a thousand who ask within a minute cause one login', async () => {
  const { evidence, gather, logins, mostAtOnce } = setUp();
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => evidence.share('postgres', gather)));
  expect(logins()).toBe(1);
  expect(mostAtOnce()).toBe(1);
  expect(answers.filter(({ outcome }) => outcome === 'gathered')).toHaveLength(1);
  const shared = answers.filter((answer) => answer.outcome === 'shared');
  expect(shared).toHaveLength(999);
  expect(shared[0]?.findings).toEqual([reachable]);
});

test('a minute later, and for another source, it is gathered anew', async () => {
  const { clock, evidence, gather, logins } = setUp();
  await evidence.share('postgres', gather);
  await evidence.share('other', gather);
  clock.advance(61);
  expect(await evidence.share('postgres', gather)).toEqual({
    outcome: 'gathered',
    findings: [reachable, own],
  });
  expect(logins()).toBe(3);
});

test('a gatherer that fails does not keep the next one from it', async () => {
  const { evidence, gather } = setUp();
  await expect(evidence.share('postgres', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await evidence.share('postgres', gather)).outcome).toBe('gathered');
});

test('what somebody has found for himself replaces older findings, and spares the next one the login', async () => {
  const { evidence, gather, logins } = setUp();
  await evidence.share('postgres', gather);
  const gone: Finding = { check: 'source.reachable', status: 'blocking', summary: 'Nobody answers.' };
  await evidence.keep('postgres', [gone]);
  expect(await evidence.share('postgres', gather)).toMatchObject({ outcome: 'shared', findings: [gone] });
  expect(logins()).toBe(1);
});
