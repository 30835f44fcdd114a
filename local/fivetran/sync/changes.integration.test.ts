import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFivetranBench, type FivetranBench } from '../../../tests/support/fivetran-bench.ts';
import { startPostgres, withClient, type LocalPostgres } from '../../postgres/postgres.ts';

let postgres: LocalPostgres;
let bench: FivetranBench;
beforeAll(async () => {
  postgres = await startPostgres();
  bench = await startFivetranBench(postgres);
  await admin(async (client) => {
    // Only what the test looks at: the sample tables would cost each sync most of a second.
    await client.query('REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM fivetran');
    await client.query('CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO fivetran');
    await client.query('ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO fivetran');
    await client.query(`CREATE TABLE shop.item (
      region text, number bigint, name varchar(40), price numeric(8, 2), sold timestamptz, made timestamp, day date,
      code uuid, live boolean, tags text[], doc jsonb, raw bytea, ratio double precision, PRIMARY KEY (region, number))`);
    await client.query('CREATE TABLE shop.note (body text, n int)');
    await client.query('CREATE TABLE shop."Odd Name" ("The Key" int PRIMARY KEY, "select" text)');
  });
});
afterAll(async () => {
  await bench.stop();
  await postgres.stop();
});

const admin = <Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> =>
  withClient(postgres, 'admin', work);

type Change =
  | { kind: 'insert' | 'update' | 'touch'; region: string; number: number; name: string; cents: number }
  | { kind: 'delete'; region: string; number: number }
  | { kind: 'rename'; region: string; number: number; to: number };

const key = { region: fc.constantFrom('eu', 'us', "o'clock", 'ü"'), number: fc.integer({ min: 1, max: 6 }) };
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('insert', 'update', 'touch'),
    ...key,
    name: fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
    cents: fc.integer({ min: -99_999_999, max: 99_999_999 }),
  }),
  fc.record({ kind: fc.constant('delete'), ...key }),
  fc.record({ kind: fc.constant('rename'), ...key, to: fc.integer({ min: 1, max: 6 }) }),
);

async function apply(client: pg.Client, changes: readonly Change[]): Promise<void> {
  for (const step of changes) {
    const where = 'WHERE region = $1 AND number = $2';
    const at = [step.region, step.number];
    switch (step.kind) {
      case 'insert':
        await client.query(
          `INSERT INTO shop.item (region, number, name, price, sold, made, day, code, live, tags, doc, raw, ratio)
           VALUES ($1, $2, $3, $4, now(), now(), now(), gen_random_uuid(), true, ARRAY['a', 'b c'], '{"a": [1]}', '\\x00ff', 0.1)
           ON CONFLICT DO NOTHING`,
          [...at, step.name, step.cents / 100],
        );
        break;
      case 'update':
        await client.query(
          `UPDATE shop.item SET name = $3, price = $4, sold = NULL, live = NOT live ${where}`,
          [...at, step.name, step.cents / 100],
        );
        break;
      case 'touch':
        await client.query(`UPDATE shop.item SET name = name ${where}`, at);
        break;
      case 'delete':
        await client.query(`DELETE FROM shop.item ${where}`, at);
        break;
      case 'rename':
        await client.query(
          `UPDATE shop.item SET number = $3 ${where}
             AND NOT EXISTS (SELECT 1 FROM shop.item WHERE region = $1 AND number = $3)`,
          [...at, step.to],
        );
        break;
    }
  }
}

const sourceRows = (): Promise<unknown[][]> =>
  admin(async (client) => {
    const { rows } = await client.query<unknown[]>({
      text: `SELECT region, number::text, name, price::text, (extract(epoch FROM sold) * 1000000)::bigint::text,
        (extract(epoch FROM made) * 1000000)::bigint::text, day::text, code::text, live::text, to_json(tags)::text,
        doc::text, encode(raw, 'hex'), ratio::text FROM shop.item ORDER BY region COLLATE "C", number`,
      rowMode: 'array',
    });
    return rows;
  });

