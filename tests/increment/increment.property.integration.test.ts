import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type LocalPostgres } from '../../local/postgres/postgres.ts';
import type { VerifyIncrementResult } from '../../shared/contracts/increment.ts';
import { createCopier, type CopiedTable } from './copier.ts';
import { startDestination } from './databricks.ts';
import { createIncrement, markIdOf, selected } from './harness.ts';

let postgres: LocalPostgres;
let end: Awaited<ReturnType<typeof startDestination>>;
const clients: pg.Client[] = [];

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: postgres.connectionString('admin'),
    ssl: { ca: postgres.caPem },
    types: { getTypeParser: () => (text: string) => text },
  });
  await client.connect();
  await client.query("SET TimeZone = 'UTC'; SET lock_timeout = '200ms'");
  clients.push(client);
  return client;
}

beforeAll(async () => {
  [postgres, end] = await Promise.all([startPostgres(), startDestination()]);
  const admin = await connect();
  await admin.query('CREATE SCHEMA prop');
  await admin.query('GRANT USAGE ON SCHEMA prop TO privatelink_checks');
  await admin.query('ALTER DEFAULT PRIVILEGES IN SCHEMA prop GRANT SELECT ON TABLES TO privatelink_checks');
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await postgres.stop();
  await end.stop();
});

/** What a sequence is made of. Keys are few, so that one row is hit often. */
type Write =
  | { do: 'insert' | 'insert or nothing' | 'delete' | 'touch'; key: number; session: number }
  | { do: 'update'; key: number; value: number; session: number }
  | { do: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'rollback to savepoint'; session: number }
  | { do: 'vacuum full' | 'vacuum freeze' };
type Step = Write | { do: 'cycle'; loses: readonly number[]; during: readonly Write[] };

const key = fc.integer({ min: 1, max: 8 });
const session = fc.integer({ min: 0, max: 2 });
const write: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('insert' as const, 'delete' as const, 'touch' as const),
      key,
      session,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      key,
      value: fc.integer({ min: 0, max: 3 }),
      session,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'begin' as const,
        'commit' as const,
        'rollback' as const,
        'savepoint' as const,
        'rollback to savepoint' as const,
      ),
      session,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('vacuum full' as const, 'vacuum freeze' as const) }),
  },
);
/**
 * A transaction that is open at one mark and ends before the next: what it wrote is in neither snapshot's past and
 * has an older transaction id than the second mark's newest.
 */
const longTransaction = (loses: fc.Arbitrary<number[]>): fc.Arbitrary<Step[]> =>
  fc
    .record({
      session,
      keys: fc.uniqueArray(key, { minLength: 1, maxLength: 3 }),
      value: fc.integer({ min: 4, max: 9 }),
      savepoint: fc.boolean(),
      end: fc.constantFrom('commit' as const, 'commit' as const, 'rollback' as const),
      loses,
    })
    .map(({ session: of, keys, value, savepoint, end, loses: lost }): Step[] => [
      // What may be open in these sessions would go on, in a state that nobody knows.
      { do: 'rollback', session: of },
      { do: 'rollback', session: (of + 1) % 3 },
      { do: 'begin', session: of },
      ...(savepoint ? [{ do: 'savepoint' as const, session: of }] : []),
      ...keys.flatMap((one): Write[] => [
        { do: 'insert or nothing', key: one, session: of },
        { do: 'update', key: one, value, session: of },
      ]),
      // A later transaction that is over already: the open one is no longer the newest.
      { do: 'insert or nothing', key: 9, session: (of + 1) % 3 },
      { do: 'touch', key: 9, session: (of + 1) % 3 },
      { do: 'cycle', loses: [], during: [] },
      { do: end, session: of },
      { do: 'cycle', loses: lost, during: [] },
    ]);
const stepsOf = (loses: fc.Arbitrary<number[]>): fc.Arbitrary<Step[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 8, arbitrary: write.map((one): Step[] => [one]) },
        {
          weight: 2,
          arbitrary: fc
            .record({
              do: fc.constant('cycle' as const),
              loses,
              during: fc.array(write, { maxLength: 6 }),
            })
            .map((one): Step[] => [one]),
        },
        { weight: 1, arbitrary: longTransaction(loses) },
      ),
      { minLength: 8, maxLength: 30 },
    )
    .map((steps) => steps.flat());

type Rows = Map<string, { content: string; writer: string }>;

