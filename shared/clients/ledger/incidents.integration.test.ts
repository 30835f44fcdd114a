import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDynamodb, type DynamodbLedger } from '../../../tests/support/dynamodb-ledger.ts';
import { createManualClock } from '../../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../../tests/support/memory-ledger.ts';
import type { ProblemReport } from '../../rules/incident-report.ts';
import { applyReport } from '../../rules/incident.ts';
import { createIncidents } from './incidents.ts';
import type { LedgerTable } from './table.ts';

// The same promises of DynamoDB's own wire and of the table in memory that faster tests use.

let server: DynamodbLedger;
let dynamodb: LedgerTable;

beforeAll(async () => {
  server = await startDynamodb();
  dynamodb = await server.createTable();
});

afterAll(() => server.stop());

const report = (id: string): ProblemReport => ({
  phase: 'problem',
  id,
  at: '2026-11-02T10:00:00.000Z',
  subject: { type: 'connection', id: 'assimilate_seem', name: '' },
  kind: 'sync-failed',
  severity: 'critical',
  summary: 'failed',
  since: '2026-11-02T10:00:00.000Z',
  content: { facts: [], evidence: [], notChecked: [], links: [] },
});

describe.each([
  { name: 'DynamoDB', table: () => dynamodb },
  { name: 'the table in memory', table: () => createMemoryLedger() },
])('$name', ({ table }) => {
  const key = 'connection#assimilate_seem';
  const setUp = () => {
    const clock = createManualClock();
    return { clock, incidents: createIncidents(table(), clock) };
  };

  test('ten who report at once are all counted, in one incident', async () => {
    const { clock, incidents } = setUp();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        incidents.change(key, (incident) => applyReport(incident, report(String(index)), clock.now())),
      ),
    );
    const { incidents: all } = await incidents.list();
    expect(all.map(({ count }) => count)).toEqual([10]);
    await incidents.settle(all[0]!);
    expect((await incidents.list()).incidents).toEqual([]);
  });

  test('three may open at once, the others wait, and after a quiet minute three may again', async () => {
    const { clock, incidents } = setUp();
    const ask = async (times: number): Promise<boolean[]> => {
      const answers: boolean[] = [];
      for (let count = 0; count < times; count += 1) answers.push(await incidents.mayOpenAtOnce());
      return answers;
    };
    expect(await ask(5)).toEqual([true, true, true, false, false]);
    clock.advance(30);
    expect(await ask(1)).toEqual([false]);
    clock.advance(61);
    expect(await ask(4)).toEqual([true, true, true, false]);
  });

  test('who was held up on the way does not make a burst look older than it is', async () => {
    const { clock, incidents } = setUp();
    clock.advance(3_600);
    for (let count = 0; count < 3; count += 1) expect(await incidents.mayOpenAtOnce()).toBe(true);
    clock.advance(50);
    expect(await incidents.mayOpenAtOnce()).toBe(false);
    clock.advance(-40);
    expect(await incidents.mayOpenAtOnce()).toBe(false);
    clock.advance(61);
    expect(await incidents.mayOpenAtOnce()).toBe(false);
  });

  test('a recovery is remembered, the newest of each scope', async () => {
    const { incidents } = setUp();
    await incidents.noteRecovery(key, 'sync', '2026-11-02T10:05:00.000Z');
    await incidents.noteRecovery(key, 'sync', '2026-11-02T10:01:00.000Z');
    await incidents.noteRecovery(key, 'all', '2026-11-02T10:02:00.000Z');
    expect(await incidents.recoveries(key)).toEqual([
      { scope: 'all', at: '2026-11-02T10:02:00.000Z' },
      { scope: 'sync', at: '2026-11-02T10:05:00.000Z' },
    ]);
  });

  test('an execution leads to its incident, and a pause to its end', async () => {
    const { clock, incidents } = setUp();
    expect(await incidents.incidentOfExecution('arn:x')).toBeUndefined();
    await incidents.joinExecution('arn:x', key);
    expect(await incidents.incidentOfExecution('arn:x')).toBe(key);
    await incidents.pause(new Date(clock.now().getTime() + 1_000));
    expect(await incidents.isPaused()).toBe(true);
    clock.advance(2);
    expect(await incidents.isPaused()).toBe(false);
  });

  test('an incident is removed by the answer null', async () => {
    const { clock, incidents } = setUp();
    await incidents.change(key, (incident) => applyReport(incident, report('1'), clock.now()));
    expect(await incidents.change(key, () => null)).toBeUndefined();
    expect(await incidents.get(key)).toBeUndefined();
  });
});
