import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { LocalPostgres } from '../../local/postgres/postgres.ts';
import { loginsAtOnce } from '../../shared/rules/logins.ts';

/** What PostgreSQL itself counted while it was watched. */
interface Logins {
  /** Sessions of the checks' role at a time. */
  most: number;
  /** Sessions of everybody that were established altogether. */
  total: number;
}

/**
 * Lets PostgreSQL count the sessions of the checks' role, and refuse the one that would be more than are allowed at a
 * time: whoever is refused says so in what it finds.
 */
export async function watchLogins(postgres: LocalPostgres): Promise<{ end: () => Promise<Logins> }> {
  const { checks } = postgres.users;
  const watcher = new pg.Client({
    connectionString: postgres.connectionString('admin'),
    ssl: { ca: postgres.caPem },
  });
  await watcher.connect();
  const count = async (sql: string): Promise<number> => {
    const { rows } = await watcher.query<{ count: string }>(`SELECT (${sql}) AS count`);
    return Number(rows[0]?.count);
  };
  const sessions = (): Promise<number> =>
    count('SELECT sessions FROM pg_stat_database WHERE datname = current_database()');
  await watcher.query(`ALTER ROLE ${checks.name} CONNECTION LIMIT ${String(loginsAtOnce)}`);
  const before = await sessions();
  let most = 0;
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      most = Math.max(
        most,
        await count(`SELECT count(*) FROM pg_stat_activity WHERE usename = '${checks.name}'`),
      );
      await delay(10);
    }
  })();
  return {
    end: async () => {
      over.abort();
      await watching;
      const total = (await sessions()) - before;
      await watcher.query(`ALTER ROLE ${checks.name} CONNECTION LIMIT -1`);
      await watcher.end();
      return { most, total };
    },
  };
}