/** One table, its sessions and its copy, played step by step. */
async function createPlay(run: number) {
  const table = `t${String(run)}`;
  const copied: CopiedTable = { schema: 'prop', table, key: ['a', 'b'] };
  const [observer, ...sessions] = await Promise.all([connect(), connect(), connect(), connect()]);
  await observer.query(
    `CREATE TABLE prop.${table} (a int, b text, v int, moment timestamptz DEFAULT '2026-01-01Z', PRIMARY KEY (a, b))`,
  );
  const copier = createCopier(observer, end.warehouse, 'prop');
  const increment = createIncrement({
    postgres,
    destination: end.destination,
    catalog: end.warehouse.catalog,
    tables: [selected(table, { schema: 'prop', destinationSchema: 'prop' })],
  });

  const source = async (): Promise<Rows> => {
    const { rows } = await observer.query<Record<string, string | null>>(
      `SELECT xmin, t.* FROM prop.${table} AS t`,
    );
    return new Map(
      rows.map(({ xmin, ...row }) => [
        JSON.stringify([row.a, row.b]),
        { content: JSON.stringify(row.v), writer: xmin ?? '' },
      ]),
    );
  };
  const destination = async (): Promise<Map<string, { content: string; synced: string }>> => {
    const connection = await end.warehouse.connect();
    const reader = await connection.runAndReadAll(
      `SELECT a::VARCHAR, b, v::VARCHAR, epoch_us(_fivetran_synced)::VARCHAR
       FROM ${end.warehouse.catalog}.prop.${table} WHERE NOT _fivetran_deleted`,
    );
    const rows = reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))));
    connection.closeSync();
    return new Map(
      rows.map(([a, b, v, synced]) => [
        JSON.stringify([a, b]),
        { content: JSON.stringify(v), synced: synced ?? '' },
      ]),
    );
  };

  /** Refused statements (duplicates, locks, failed transactions) are part of the game. */
  const attempt = async (client: pg.Client | undefined, sql: string): Promise<boolean> => {
    try {
      const result = await client?.query(sql);
      return result?.rowCount !== 0;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      return false;
    }
  };
  const step = async (one: Write): Promise<void> => {
    if (await carryOut(one)) happened.add(one.do);
  };
  const carryOut = (one: Write): Promise<boolean> => {
    if (!('session' in one)) {
      return attempt(observer, `VACUUM (${one.do === 'vacuum full' ? 'FULL' : 'FREEZE'}) prop.${table}`);
    }
    const client = sessions[one.session];
    switch (one.do) {
      case 'insert':
        return attempt(client, `INSERT INTO prop.${table} VALUES (${String(one.key)}, 'k', 0)`);
      case 'insert or nothing':
        return attempt(
          client,
          `INSERT INTO prop.${table} VALUES (${String(one.key)}, 'k', 0) ON CONFLICT (a, b) DO NOTHING`,
        );
      case 'delete':
        return attempt(client, `DELETE FROM prop.${table} WHERE a = ${String(one.key)}`);
      case 'touch':
        return attempt(client, `UPDATE prop.${table} SET v = v WHERE a = ${String(one.key)}`);
      case 'update':
        return attempt(
          client,
          `UPDATE prop.${table} SET v = ${String(one.value)} WHERE a = ${String(one.key)}`,
        );
      case 'savepoint':
        return attempt(client, 'SAVEPOINT s');
      case 'rollback to savepoint':
        return attempt(client, 'ROLLBACK TO SAVEPOINT s');
      default:
        return attempt(client, one.do);
    }
  };
  return {
    copied,
    copier,
    increment,
    source,
    destination,
    step,
    close: async () => {
      for (const client of sessions) await attempt(client, 'ROLLBACK');
      await observer.query(`DROP TABLE prop.${table}`);
      for (const client of [observer, ...sessions]) {
        clients.splice(clients.indexOf(client), 1);
        await client.end();
      }
    },
  };
}

/** What PostgreSQL carried out, with an effect. */
const happened = new Set<Write['do']>();

let runs = 0;
/** Few, because each opens sessions and copies tables; PROPERTY_RUNS asks for more. */
const numRuns = Number(process.env.PROPERTY_RUNS ?? 8);

/**
 * Plays the steps. After each cycle the verdict is held against the truth, which is read from both ends:
 * a row that changed since the last judged mark, that nobody touched since this mark, and that the destination has
 * not so, must be told; and when every change arrived, nothing may be told.
 */
async function play(steps: readonly Step[]): Promise<void> {
  const world = await createPlay((runs += 1));
  try {
    await world.step({ do: 'insert', key: 1, session: 0 });
    await world.increment.mark();
    await world.copier.sync([world.copied]);
    let judged = await world.source();
    let ghostsBefore = new Map<string, string>();
    for (const one of steps) {
      if (one.do !== 'cycle') {
        await world.step(one);
        continue;
      }
      const [duringMark, duringSync] = [one.during.slice(0, 3), one.during.slice(3)];
      const markId = markIdOf(await world.increment.mark());
      const marked = await world.source();
      for (const written of duringMark) await world.step(written);
      let lossless = true;
      await world.copier.sync([world.copied], (_, key) => {
        const lost = one.loses.includes(Number((JSON.parse(key) as string[])[0]));
        if (lost) lossless = false;
        return lost;
      });
      const result = await world.increment.verify(markId, async () => {
        for (const written of duringSync) await world.step(written);
      });
      const now = await world.source();
      const there = await world.destination();

      const missing = [...marked].filter(
        ([key, row]) =>
          judged.get(key)?.writer !== row.writer &&
          now.get(key)?.writer === row.writer &&
          there.get(key)?.content !== row.content,
      );
      const ghosts = new Map(
        [...there]
          .filter(([key]) => !marked.has(key) && !now.has(key))
          .map(([key, { synced }]) => [key, synced]),
      );
      const stale = [...ghosts].filter(([key, synced]) => ghostsBefore.get(key) === synced);
      assertTruth(result, {
        missing: missing.length,
        stale: stale.length,
        lossless,
        differs: differs(marked, now, there),
      });
      if (missing.length === 0) judged = marked;
      ghostsBefore = ghosts;
    }
  } finally {
    await world.close();
  }
}

