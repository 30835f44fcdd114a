import * as z from 'zod/mini';
import { expect } from '../expectation.ts';
import type { Scenario } from '../play.ts';
import type { Stage } from '../stage.ts';

const Verdict = z.object({
  verdict: z.string(),
  rows: z.optional(z.number()),
  summary: z.optional(z.string()),
});

export const increment: Scenario<Stage> = {
  title: 'One new row is synced, counted and proved',
  steps: [
    {
      title: 'A row is inserted into actor',
      acts: true,
      expectation: 'PostgreSQL takes the actor “abe ka”.',
      run: async ({ database, notes }) => {
        const { rows } = await database.query<{ actor_id: number }>(
          `INSERT INTO actor (first_name, last_name) VALUES ('abe', 'ka') RETURNING actor_id`,
        );
        const id = rows[0]?.actor_id;
        expect(id !== undefined, 'an actor_id', 'nothing');
        notes.set('actorId', String(id));
        return `actor_id ${id}.`;
      },
    },
    {
      title: 'run-sync brings it over',
      acts: true,
      expectation: 'The machine marks the source, starts the sync, follows it and succeeds.',
      run: async ({ startMachine, succeeded, notes }) => {
        const arn = await startMachine('run-sync', { connectionId: notes.get('connectionId') });
        notes.set('runSync', arn);
        const { visits } = await succeeded('run-sync', arn, 30_000);
        return `${arn.split(':').at(-1) ?? ''} went through ${visits.length} states.`;
      },
    },
    {
      title: 'It is verified: count 1',
      expectation:
        'Exactly one changed row was marked at the source and found with an equal fingerprint at Databricks.',
      run: async ({ execution, notes }) => {
        const { visits } = await execution('run-sync', notes.get('runSync'));
        const output = visits.findLast(({ state }) => state === 'VerifyIncrement')?.output;
        const verdict = findVerdict(JSON.parse(output ?? '{}'));
        expect(verdict !== undefined, 'a verdict of VerifyIncrement', output ?? 'the state was not entered');
        const seen = `${verdict.verdict}, ${verdict.rows ?? 'no'} row(s): ${verdict.summary ?? ''}`;
        expect(verdict.verdict === 'verified' && verdict.rows === 1, 'verified, 1 row', seen);
        return seen;
      },
    },
    {
      title: 'An analyst finds the row in Databricks',
      expectation: 'A SELECT on the destination table returns abe, ka.',
      run: async ({ databricks, notes }) => {
        const table = `${notes.get('destinationSchema')}.actor`;
        const rows = await databricks(
          `SELECT actor_id, first_name, last_name FROM ${table} WHERE actor_id = ${Number(notes.get('actorId'))}`,
        );
        const seen = JSON.stringify(rows);
        expect(
          rows.length === 1 && rows[0]?.first_name === 'abe' && rows[0].last_name === 'ka',
          'abe, ka',
          seen,
        );
        return seen;
      },
    },
  ],
};

/** The verdict, wherever the machine keeps it in its state. */
function findVerdict(value: unknown): z.output<typeof Verdict> | undefined {
  const own = Verdict.safeParse(value);
  if (own.success) return own.data;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const inner of Object.values(value)) {
    const found = findVerdict(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