const columns = `region, number::VARCHAR, name, price::VARCHAR, epoch_us(sold)::VARCHAR, epoch_us(made)::VARCHAR,
  day::VARCHAR, code, live::VARCHAR, tags, doc, lower(hex(raw)), ratio::VARCHAR`;

describe.each(['TELEPORT', 'QUERY_BASED'])('by %s', (method) => {
  test('the destination equals the source after every sync, whatever changed, and keeps deleted rows as deleted', async () => {
    const prefix = `soft_${method.toLowerCase()}`;
    await admin((client) => client.query('TRUNCATE shop.item'));
    const id = await bench.connect(prefix, {}, { update_method: method });
    const target = `workspace.${prefix}_shop.item`;
    const everSynced = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        await admin((client) => apply(client, changes));
        const { status } = await bench.sync(id);
        expect(status).toMatchObject({ tasks: [] });
        const expected = await sourceRows();
        expect(
          await bench.rows(
            `SELECT ${columns} FROM ${target} WHERE NOT _fivetran_deleted ORDER BY region, number`,
          ),
        ).toEqual(expected);
        for (const [region, number] of expected) everSynced.add(JSON.stringify([region, number]));
        const all = await bench.rows(`SELECT region, number::VARCHAR FROM ${target}`);
        expect(all).toHaveLength(everSynced.size);
      }),
      { numRuns: 12 },
    );
  });

  test('HISTORY keeps every version, exactly one of them active for a row that exists', async () => {
    const prefix = `history_${method.toLowerCase()}`;
    await admin((client) => client.query('TRUNCATE shop.item'));
    const id = await bench.connect(prefix, {}, { update_method: method });
    await bench.call('PATCH', `connections/${id}/schemas/shop/tables/item`, { sync_mode: 'HISTORY' });
    const target = `workspace.${prefix}_shop.item`;
    let versions = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
        await admin((client) => apply(client, changes));
        await bench.sync(id);
        expect(
          await bench.rows(`SELECT ${columns} FROM ${target} WHERE _fivetran_active ORDER BY region, number`),
        ).toEqual(await sourceRows());
        const [[count, open] = []] = await bench.rows(
          `SELECT count(*)::INT, (count(*) FILTER (WHERE _fivetran_active <> (_fivetran_end > now())))::INT FROM ${target}`,
        );
        expect(open).toBe(0);
        expect(count).toBeGreaterThanOrEqual(versions);
        versions = Number(count);
      }),
      { numRuns: 6 },
    );
  });

  test('LIVE has no trace of a deleted row', async () => {
    const prefix = `live_${method.toLowerCase()}`;
    const id = await bench.connect(prefix, {}, { update_method: method });
    await bench.call('PATCH', `connections/${id}/schemas/shop/tables/item`, { sync_mode: 'LIVE' });
    await admin((client) =>
      apply(client, [{ kind: 'insert', region: 'eu', number: 1, name: 'x', cents: 1 }]),
    );
    await bench.sync(id);
    await admin((client) => apply(client, [{ kind: 'delete', region: 'eu', number: 1 }]));
    await bench.sync(id);
    const rows = await bench.rows(
      `SELECT ${columns} FROM workspace.${prefix}_shop.item ORDER BY region, number`,
    );
    expect(rows).toEqual(await sourceRows());
  });

  test('a table without a primary key is known by _fivetran_id', async () => {
    const prefix = `keyless_${method.toLowerCase()}`;
    await admin((client) =>
      client.query(`TRUNCATE shop.note; INSERT INTO shop.note VALUES ('a', 1), ('b', 2)`),
    );
    const id = await bench.connect(prefix, {}, { update_method: method });
    await bench.sync(id);
    await admin((client) =>
      client.query(`DELETE FROM shop.note WHERE n = 1; UPDATE shop.note SET body = 'c' WHERE n = 2`),
    );
    await bench.sync(id);
    expect(
      await bench.rows(
        `SELECT body, n, _fivetran_deleted, length(_fivetran_id)::INT FROM workspace.${prefix}_shop.note ORDER BY body`,
      ),
    ).toEqual([
      ['a', 1, true, 32],
      ['b', 2, true, 32],
      ['c', 2, false, 32],
    ]);
  });

  test('odd names become plain ones, and hashed and unselected columns stay hidden', async () => {
    const prefix = `odd_${method.toLowerCase()}`;
    await admin((client) =>
      client.query(`TRUNCATE shop."Odd Name"; INSERT INTO shop."Odd Name" VALUES (1, 'secret'), (2, NULL)`),
    );
    const id = await bench.connect(prefix, {}, { update_method: method });
    const schemas = `connections/${id}/schemas`;
    const columnPath = `${schemas}/shop/tables/Odd%20Name/columns/select`;
    expect((await bench.call('PATCH', columnPath, { hashed: true })).status).toBe(200);
    expect(
      (await bench.call('PATCH', `${schemas}/shop/tables/item/columns/name`, { enabled: false })).status,
    ).toBe(200);
    expect((await bench.call('PATCH', `${schemas}/shop/tables/note`, { enabled: false })).status).toBe(200);
    expect((await bench.call('PATCH', `${schemas}/shop/tables/odd_name`, { enabled: false })).status).toBe(
      404,
    );
    await bench.sync(id);
    expect(
      await bench.rows(`SELECT the_key, "select" FROM workspace.${prefix}_shop.odd_name ORDER BY the_key`),
    ).toEqual([
      [1, 'K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols='],
      [2, null],
    ]);
    expect(
      await bench.rows(
        `SELECT table_name, count(*) FILTER (WHERE column_name = 'name') AS n FROM duckdb_columns()
         WHERE schema_name = '${prefix}_shop' GROUP BY ALL ORDER BY ALL`,
      ),
    ).toEqual([
      ['item', '0'],
      ['odd_name', '0'],
    ]);
  });
});

