import pg from 'pg';
import { configText, type Account, type Connection } from '../model.ts';
import { trust } from './tls-handshake.ts';

/** Where a DNS name leads inside Fivetran's network; undefined when the name is unknown there. */
export type ResolveLink = (dnsName: string) => { host: string; port: number } | undefined;

export interface SourceSettings {
  account: Pick<Account, 'privateLinks'>;
  resolveLink: ResolveLink;
  /** Authorities that Fivetran trusts by itself, as it does the cloud providers'. */
  trustedAuthorities: readonly string[];
}

/** The way to the source is broken or the login is refused: a person has to act. The message is the server's own. */
export class ReconnectError extends Error {
  override readonly name = 'ReconnectError';
}

const connectTimeoutMs = 10_000;

/** Where the connection's host leads, or the reason why it leads nowhere. */
export function locate(
  connection: Connection,
  { account, resolveLink }: SourceSettings,
): { host: string; port: number } | { problem: string } {
  const host = configText(connection.config, 'host');
  const { port } = connection.config;
  if (host === '') return { problem: 'The host is not set.' };
  if (connection.networkingMethod !== 'PrivateLink') {
    return {
      problem: `Connection to ${host}:${typeof port === 'number' ? port : 5432} timed out: the host does not answer from the internet.`,
    };
  }
  const link = account.privateLinks.get(connection.privateLinkId ?? '');
  if (link === undefined) return { problem: 'The private link of this connection does not exist.' };
  return resolveLink(host) ?? { problem: `The host ${host} could not be resolved through ${link.name}.` };
}

/** All certificates that this connection trusts: Fivetran's own authorities and those a user has approved. */
export function trustedBy(connection: Connection, settings: SourceSettings): string[] {
  return [
    ...settings.trustedAuthorities,
    ...[...connection.certificates.values()].map((certificate) => certificate.pem),
  ];
}

/**
 * A session at the source, over verified TLS. Values arrive as PostgreSQL writes them. The caller ends it.
 *
 * @throws ReconnectError
 */
export async function openSource(connection: Connection, settings: SourceSettings): Promise<pg.Client> {
  const address = locate(connection, settings);
  if ('problem' in address) throw new ReconnectError(address.problem);
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    database: configText(connection.config, 'database'),
    user: configText(connection.config, 'user'),
    password: configText(connection.config, 'password'),
    application_name: 'Fivetran',
    ssl: trust(trustedBy(connection, settings)),
    connectionTimeoutMillis: connectTimeoutMs,
    types: { getTypeParser: () => (text: unknown) => text },
  });
  client.on('error', () => undefined); // the query that runs fails with it
  try {
    await client.connect();
    await client.query(
      `SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 1`,
    );
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new ReconnectError(messageOf(error), { cause: error });
  }
  return client;
}

/** Runs `work` with a session at the source, which ends at once, whatever runs in it, when the signal is aborted. */
export async function withSource<Result>(
  connection: Connection,
  settings: SourceSettings,
  work: (client: pg.Client) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const client = await openSource(connection, settings);
  const end = (): void => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', end, { once: true });
  try {
    signal?.throwIfAborted();
    return await work(client);
  } finally {
    signal?.removeEventListener('abort', end);
    await client.end().catch(() => undefined);
  }
}

/** What went wrong, as a person may read it: PostgreSQL's own severity and words where it has spoken. */
export function messageOf(error: unknown): string {
  if (error instanceof pg.DatabaseError) return `${error.severity ?? 'ERROR'}: ${error.message}`;
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
