import { existsSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FailureStage } from '../failure-stage.ts';
import { addRowPolicy } from '../row-policy.ts';
import type { Scenario } from '../scenario.ts';

/** A change by SQL, and the SQL that undoes it. */
const changes =
  (
    change: (role: { name: string; password: string }) => string,
    undo: (role: { name: string; password: string }) => string,
  ) =>
  async ({ stack, sql }: FailureStage) => {
    const role = stack.postgres.users.fivetran;
    await sql(change(role));
    return () => sql(undo(role));
  };

const withoutMending = (): void => undefined;

/** What breaks in PostgreSQL. */
export const sourceScenarios: Scenario[] = [
  {
    code: 'teleport-limit',
    says: 'public.rental',
    breaks: async ({ sql }) => {
      await sql(`UPDATE rental SET return_date = return_date + interval '1 minute'`);
      return withoutMending;
    },
  },
  {
    code: 'teleport-table-disabled',
    says: 'switched a table off (public.bulk)',
    breaks: async ({ sql, run, connectionId }) => {
      await sql('CREATE TABLE bulk (id int PRIMARY KEY, n int NOT NULL)');
      await sql('GRANT SELECT ON bulk TO fivetran, privatelink_checks');
      await sql('INSERT INTO bulk SELECT id, 0 FROM generate_series(1, 50001) id');
      await run('run-sync', { connectionId });
      await sql('UPDATE bulk SET n = 1');
      return () => sql('DROP TABLE IF EXISTS bulk');
    },
  },
  {
    code: 'authentication-failed',
    says: 'password authentication failed',
    breaks: changes(
      ({ name }) => `ALTER ROLE ${name} PASSWORD 'another'`,
      ({ name, password }) => `ALTER ROLE ${name} PASSWORD '${password}'`,
    ),
  },
  {
    code: 'too-many-connections',
    says: 'too many connections for role',
    breaks: changes(
      ({ name }) => `ALTER ROLE ${name} CONNECTION LIMIT 0`,
      ({ name }) => `ALTER ROLE ${name} CONNECTION LIMIT -1`,
    ),
  },
  {
    code: 'statement-timeout',
    says: 'statement timeout',
    breaks: async ({ stack, sql }) => {
      const { name } = stack.postgres.users.fivetran;
      await sql(`ALTER ROLE ${name} SET statement_timeout = '200ms'`);
      await sql('BEGIN');
      await sql('LOCK TABLE actor IN ACCESS EXCLUSIVE MODE');
      return async () => {
        await sql('COMMIT');
        await sql(`ALTER ROLE ${name} RESET statement_timeout`);
      };
    },
  },
  {
    code: 'hba-rejected',
    says: 'no pg_hba.conf entry',
    breaks: async ({ stack, sql }) => {
      const { accessFile, users } = stack.postgres;
      const access = await readFile(accessFile, 'utf8');
      const without = access.split('\n').filter((line) => !line.includes(` ${users.fivetran.name} `));
      await writeFile(accessFile, without.join('\n'));
      await sql('SELECT pg_reload_conf()');
      return async () => {
        await writeFile(accessFile, access);
        await sql('SELECT pg_reload_conf()');
      };
    },
  },
  {
    code: 'tls-failed',
    says: 'does not support SSL',
    breaks: async ({ sql }) => {
      await sql('ALTER SYSTEM SET ssl = off');
      await sql('SELECT pg_reload_conf()');
      return async () => {
        await sql('ALTER SYSTEM RESET ssl');
        await sql('SELECT pg_reload_conf()');
      };
    },
  },
  {
    code: 'table-missing',
    says: 'does not exist',
    breaks: async ({ sql, whileFivetranReads }) => {
      await whileFivetranReads(() => sql('ALTER TABLE store RENAME TO shop'));
      return () => sql('ALTER TABLE IF EXISTS shop RENAME TO store');
    },
  },
  {
    code: 'permission-denied',
    says: 'the role may not read a table (store)',
    breaks: async ({ sql, whileFivetranReads }) => {
      await whileFivetranReads(() => sql('REVOKE SELECT ON store FROM fivetran'));
      return () => sql('GRANT SELECT ON store TO fivetran');
    },
  },
  {
    code: 'database-restarting',
    says: 'terminating connection due to administrator command',
    breaks: async ({ sql, whileFivetranReads, stack }) => {
      const { name } = stack.postgres.users.fivetran;
      await whileFivetranReads(() =>
        sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${name}'`),
      );
      return withoutMending;
    },
  },
  {
    code: 'disk-full',
    says: 'No space left on device',
    notHere: existsSync('/dev/full') ? undefined : 'there is no /dev/full',
    breaks: async (stage) => {
      const { stack, sql, whileFivetranReads } = stage;
      const { folder, users } = stack.postgres;
      // A read that is too large for memory: PostgreSQL writes it to a temporary file, of a name that is known.
      const large = 'SELECT n FROM generate_series(1, 1000000) n';
      await sql(`SELECT count(*) FROM (${large}) all_of_it`);
      const mend = await addRowPolicy(stage, 'store', `store_id IN (${large})`);
      await whileFivetranReads(async () => {
        const { rows } = await sql(
          `SELECT pid FROM pg_stat_activity WHERE usename = '${users.fivetran.name}'`,
        );
        const files = path.join(folder, 'data', 'base', 'pgsql_tmp');
        for (const { pid } of rows as { pid: number }[]) {
          for (let file = 0; file < 10; file += 1) {
            await symlink('/dev/full', path.join(files, `pgsql_tmp${String(pid)}.${String(file)}`));
          }
        }
      });
      return mend;
    },
  },
  {
    code: 'unknown',
    says: 'This failure is not in the catalogue. It was said: ERROR: division by zero',
    breaks: (stage) => addRowPolicy(stage, 'store', '1 / (store_id - store_id) > 0'),
  },
  {
    code: 'source-unhealthy',
    says: 'may not read',
    in: 'run-sync',
    breaks: changes(
      ({ name }) => `REVOKE SELECT ON film FROM ${name}`,
      ({ name }) => `GRANT SELECT ON film TO ${name}`,
    ),
  },
  {
    code: 'path-blocked',
    namedAs: 'source-unhealthy',
    says: 'the path to the database is not fit, so no sync was started',
    in: 'run-sync',
    breaks: changes(
      ({ name }) => `REVOKE USAGE ON SCHEMA public FROM ${name}, PUBLIC`,
      ({ name }) => `GRANT USAGE ON SCHEMA public TO ${name}, PUBLIC`,
    ),
  },
];
