import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type LocalPostgres } from '../../local/postgres/postgres.ts';
import { createIncrement, markIdOf, selected } from './harness.ts';
import { createMemoryDestination } from './memory-destination.ts';

let postgres: LocalPostgres;
let admin: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  admin = new pg.Client({
    connectionString: postgres.connectionString('admin'),
    ssl: { ca: postgres.caPem },
    types: { getTypeParser: () => (text: string) => text },
  });
  await admin.connect();
  await admin.query("SET TimeZone = 'UTC'");
});

afterAll(async () => {
  await admin.end();
  await postgres.stop();
});

describe('an initial sync', () => {
  const whole = async (bounds?: Parameters<typeof createIncrement>[0]['bounds']) => {
    const memory = createMemoryDestination();
    const increment = createIncrement({
      postgres,
      destination: memory.destination,
      tables: [selected('actor')],
      ...(bounds === undefined ? {} : { bounds }),
    });
    increment.record.copiesAll = true;
    const run = async (lose?: Parameters<typeof memory.replicate>[3]) => {
      const markId = markIdOf(await increment.mark());
      const { rows } = await admin.query<Record<string, string | null>>('SELECT * FROM actor');
      memory.replicate('actor', ['actor_id'], rows, lose);
      return increment.verify(markId);
    };
    const [actors] = (await admin.query<{ count: string }>('SELECT count(*) FROM actor')).rows;
    return { increment, run, actors: Number(actors?.count) };
  };

  it('is verified row by row, frozen ones too, and the next one by what changed', async () => {
    await admin.query('VACUUM FREEZE actor');
    const { increment, run, actors } = await whole();
    const first = await run();
    expect(first).toMatchObject({ verdict: 'verified', rows: actors });
    expect(first.summary).toBe(`${String(actors)} rows found at the destination (1 table compared).`);
    increment.record.copiesAll = false;
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 0 });
  });

  it('says how many rows of a large table it was verified by', async () => {
    const { run, actors } = await whole({ rowsPerTable: 50 });
    const { summary, tables } = await run();
    expect(summary).toMatch(new RegExp(`public\.actor sampled \\d+ of ${String(actors)}\\.$`));
    expect(tables[0]?.compared).toBeLessThan(actors);
  });

  it('is short until the last lost row arrives, also when later syncs copy changes only', async () => {
    const { increment, run, actors } = await whole();
    let lost = 0;
    const loseTwo = () => lost++ < 2;
    expect(await run(loseTwo)).toMatchObject({ verdict: 'short', tables: [{ missing: 2 }] });
    increment.record.copiesAll = false;
    expect(await run()).toMatchObject({ verdict: 'verified', rows: actors });
  });
});

describe('the increment of one table', () => {
  let memory: ReturnType<typeof createMemoryDestination>;
  let increment: ReturnType<typeof createIncrement>;
  const sync = async (lose?: Parameters<typeof memory.replicate>[3]): Promise<void> => {
    const { rows } = await admin.query<Record<string, string | null>>('SELECT * FROM actor');
    memory.replicate('actor', ['actor_id'], rows, lose);
  };
  /** A whole run: mark, sync, verify. */
  const run = async (lose?: Parameters<typeof memory.replicate>[3]) => {
    const markId = markIdOf(await increment.mark());
    await sync(lose);
    return increment.verify(markId);
  };

  beforeEach(async () => {
    await admin.query('DELETE FROM actor WHERE actor_id > 200');
    memory = createMemoryDestination();
    increment = createIncrement({ postgres, destination: memory.destination, tables: [selected('actor')] });
    expect((await run()).reason).toContain('no earlier mark');
  });

  it('is verified with count 1 when one row was inserted', async () => {
    await admin.query("INSERT INTO actor (first_name, last_name) VALUES ('abe', 'ka')");
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 1 });
  });

  it('is short when the destination lost the row, until it arrives', async () => {
    await admin.query("INSERT INTO actor (first_name, last_name) VALUES ('abe', 'ka')");
    const lost = await run((change) => change === 'insert');
    expect(lost).toMatchObject({ verdict: 'short', tables: [{ table: 'actor', missing: 1 }] });
    expect(lost.summary).toContain('public.actor (1 row)');
    expect(await run((change) => change === 'insert')).toMatchObject({ verdict: 'short' });
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 1 });
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 0 });
  });

  it('is short when the destination dropped an update', async () => {
    await admin.query("UPDATE actor SET last_name = last_name || 'x' WHERE actor_id = 3");
    expect(await run((change) => change === 'update')).toMatchObject({
      verdict: 'short',
      tables: [{ table: 'actor', missing: 1 }],
    });
  });

  it('is short one sync later when the destination dropped a deletion', async () => {
    await admin.query("INSERT INTO actor (actor_id, first_name, last_name) VALUES (900, 'abe', 'ka')");
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 1 });
    await admin.query('DELETE FROM actor WHERE actor_id = 900');
    expect(await run((change) => change === 'delete')).toMatchObject({ verdict: 'verified' });
    expect(await run((change) => change === 'delete')).toMatchObject({
      verdict: 'short',
      tables: [{ table: 'actor', missing: 0, missingDeletes: 1 }],
    });
    expect(await run()).toMatchObject({ verdict: 'verified' });
  });

  it('carries a row that changed again before the sync was over', async () => {
    await admin.query("UPDATE actor SET last_name = 'one' WHERE actor_id = 4");
    const markId = markIdOf(await increment.mark());
    await admin.query("UPDATE actor SET last_name = 'two' WHERE actor_id = 4");
    await sync();
    expect(await increment.verify(markId)).toMatchObject({
      verdict: 'verified',
      rows: 0,
      tables: [{ table: 'actor', carried: 1 }],
    });
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 1 });
  });

  it('verifies 12,000 changes', async () => {
    await admin.query(
      "INSERT INTO actor (first_name, last_name) SELECT 'n' || n, 'm' FROM generate_series(1, 12000) AS n",
    );
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 12_000 });
  });
});