/** Whether anything that the source had at the mark, and still has, is otherwise at the destination, or lives on there. */
function differs(marked: Rows, now: Rows, there: Map<string, { content: string }>): boolean {
  return (
    [...marked].some(
      ([key, row]) => now.get(key)?.writer === row.writer && there.get(key)?.content !== row.content,
    ) || [...there.keys()].some((key) => !marked.has(key) && !now.has(key))
  );
}

function assertTruth(
  result: VerifyIncrementResult,
  truth: { missing: number; stale: number; lossless: boolean; differs: boolean },
): void {
  const [table] = result.tables;
  if (truth.missing > 0) {
    expect(result.verdict, 'a changed row is missing').toBe('short');
    expect(table?.missing).toBeGreaterThanOrEqual(truth.missing);
  }
  if (truth.stale > 0) {
    expect(result.verdict, 'a deletion is missing').toBe('short');
    expect(table?.missingDeletes).toBeGreaterThanOrEqual(truth.stale);
  }
  if (!truth.differs) expect(result.verdict, 'everything arrived').toBe('verified');
}

describe('whatever happens at the source', () => {
  it('is never called short when every change arrives', async () => {
    await fc.assert(fc.asyncProperty(stepsOf(fc.constant([])), play), { numRuns, endOnFailure: true });
  }, 300_000);

  it('is never called verified when something compared is missing', async () => {
    await fc.assert(fc.asyncProperty(stepsOf(fc.subarray([1, 2, 3, 4, 5, 6, 7, 8])), play), {
      numRuns,
      endOnFailure: true,
    });
  }, 300_000);
});

it('has in the next mark what a transaction that was open at this one has written', async () => {
  await play([
    { do: 'begin', session: 0 },
    { do: 'savepoint', session: 0 },
    { do: 'insert', key: 5, session: 0 },
    { do: 'insert', key: 6, session: 1 },
    { do: 'cycle', loses: [], during: [] },
    { do: 'commit', session: 0 },
    { do: 'cycle', loses: [5], during: [] },
  ]);
});

it('is played for real: each kind of step can take effect', async () => {
  happened.clear();
  const steps: Write[] = [
    { do: 'insert', key: 2, session: 0 },
    { do: 'insert or nothing', key: 3, session: 0 },
    { do: 'update', key: 2, value: 1, session: 0 },
    { do: 'touch', key: 2, session: 0 },
    { do: 'begin', session: 0 },
    { do: 'savepoint', session: 0 },
    { do: 'delete', key: 2, session: 0 },
    { do: 'rollback to savepoint', session: 0 },
    { do: 'rollback', session: 0 },
    { do: 'commit', session: 0 },
    { do: 'vacuum full' },
    { do: 'vacuum freeze' },
  ];
  await play(steps);
  expect([...happened].sort()).toEqual(steps.map(({ do: kind }) => kind).sort());
});

describe('while others write all the time', () => {
  it('is never called short when every change arrives, and always when one row does not', async () => {
    const world = await createPlay((runs += 1));
    const writer = await connect();
    const over = new AbortController();
    const writing = (async () => {
      for (let turn = 0; !over.signal.aborted; turn += 1) {
        const key = String(10 + (turn % 40));
        const statements = [
          `INSERT INTO prop.${world.copied.table} VALUES (${key}, 'k', ${String(turn)}) ON CONFLICT (a, b) DO UPDATE SET v = excluded.v`,
          ...(turn % 7 === 0 ? [`DELETE FROM prop.${world.copied.table} WHERE a = ${key}`] : []),
        ];
        await writer.query(`BEGIN; ${statements.join('; ')}; ${turn % 5 === 0 ? 'ROLLBACK' : 'COMMIT'}`);
      }
    })();
    try {
      await world.increment.mark();
      await world.copier.sync([world.copied]);
      for (let cycle = 0; cycle < 8; cycle += 1) {
        const markId = markIdOf(await world.increment.mark());
        await world.copier.sync([world.copied]);
        expect((await world.increment.verify(markId)).verdict).toBe('verified');
      }
      await world.step({ do: 'insert', key: 1, session: 0 });
      const markId = markIdOf(await world.increment.mark());
      await world.copier.sync([world.copied], (_, key) => key === '["1","k"]');
      expect(await world.increment.verify(markId)).toMatchObject({
        verdict: 'short',
        tables: [{ missing: 1 }],
      });
    } finally {
      over.abort();
      await writing;
      await world.close();
    }
  }, 120_000);
});
