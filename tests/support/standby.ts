import { appendFile, cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startWith, withClient, type LocalPostgres } from '../../local/postgres/postgres.ts';

/** Left out of a copy: what belongs to the running process, and the log, which is streamed. */
const ownOfTheServer = new Set(['postmaster.pid', 'postmaster.opts', 'pg_wal']);

/**
 * Starts a standby that streams from this server, by PostgreSQL's low-level backup:
 * https://www.postgresql.org/docs/15/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
export async function startStandby(primary: LocalPostgres): Promise<LocalPostgres> {
  const { name: user, password } = primary.users.admin;
  await appendFile(primary.accessFile, `hostssl replication ${user} 127.0.0.1/32 scram-sha-256\n`);
  return startWith(primary.users, async (dataFolder) => {
    const label = await withClient(primary, 'admin', async (client) => {
      await client.query('SELECT pg_reload_conf()');
      await client.query(`SELECT pg_backup_start('standby', true)`);
      const source = path.join(primary.folder, 'data');
      await cp(source, dataFolder, {
        recursive: true,
        filter: (file) => !ownOfTheServer.has(path.relative(source, file)),
      });
      const { rows } = await client.query<{ labelfile: string }>(
        'SELECT labelfile FROM pg_backup_stop(false)',
      );
      return rows[0]?.labelfile ?? '';
    });
    await mkdir(path.join(dataFolder, 'pg_wal', 'archive_status'), { recursive: true });
    await writeFile(path.join(dataFolder, 'backup_label'), label);
    await writeFile(path.join(dataFolder, 'standby.signal'), '');
    const authority = path.join(dataFolder, 'primary-ca.pem');
    await writeFile(authority, primary.caPem);
    return {
      primary_conninfo: `host=${primary.host} port=${String(primary.port)} user=${user} password=${password} sslmode=verify-full sslrootcert=${authority}`,
    };
  });
}

/** Resolves when the standby has everything that the primary has written by now. */
export async function caughtUp(primary: LocalPostgres, standby: LocalPostgres): Promise<void> {
  const position = await withClient(primary, 'admin', async (client) => {
    // Commits are not flushed at once here; this one is, and takes the earlier ones with it.
    await client.query('SET synchronous_commit = on');
    await client.query(`SELECT pg_logical_emit_message(true, 'standby', '')`);
    const { rows } = await client.query<{ at: string }>('SELECT pg_current_wal_flush_lsn() AS at');
    return rows[0]?.at;
  });
  await withClient(standby, 'admin', async (client) => {
    for (;;) {
      const { rows } = await client.query<{ there: boolean }>(
        'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS there',
        [position],
      );
      if (rows[0]?.there === true) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}
