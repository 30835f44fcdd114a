import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { copyInstallation, findInstallation, othersMayReach, programsIn } from './binaries.ts';
import type { Certificates } from './certificates.ts';

/** PostgreSQL did not start. The message carries the last lines that it wrote. */
class PostgresStartError extends Error {
  override readonly name = 'PostgresStartError';
}

/** What one server is started with. */
export interface ServerOptions {
  /** Addresses of this machine that it listens on, all on the same port. */
  hosts: readonly string[];
  certificates: Certificates;
  /** Password of the superuser `admin`. */
  adminPassword: string;
  /** Lines of pg_hba.conf. */
  access: readonly string[];
  /**
   * Fills the data folder, which does not exist yet, instead of making an empty database; answers lines of
   * postgresql.conf.
   */
  copyInto?: (dataFolder: string) => Promise<Record<string, string>>;
}

/** One running PostgreSQL process. */
export interface Server {
  port: number;
  /** Where pg_hba.conf lies; a change takes effect after `pg_reload_conf()`. */
  accessFile: string;
  /** Serves other certificates from now on; connections that exist stay. */
  replaceCertificates: (certificates: Certificates) => void;
  /** Where all of it lies; removed when the server or this process has ended. */
  folder: string;
  /** Resolves when the server has ended: whether somebody asked it to, and the last line that it wrote. */
  ended: Promise<{ expected: boolean; lastWords: string }>;
  /** Stops it and removes its folder; safe to call twice. */
  stop: () => Promise<void>;
  /** Ends it as a crash would: no notice to clients, no checkpoint. Its folder is removed all the same. */
  kill: () => Promise<void>;
}

const nobody = 65534;
const certificateFile = 'server.crt';
const keyFile = 'server.key';
const startTimeoutMs = 60_000;
const attempts = 5;

