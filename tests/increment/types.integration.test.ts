import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type LocalPostgres } from '../../local/postgres/postgres.ts';
import type { VerifyIncrementResult } from '../../shared/contracts/increment.ts';
import { createCopier, type CopiedTable, type Loss } from './copier.ts';
import { startDestination } from './databricks.ts';
import { createIncrement, markIdOf, selected } from './harness.ts';

let postgres: LocalPostgres;
let admin: pg.Client;
let end: Awaited<ReturnType<typeof startDestination>>;

beforeAll(async () => {
  [postgres, end] = await Promise.all([startPostgres(), startDestination()]);
  admin = new pg.Client({
    connectionString: postgres.connectionString('admin'),
    ssl: { ca: postgres.caPem },
    types: { getTypeParser: () => (text: string) => text },
  });
  await admin.connect();
  await admin.query("SET TimeZone = 'UTC'");
  await admin.query('CREATE SCHEMA odd');
  await admin.query('GRANT USAGE ON SCHEMA odd TO privatelink_checks');
  await admin.query('ALTER DEFAULT PRIVILEGES IN SCHEMA odd GRANT SELECT ON TABLES TO privatelink_checks');
});

afterAll(async () => {
  await admin.end();
  await postgres.stop();
  await end.stop();
});

let copied: CopiedTable;
let increment: ReturnType<typeof createIncrement>;
let copier: ReturnType<typeof createCopier>;

async function start(table: string, key: string[], definition: string): Promise<void> {
  await admin.query(`DROP TABLE IF EXISTS odd.${admin.escapeIdentifier(table)}`);
  await admin.query(`CREATE TABLE odd.${admin.escapeIdentifier(table)} (${definition})`);
  copied = { schema: 'odd', table, key };
  copier = createCopier(admin, end.warehouse, 'rental_odd');
  increment = createIncrement({
    postgres,
    destination: end.destination,
    catalog: end.warehouse.catalog,
    tables: [selected(table, { schema: 'odd', destinationSchema: 'rental_odd' })],
  });
  await run();
}

async function run(lose?: Loss): Promise<VerifyIncrementResult> {
  const markId = markIdOf(await increment.mark());
  await copier.sync([copied], lose);
  return increment.verify(markId);
}

describe('keys and columns of every comparable type', () => {
  it.each([
    ['bigint', "'9223372036854775807'", "'-9223372036854775808'"],
    ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'00000000-0000-0000-0000-000000000000'"],
    ['text', `'it''s "q" \\ 東京 \u{1F600}'`, "''"],
    ['char(6)', "'ab'", "'b'"],
    ['numeric(20,4)', '12345678901234.5', '-0.0001'],
    ['timestamptz', "'2024-02-29 23:59:59.999999+05:30'", "'1969-12-31 23:59:59.000001Z'"],
    ['timestamp', "'2024-02-29 23:59:59.1'", "'1900-01-01 00:00:00'"],
    ['date', "'2024-02-29'", "'1582-01-01'"],
    ['boolean', 'true', 'false'],
    ['smallint', '-32768', '32767'],
  ])('verifies, and misses, rows with a key of type %s', async (type, one, other) => {
    await start('keyed', ['k', 'n'], `k ${type}, n int, v ${type}, PRIMARY KEY (k, n)`);
    await admin.query(
      `INSERT INTO odd.keyed VALUES (${one}, 1, ${one}), (${other}, 2, ${other}), (${one}, 3, NULL)`,
    );
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 3 });
    await admin.query('UPDATE odd.keyed SET v = NULL WHERE n = 1');
    expect(await run((change) => change === 'update')).toMatchObject({
      verdict: 'short',
      tables: [{ schema: 'odd', table: 'keyed', missing: 1 }],
    });
    await admin.query('DELETE FROM odd.keyed WHERE n = 2');
    await run((change) => change === 'delete');
    expect(await run()).toMatchObject({ tables: [{ missing: 1, missingDeletes: 1 }] });
  });

  it('names the columns that it cannot compare, and compares the others', async () => {
    await start(
      'mixed',
      ['id'],
      `id int PRIMARY KEY, name text, score float8, doc jsonb, tags text[], secret text, free numeric`,
    );
    await admin.query(`INSERT INTO odd.mixed VALUES (1, 'a', 1.5, '{}', '{x}', 's', 1.10)`);
    expect(await run()).toMatchObject({
      verdict: 'verified',
      rows: 1,
      tables: [{ notCompared: ['score', 'doc', 'tags', 'free'] }],
    });
    await admin.query('UPDATE odd.mixed SET score = 2');
    expect(await run(() => true)).toMatchObject({ verdict: 'verified', rows: 1 });
    await admin.query("UPDATE odd.mixed SET name = 'b'");
    expect(await run(() => true)).toMatchObject({ verdict: 'short' });
  });

  it('compares a row by its other columns where a value has no certain form', async () => {
    await start('endless', ['id'], 'id int PRIMARY KEY, at timestamptz, name text');
    await admin.query("INSERT INTO odd.endless VALUES (1, '2024-01-01Z', 'a')");
    await run();
    await admin.query("UPDATE odd.endless SET at = '20000-01-01Z'");
    expect(await run(() => true)).toMatchObject({ verdict: 'verified', rows: 1 });
    await admin.query("UPDATE odd.endless SET name = 'b'");
    expect(await run(() => true)).toMatchObject({ verdict: 'short' });
  });

  it('survives names that would break SQL', async () => {
    const table = 'a"; DROP TABLE actor; --`\'';
    const column = 'c"`; SELECT 1 --';
    await start(table, ['id'], `id int PRIMARY KEY, ${admin.escapeIdentifier(column)} text`);
    await admin.query(`INSERT INTO odd.${admin.escapeIdentifier(table)} VALUES (1, $1)`, ["'; DROP --"]);
    expect(await run((change) => change === 'insert')).toMatchObject({ verdict: 'short' });
    await admin.query(
      `UPDATE odd.${admin.escapeIdentifier(table)} SET ${admin.escapeIdentifier(column)} = 'x'`,
    );
    await run();
    expect((await admin.query('SELECT 1 FROM actor LIMIT 1')).rowCount).toBe(1);
  });

  it('skips a table without a primary key, and says so', async () => {
    await start('keyless', ['id'], 'id int, name text');
    await admin.query("INSERT INTO odd.keyless VALUES (1, 'a')");
    expect(await run()).toMatchObject({ verdict: 'skipped', reason: 'it has no primary key' });
  });
});