test('a table that was rewritten at the source is loaded again by QUERY_BASED, with a warning', async () => {
  const id = await bench.connect('rewritten', {}, { update_method: 'QUERY_BASED' });
  await bench.sync(id);
  await admin((client) => client.query('VACUUM FULL shop.item'));
  const { status } = await bench.sync(id);
  expect(status).toMatchObject({ tasks: [], warnings: [{ code: 'resync_table_warning' }] });
});

test('QUERY_BASED does not read a server whose transaction ids lie behind, until a historical re-sync loads it anew', async () => {
  const servers = await Promise.all([startPostgres(), startPostgres()]);
  const [first, restored] = servers;
  let present = first;
  const own = await startFivetranBench(first, { resolveLink: () => present });
  await withClient(first, 'admin', async (client) => {
    for (let spent = 0; spent < 100; spent += 1) await client.query('SELECT pg_current_xact_id()');
  });
  const id = await own.connect('restored', {}, { update_method: 'QUERY_BASED' });
  await own.sync(id);
  present = restored;
  await own.call('PATCH', `connections/${id}`, {
    config: { password: restored.users.fivetran.password },
    trust_certificates: true,
  });
  const lastSync = () => own.fivetran.account.connections.get(id)?.syncs.at(-1);
  for (const attempt of ['the first sync', 'the next']) {
    await own.sync(id);
    expect(lastSync(), attempt).toMatchObject({
      status: 'FAILURE',
      reason: 'Current transaction ID has moved backwards.',
    });
  }
  await own.call('POST', `connections/${id}/resync`, {});
  const settled = await own.settled(id);
  expect(settled.status).toMatchObject({ setup_state: 'connected', tasks: [], warnings: [] });
  expect(lastSync()).toMatchObject({ status: 'SUCCESSFUL' });
  await own.sync(id);
  expect(lastSync()).toMatchObject({ status: 'SUCCESSFUL' });
  await own.stop();
  await Promise.all(servers.map((server) => server.stop()));
});