/**
 * Starts a PostgreSQL in a temporary folder of its own, on a free port. A guard process holds a pipe to this one,
 * and stops the server and removes the folder when this process ends, however it ends. As root the server runs as
 * `nobody`, because PostgreSQL refuses to run as root.
 *
 * @throws PostgresNotInstalledError, PostgresStartError
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await launch(options, await freePort(options.hosts[0] ?? '127.0.0.1'));
    if ('port' in server) return server;
    if (attempt === attempts || !server.output.includes('Address already in use')) {
      throw new PostgresStartError(
        `PostgreSQL did not start. Is there space in ${tmpdir()}, and does the machine have memory left? It said: ${gist(server.output)}`,
      );
    }
  }
}

/** The line that says why, among all that was written. */
function gist(output: string): string {
  const lines = linesOf(output);
  return lines.find((line) => /error:|FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? 'nothing';
}

function linesOf(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** As root the server runs as another user, who must get into the folder and be able to remove his own from it. */
function temporaryFolder(asRoot: boolean): string {
  const folder = tmpdir();
  const forOthers =
    (statSync(folder).mode & constants.S_IWOTH) !== 0 && othersMayReach(path.join(folder, 'any'));
  return asRoot && !forOthers ? '/tmp' : folder;
}

function makeFolder(asRoot: boolean): string {
  try {
    return mkdtempSync(path.join(temporaryFolder(asRoot), 'fivetran-privatelink-postgres-'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PostgresStartError(
      `PostgreSQL needs a folder for temporary files, and ${tmpdir()} takes none: ${reason}. Set TMPDIR to another one.`,
      { cause },
    );
  }
}

async function launch(options: ServerOptions, port: number): Promise<Server | { output: string }> {
  const asRoot = process.getuid?.() === 0;
  const folder = makeFolder(asRoot);
  let guard: Guard;
  let accessFile: string;
  try {
    const installation = findInstallation();
    const write = (name: string, text: string): string => {
      const file = path.join(folder, name);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    };
    accessFile = write('pg_hba.conf', `${options.access.join('\n')}\n`);
    writeCertificates(folder, options.certificates);
    write('password', options.adminPassword);
    const reachable = !asRoot || othersMayReach(programsIn(installation).postgres);
    const { initdb, postgres } = programsIn(
      reachable ? installation : await copyInstallation(installation, path.join(folder, 'postgresql')),
    );
    const copied = await options.copyInto?.(path.join(folder, 'data'));
    write(
      'settings.conf',
      settings({
        ...copied,
        port: String(port),
        listen_addresses: options.hosts.join(','),
        hba_file: accessFile,
        ssl_cert_file: path.join(folder, certificateFile),
        ssl_key_file: path.join(folder, keyFile),
      }),
    );
    if (asRoot) giveTo(nobody, folder);
    guard = spawnGuard([folder, initdb, postgres], {
      cwd: folder,
      ...(asRoot ? { uid: nobody, gid: nobody } : {}),
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const ready = await Promise.race([
    guard.ready.then(() => true),
    guard.ended.then(() => false),
    delay(startTimeoutMs, false, { ref: false }),
  ]);
  if (!ready) {
    guard.release();
    await guard.ended;
    return { output: guard.output() };
  }
  let expected = false;
  const signal = (name: 'SIGHUP' | 'SIGQUIT'): void => {
    const [pid] = readFileSync(path.join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), name);
  };
  const end = async (how: () => void): Promise<void> => {
    expected = true;
    how();
    await guard.ended;
  };
  return {
    port,
    accessFile,
    folder,
    replaceCertificates: (certificates) => {
      writeCertificates(folder, certificates);
      signal('SIGHUP');
    },
    ended: guard.ended.then(() => ({ expected, lastWords: linesOf(guard.output()).at(-1) ?? 'nothing' })),
    stop: () => end(guard.release),
    kill: () =>
      end(() => {
        // PostgreSQL's immediate shutdown; SIGKILL would leave its shared memory behind.
        signal('SIGQUIT');
      }),
  };
}

function writeCertificates(folder: string, { certificatePem, keyPem }: Certificates): void {
  writeFileSync(path.join(folder, certificateFile), certificatePem, { mode: 0o600 });
  writeFileSync(path.join(folder, keyFile), keyPem, { mode: 0o600 });
}

interface Guard {
  /** Resolves when PostgreSQL says that it takes connections; stays open when it never does. */
  ready: Promise<void>;
  ended: Promise<void>;
  /** The last lines of the server's log. */
  output(): string;
  /** Closes the pipe, which is the sign to stop. */
  release: () => void;
}

function spawnGuard(args: string[], options: { uid?: number; gid?: number; cwd: string }): Guard {
  // The script goes as text: the user `nobody` may not be allowed to read the folder that it lies in.
  const script = readFileSync(new URL('guard.sh', import.meta.url), 'utf8');
  const child = spawn('/bin/sh', ['-c', script, 'postgres-guard', ...args], {
    ...options,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C in a terminal reaches the parent only, which then decides the order of ending.
    detached: true,
  });
  child.stdin.on('error', () => undefined); // it may be gone before we close the pipe
  let log = '';
  const ready = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4_000);
      // A standby says "read-only connections".
      if (/ready to accept (read-only )?connections/.test(log)) resolve();
    });
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      log += error.message;
      resolve();
    });
    child.once('close', () => resolve());
  });
  return { ready, ended, output: () => log, release: () => child.stdin.end() };
}

/** Speed over durability: the data are made anew at each start. */
const fixedSettings = {
  unix_socket_directories: '',
  ssl: 'on',
  password_encryption: 'scram-sha-256',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '60',
  shared_buffers: '32MB',
  // In the data folder instead of /dev/shm, so that removing the folder removes it.
  dynamic_shared_memory_type: 'mmap',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off',
};

/** Lines of postgresql.conf. */
function settings(own: Record<string, string>): string {
  return Object.entries({ ...fixedSettings, ...own })
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');
}

function giveTo(user: number, folder: string): void {
  const done = spawnSync('chown', ['-R', `${String(user)}:${String(user)}`, folder]);
  if (done.status !== 0) {
    throw new PostgresStartError(
      `Cannot give ${folder} to the user "nobody": ${done.stderr.toString().trim()}`,
    );
  }
}

async function freePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('A listening socket has a port.');
  return address.port;
}
