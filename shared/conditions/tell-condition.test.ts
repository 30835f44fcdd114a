import { beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import type { BusEvent } from '../clients/event-bus/event-bus.ts';
import { createConditions, type Conditions } from '../clients/ledger/conditions.ts';
import { tellCondition } from './tell-condition.ts';

const start = '2026-11-22T10:00:00.000Z';
const subject = { type: 'targets', id: 'postgres', name: 'postgres' } as const;

let clock: ManualClock;
let conditions: Conditions;
let events: BusEvent[];
let busIsDown: boolean;

beforeEach(() => {
  clock = createManualClock(start);
  conditions = createConditions(createMemoryLedger());
  events = [];
  busIsDown = false;
});

const look = (holds: boolean, { patienceMs = 0, kind = 'targets-unhealthy' } = {}): Promise<number> =>
  tellCondition(
    {
      subject,
      kind,
      holds,
      summary: (since) => (holds ? `Broken since ${since}.` : 'Whole.'),
      patienceMs,
    },
    {
      conditions,
      clock,
      bus: {
        put: (put) => {
          if (busIsDown) return Promise.reject(new Error('The bus is down.'));
          events.push(...put);
          return Promise.resolve();
        },
      },
    },
  );
const told = () => events.map(({ detail }) => ('summary' in detail ? detail.summary : ''));

describe('a condition', () => {
  it('is told once when it begins and once when it is over, with the time of its beginning both times', async () => {
    expect(await look(true)).toBe(1);
    clock.advance(600);
    expect(await look(true)).toBe(0);
    expect(await look(false)).toBe(1);
    expect(await look(false)).toBe(0);
    expect(events).toMatchObject([
      {
        type: 'Attention',
        detail: { subject, summary: `Broken since ${start}.`, since: start, resolved: false },
      },
      { type: 'Attention', detail: { subject, summary: 'Whole.', since: start, resolved: true } },
    ]);
  });

  it('that begins anew is told anew', async () => {
    for (const holds of [true, false, true]) {
      await look(holds);
      clock.advance(60);
    }
    expect(told()).toEqual([`Broken since ${start}.`, 'Whole.', 'Broken since 2026-11-22T10:02:00.000Z.']);
  });

  it('is told when it has lasted as long as patience goes, and never when it is over before', async () => {
    const patient = { patienceMs: 300_000 };
    await look(true, patient);
    clock.advance(299);
    await look(true, patient);
    await look(false, patient);
    expect(told()).toEqual([]);
    await look(true, patient);
    clock.advance(300);
    await look(true, patient);
    await look(true, patient);
    expect(told()).toEqual(['Broken since 2026-11-22T10:04:59.000Z.']);
  });

  it('does not hide another one of the same subject', async () => {
    await look(true);
    await look(false, { kind: 'targets-changed' });
    await look(true, { kind: 'targets-changed' });
    expect(told()).toHaveLength(2);
  });

  it.each([true, false])('that the bus did not take is told again (holds: %s)', async (holds) => {
    if (!holds) await look(true);
    busIsDown = true;
    await expect(look(holds)).rejects.toThrow('The bus is down.');
    busIsDown = false;
    expect(await look(holds)).toBe(1);
  });
});
