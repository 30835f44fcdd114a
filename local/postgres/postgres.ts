import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { makeCertificates } from './certificates.ts';
import { startServer, type Server, type ServerOptions } from './server.ts';

/** A login of the local database. */
export interface DatabaseUser {
  name: string;
  password: string;
}

/** The story's source: a real PostgreSQL 15 with the DVD-rental data, reachable over verified TLS only. */
export interface LocalPostgres {
  /** The first address that it listens on. */
  host: string;
  /** What the functions know it by: a name of the certificate, which somebody else lets lead to an address. */
  name: string;
  port: number;
  database: string;
  /** The authority that signed the server's certificate for `name`, localhost and the addresses listened on. */
  caPem: string;
  /** `admin` owns everything; `fivetran` and `checks` (the role privatelink_checks) may only read. */
  users: { admin: DatabaseUser; fivetran: DatabaseUser; checks: DatabaseUser };
  /** pg_hba.conf of the server; after a change `SELECT pg_reload_conf()`. */
  accessFile: string;
  /** A temporary folder that is removed when the server or this process has ended, however it ends. */
  folder: string;
  /**
   * Gives the server a new certificate by a new authority, whose PEM it answers; `caPem` changes too. Whoever
   * trusts only the old one is refused from then on, and everybody is when the validity is over.
   */
  replaceCertificates: (validity?: { notBefore?: Date; notAfter?: Date }) => Promise<string>;
  connectionString(user: keyof LocalPostgres['users']): string;
  /** Resolves when the server has ended; `expected` is false when it ended without being told to. */
  ended: Server['ended'];
  /** Stops the server and removes its data; safe to call twice. */
  stop: () => Promise<void>;
  /** Ends the server as a crash would. */
  kill: () => Promise<void>;
}

const database = 'dvdrental';
const name = 'database.internal';
/** Two, so that the name can move from one to the other; where the second does not exist, PostgreSQL does without. */
const addresses = ['127.0.0.1', '127.0.0.2'] as const;

/**
 * Starts the database with its schema, rows and roles; takes two to three seconds.
 *
 * @throws PostgresNotInstalledError, PostgresStartError
 */
export async function startPostgres(): Promise<LocalPostgres> {
  const users = {
    admin: { name: 'admin', password: newPassword() },
    fivetran: { name: 'fivetran', password: newPassword() },
    checks: { name: 'privatelink_checks', password: newPassword() },
  };
  const postgres = await startWith(users);
  try {
    await fill(postgres);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return postgres;
}

/** Starts a server for these users: an empty one, or one whose data `copyInto` has filled in. */
export async function startWith(
  users: LocalPostgres['users'],
  copyInto?: ServerOptions['copyInto'],
): Promise<LocalPostgres> {
  const authority = 'Local database CA';
  const names = [name, 'localhost', ...addresses];
  const certificates = await makeCertificates(authority, names);
  const server = await startServer({
    hosts: addresses,
    certificates,
    adminPassword: users.admin.password,
    // Each role from this machine into its own database only, encrypted, and nobody else from anywhere.
    access: [
      `hostssl all ${users.admin.name} 127.0.0.1/32 scram-sha-256`,
      ...[users.fivetran, users.checks].map(
        ({ name: role }) => `hostssl ${database} ${role} 127.0.0.1/32 scram-sha-256`,
      ),
    ],
    ...(copyInto === undefined ? {} : { copyInto }),
  });
  const [host] = addresses;
  const postgres: LocalPostgres = {
    host,
    name,
    port: server.port,
    database,
    caPem: certificates.caPem,
    users,
    accessFile: server.accessFile,
    folder: server.folder,
    replaceCertificates: async (validity) => {
      const next = await makeCertificates(authority, names, validity);
      server.replaceCertificates(next);
      postgres.caPem = next.caPem;
      return next.caPem;
    },
    connectionString: (user) =>
      `postgresql://${users[user].name}:${users[user].password}@${host}:${server.port}/${database}`,
    ended: server.ended,
    stop: server.stop,
    kill: server.kill,
  };
  return postgres;
}

/** Runs `work` with a connection of the given user over verified TLS, and closes it. */
export async function withClient<Result>(
  postgres: Pick<LocalPostgres, 'host' | 'port' | 'database' | 'caPem' | 'users'>,
  user: keyof LocalPostgres['users'],
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    host: postgres.host,
    port: postgres.port,
    database: postgres.database,
    user: postgres.users[user].name,
    password: postgres.users[user].password,
    ssl: { ca: postgres.caPem },
  });
  client.on('error', () => undefined); // a lost connection also rejects the query that runs
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function fill(postgres: LocalPostgres): Promise<void> {
  const { fivetran, checks } = postgres.users;
  await withClient({ ...postgres, database: 'postgres' }, 'admin', async (client) => {
    await client.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8'`);
    for (const { name, password } of [fivetran, checks]) {
      await client.query(
        `CREATE ROLE ${client.escapeIdentifier(name)} LOGIN PASSWORD ${client.escapeLiteral(password)}`,
      );
    }
  });
  await withClient(postgres, 'admin', async (client) => {
    await client.query('BEGIN');
    for (const script of ['schema.sql', 'rows.sql', 'grants.sql']) {
      await client.query(await readFile(new URL(script, import.meta.url), 'utf8'));
    }
    await client.query('COMMIT');
  });
}

function newPassword(): string {
  return randomBytes(18).toString('base64url');
}