describe('tables beyond the bounds', () => {
  beforeEach(async () => {
    await start('large', ['id'], 'id int PRIMARY KEY, name text');
  });

  it('are sampled, and the answer says of how many', async () => {
    increment.bounds.rowsPerTable = 500;
    increment.bounds.deleteCheckRows = 100;
    await admin.query("INSERT INTO odd.large SELECT n, 'x' FROM generate_series(1, 5000) AS n");
    const result = await run();
    expect(result).toMatchObject({ verdict: 'verified', tables: [{ sampledOf: 5_000, deletes: 'skipped' }] });
    expect(result.rows).toBeGreaterThan(300);
    expect(result.rows).toBeLessThan(700);
    expect(result.summary).toMatch(/sampled \d+ of 5000/);
    expect(result.tables[0]?.reason).toContain('more than 100 rows');
  });

  it('are sampled by pages when they are too large to scan', async () => {
    await admin.query("INSERT INTO odd.large SELECT n, repeat('x', 100) FROM generate_series(1, 4000) AS n");
    increment.bounds.scanPages = 20;
    const result = await run();
    expect(result.verdict).toBe('verified');
    expect(result.rows).toBeLessThan(3_000);
    expect(result.tables[0]?.sampledOf).toBeGreaterThan(result.rows);
  });

  it('are skipped when a mark may not grow any more, and their changes wait for the next one', async () => {
    await admin.query("INSERT INTO odd.large SELECT n, 'x' FROM generate_series(1, 100) AS n");
    increment.bounds.bytes = -1;
    expect(await run()).toMatchObject({ verdict: 'skipped' });
    increment.bounds.bytes = 1_000_000;
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 100 });
  });

  it('are skipped while somebody locks them, and their changes wait for the next mark', async () => {
    await admin.query("INSERT INTO odd.large VALUES (1, 'x')");
    await admin.query('BEGIN');
    await admin.query('LOCK TABLE odd.large IN ACCESS EXCLUSIVE MODE');
    const marked = await increment.mark();
    await admin.query('ROLLBACK');
    expect(await increment.verify(markIdOf(marked))).toMatchObject({
      verdict: 'skipped',
      reason: 'another session holds an exclusive lock on it',
    });
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 1 });
  });

  it('are skipped when a statement takes too long, and their changes wait for the next mark', async () => {
    await admin.query("INSERT INTO odd.large VALUES (1, 'x')");
    const { reads, bounds } = increment;
    const { countRows } = reads;
    bounds.statementSeconds = 0.5;
    reads.countRows = async (session, query) => {
      await session.query('SELECT pg_sleep(30)');
      return countRows(session, query);
    };
    const marked = await increment.mark();
    reads.countRows = countRows;
    expect(await increment.verify(markIdOf(marked))).toMatchObject({
      verdict: 'skipped',
      reason: 'reading it takes more than 0.5 s a statement',
    });
    expect(await run()).toMatchObject({ verdict: 'verified', rows: 1 });
  });

  it('are skipped when they are dropped between mark and verification', async () => {
    await admin.query("INSERT INTO odd.large VALUES (1, 'x')");
    const markId = markIdOf(await increment.mark());
    await copier.sync([copied], () => true);
    await admin.query('DROP TABLE odd.large');
    expect(await increment.verify(markId)).toMatchObject({
      verdict: 'skipped',
      reason: 'the source has no such table any more',
    });
  });
});

describe('a table at the destination', () => {
  beforeEach(async () => {
    await start('copy', ['id'], 'id int PRIMARY KEY, "lastName" text');
    await admin.query("INSERT INTO odd.copy VALUES (1, 'x')");
  });

  const alter = async (statement: string): Promise<void> => {
    const connection = await end.warehouse.connect();
    await connection.run(statement);
    connection.closeSync();
  };

  it('that is missing makes every changed row missing', async () => {
    const markId = markIdOf(await increment.mark());
    await copier.sync([copied]);
    await alter(`DROP TABLE ${end.warehouse.catalog}.rental_odd.copy`);
    expect(await increment.verify(markId)).toMatchObject({ verdict: 'short', tables: [{ missing: 1 }] });
  });

  it('may have its columns renamed as Fivetran does, and may lack one', async () => {
    const markId = markIdOf(await increment.mark());
    await copier.sync([copied]);
    await alter(`ALTER TABLE ${end.warehouse.catalog}.rental_odd.copy RENAME COLUMN "lastName" TO last_name`);
    expect(await increment.verify(markId)).toMatchObject({
      verdict: 'verified',
      tables: [{ notCompared: [] }],
    });
    await alter(`ALTER TABLE ${end.warehouse.catalog}.rental_odd.copy DROP COLUMN last_name`);
    expect(await increment.verify(markId)).toMatchObject({
      verdict: 'verified',
      tables: [{ notCompared: ['lastName'] }],
    });
  });
});