test('a new column arrives with the next sync, a dropped table stays listed as deleted', async () => {
  const id = await bench.connect('ddl');
  await bench.sync(id);
  await admin((client) =>
    client.query(`CREATE TABLE shop.fresh (id int PRIMARY KEY); INSERT INTO shop.fresh VALUES (1);
      ALTER TABLE shop.note ADD COLUMN extra text DEFAULT 'more'`),
  );
  await bench.sync(id);
  expect(
    await bench.rows('SELECT DISTINCT extra FROM workspace.ddl_shop.note WHERE NOT _fivetran_deleted'),
  ).toEqual([['more']]);
  expect(await bench.rows('SELECT id FROM workspace.ddl_shop.fresh')).toEqual([[1]]);
  await admin((client) => client.query('DROP TABLE shop.fresh'));
  expect((await bench.sync(id)).status).toMatchObject({ tasks: [] });
  const { data } = await bench.call('GET', `connections/${id}/schemas`);
  expect(data).toMatchObject({
    schemas: {
      shop: {
        name_in_destination: 'ddl_shop',
        tables: {
          fresh: { enabled: false, enabled_patch_settings: { allowed: false, reason_code: 'DELETED' } },
          'Odd Name': { name_in_destination: 'odd_name', enabled: true },
        },
      },
    },
  });
});

describe('what the destination can be made to lose', () => {
  test('an inserted row, an update, a delete: remembered as written, and mended by a re-sync', async () => {
    await admin((client) =>
      client.query(`TRUNCATE shop.note, shop.item; DROP TABLE IF EXISTS shop.lossy;
        CREATE TABLE shop.lossy (id int PRIMARY KEY, v int); INSERT INTO shop.lossy SELECT n, n FROM generate_series(1, 5) n`),
    );
    const id = await bench.connect('lossy');
    await bench.sync(id);
    for (const kind of ['lose-rows', 'drop-updates', 'drop-deletes'] as const) {
      bench.fivetran.faults.set({ kind, table: 'lossy', count: 1 });
    }
    await admin((client) =>
      client.query(`INSERT INTO shop.lossy VALUES (6, 6), (7, 7); UPDATE shop.lossy SET v = -v WHERE id IN (1, 2);
        DELETE FROM shop.lossy WHERE id IN (3, 4)`),
    );
    const live = 'SELECT id, v FROM workspace.lossy_shop.lossy WHERE NOT _fivetran_deleted ORDER BY id';
    const lost = [
      [1, 1],
      [2, -2],
      [3, 3],
      [5, 5],
      [7, 7],
    ];
    expect((await bench.sync(id)).status).toMatchObject({ tasks: [] });
    expect(await bench.rows(live)).toEqual(lost);
    await bench.sync(id);
    expect(await bench.rows(live)).toEqual(lost);
    await bench.call('POST', `connections/${id}/schemas/tables/resync`, { shop: ['lossy'] });
    await bench.settled(id);
    expect(await bench.rows(live)).toEqual([
      [1, -1],
      [2, -2],
      [5, 5],
      [6, 6],
      [7, 7],
    ]);
  });
});

test('more than 50,000 changed rows make a table unsupported for Teleport', async () => {
  await admin((client) =>
    client.query(`CREATE TABLE shop.big (id int PRIMARY KEY, v int);
      INSERT INTO shop.big SELECT n, 0 FROM generate_series(1, 50001) n`),
  );
  const id = await bench.connect('big');
  expect((await bench.sync(id)).status).toMatchObject({ tasks: [] });
  await admin((client) => client.query('UPDATE shop.big SET v = 1'));
  expect((await bench.sync(id)).status).toMatchObject({ tasks: [{ code: 'teleport_sync_error' }] });
  expect((await bench.sync(id)).status).toMatchObject({ tasks: [] });
  const path = `connections/${id}/schemas`;
  expect((await bench.call('GET', path)).data).toMatchObject({
    schemas: { shop: { tables: { big: { enabled: false, enabled_patch_settings: { allowed: false } } } } },
  });
  expect((await bench.call('PATCH', `${path}/shop/tables/big`, { enabled: true })).status).toBe(400);
});
