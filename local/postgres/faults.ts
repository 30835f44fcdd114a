import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import * as z from 'zod/mini';
import { refuseFault } from '../fault-refusal.ts';
import { jsonOf, startHttpServer, type HttpReply, type HttpRequest } from '../http-server.ts';
import { toJson } from '../json.ts';
import { withClient, type LocalPostgres } from './postgres.ts';

const table = z.string().check(z.minLength(1), z.maxLength(63));

/**
 * What can be made to go wrong at the source. Over HTTP: `POST /_local/faults` with one of these as JSON, `GET` lists
 * those in force, `DELETE` mends all.
 */
const SourceFault = z.discriminatedUnion('kind', [
  /** A role may no longer read a table. */
  z.strictObject({
    kind: z.literal('revoke-grant'),
    table,
    role: z._default(z.enum(['fivetran', 'checks']), 'fivetran'),
  }),
  /** The server offers no TLS; sessions that exist stay. */
  z.strictObject({ kind: z.literal('tls-off') }),
  /** A table loses its primary key, and the foreign keys that refer to it. */
  z.strictObject({ kind: z.literal('drop-key'), table }),
  /** A table is written anew, into another file. There is nothing to mend. */
  z.strictObject({ kind: z.literal('vacuum-full'), table }),
  /** The host's name leads to these addresses, as after a fail-over; none: it does not resolve. */
  z.strictObject({ kind: z.literal('move-host'), addresses: z.array(z.ipv4()).check(z.maxLength(8)) }),
]);
export type SourceFault = z.input<typeof SourceFault>;

/** The levers of the source, in code and over HTTP. */
export interface SourceFaults {
  url: string;
  /**
   * Breaks one thing; when it resolves, it is broken.
   *
   * @throws SourceFaultError when it cannot be done; the message says why
   */
  set: (fault: SourceFault) => Promise<void>;
  list: () => readonly SourceFault[];
  /** Mends everything, last broken first. */
  clear: () => Promise<void>;
  stop: () => Promise<void>;
}

/** A fault that cannot be brought about. */
class SourceFaultError extends Error {
  override readonly name = 'SourceFaultError';
}

type Mend = () => Promise<unknown>;

/**
 * Starts the levers. They hold a session of the administrator open, because what is broken for every newcomer, TLS
 * for instance, can only be mended by somebody who is in already.
 */
export async function startSourceFaults(
  postgres: LocalPostgres,
  setAddresses: (addresses: readonly string[]) => void,
): Promise<SourceFaults> {
  const admin = new pg.Client({
    connectionString: postgres.connectionString('admin'),
    ssl: { ca: postgres.caPem },
  });
  admin.on('error', () => undefined);
  await admin.connect();
  let inForce: { fault: SourceFault; mend: Mend }[] = [];
  const bring = createBreaker(postgres, admin, setAddresses);

  const faults: Omit<SourceFaults, 'url' | 'stop'> = {
    set: async (fault) => {
      const mend = await bring(z.parse(SourceFault, fault));
      if (mend !== undefined) inForce.push({ fault, mend });
    },
    list: () => inForce.map(({ fault }) => fault),
    clear: async () => {
      const broken = inForce.reverse();
      inForce = [];
      for (const { mend } of broken) await mend();
    },
  };
  const server = await startHttpServer(
    (request) => answer(request, faults),
    () => undefined,
  );
  return {
    ...faults,
    url: server.url,
    stop: async () => {
      await server.stop();
      await admin.end().catch(() => undefined);
    },
  };
}

async function answer(request: HttpRequest, faults: Omit<SourceFaults, 'url' | 'stop'>): Promise<HttpReply> {
  if (request.path.join('/') !== '_local/faults') {
    return { status: 404, body: { message: 'Known: /_local/faults.' } };
  }
  try {
    if (request.method === 'DELETE') await faults.clear();
    if (request.method === 'POST') {
      const fault = z.safeParse(SourceFault, jsonOf(request.body));
      if (!fault.success) return refuseFault(SourceFault, fault.error);
      await faults.set(fault.data);
    }
  } catch (error) {
    if (!(error instanceof SourceFaultError) && !(error instanceof pg.DatabaseError)) throw error;
    return { status: 409, body: { message: error.message } };
  }
  return { status: 200, body: toJson(faults.list()) };
}

/** Brings one fault about, and answers how it is mended. */
function createBreaker(
  postgres: LocalPostgres,
  admin: pg.Client,
  setAddresses: (addresses: readonly string[]) => void,
): (fault: z.output<typeof SourceFault>) => Promise<Mend | undefined> {
  const named = (name: string): string => `public.${admin.escapeIdentifier(name)}`;
  const run = (sql: string): Promise<unknown> => admin.query(sql);
  const switchTls = async (statement: string, offered: boolean): Promise<void> => {
    await run(statement);
    await run('SELECT pg_reload_conf()');
    await until(async () => (await admitsWithTls(postgres)) === offered);
  };
  return async (fault) => {
    switch (fault.kind) {
      case 'revoke-grant': {
        const role = admin.escapeIdentifier(postgres.users[fault.role].name);
        await run(`REVOKE SELECT ON ${named(fault.table)} FROM ${role}`);
        return () => run(`GRANT SELECT ON ${named(fault.table)} TO ${role}`);
      }
      case 'tls-off':
        await switchTls('ALTER SYSTEM SET ssl = off', false);
        return () => switchTls('ALTER SYSTEM RESET ssl', true);
      case 'drop-key':
        return dropKey(admin, fault.table, named(fault.table));
      case 'vacuum-full':
        await run(`VACUUM (FULL) ${named(fault.table)}`);
        return undefined;
      case 'move-host':
        for (const address of fault.addresses) await seeThatItAnswers(address, postgres.port);
        setAddresses(fault.addresses);
        return () => {
          setAddresses([postgres.host]);
          return Promise.resolve();
        };
    }
  };
}

async function dropKey(admin: pg.Client, name: string, named: string): Promise<Mend> {
  const { rows } = await admin.query<{ conname: string; restore: string }>(
    `SELECT conname,
            format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS restore
     FROM pg_constraint
     WHERE (conrelid = $1::regclass AND contype = 'p') OR (confrelid = $1::regclass AND contype = 'f')
     ORDER BY contype = 'f'`,
    [named],
  );
  const [key] = rows;
  if (key === undefined) throw new SourceFaultError(`The table ${name} has no primary key.`);
  await admin.query(`ALTER TABLE ${named} DROP CONSTRAINT ${admin.escapeIdentifier(key.conname)} CASCADE`);
  return async () => {
    for (const { restore } of rows) await admin.query(restore);
  };
}

async function admitsWithTls(postgres: LocalPostgres): Promise<boolean> {
  try {
    await withClient(postgres, 'admin', () => Promise.resolve());
    return true;
  } catch {
    return false;
  }
}

/** A reload takes effect when the server gets round to it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 200; looks += 1) {
    if (await isSo()) return;
    await delay(50);
  }
  throw new SourceFaultError('PostgreSQL did not take the setting over within 10 s.');
}

/** Only Linux answers at every address that begins with 127 by itself. */
async function seeThatItAnswers(address: string, port: number): Promise<void> {
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: address, port });
    socket.setTimeout(2_000, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
  if (answers) return;
  throw new SourceFaultError(
    `PostgreSQL does not answer at ${address}:${port}. It listens on 127.0.0.1 and 127.0.0.2; on macOS run "sudo ifconfig lo0 alias 127.0.0.2" before the stack is started.`,
  );
}
