import type { Finding } from '../contracts/finding.ts';
import type { ConnectFault, ConnectFaultKind } from '../contracts/source-connection.ts';
import { AccessDeniedError, ConfigError, UnavailableError, type ServiceError } from '../errors.ts';
import { sqlIdentifier } from './sql-identifier.ts';

type Explain = (fault: ConnectFault) => { check: string; summary: string; remedy: string };

const where = ({ host, port }: ConnectFault): string => `${host}:${port}`;

const explanations: Record<ConnectFaultKind, Explain> = {
  'name-unknown': (fault) => ({
    check: 'source.reachable',
    summary: `The name ${fault.host} does not resolve.`,
    remedy: `Compare "host" in the secret ${fault.secretId} with the database's endpoint, and let the function's VPC resolve it (DNS support, private zone).`,
  }),
  unreachable: (fault) => ({
    check: 'source.reachable',
    summary: `Nothing accepts connections at ${where(fault)}.`,
    remedy: `Start PostgreSQL, let it listen beyond localhost (listen_addresses = '*'), and compare "port" in the secret ${fault.secretId}.`,
  }),
  'no-answer': (fault) => ({
    check: 'source.reachable',
    summary: `${where(fault)} does not answer.`,
    remedy: `Allow port ${fault.port} from the checks' security group in the database's security group and network ACLs, and see whether the server is up.`,
  }),
  'starting-up': (fault) => ({
    check: 'source.reachable',
    summary: `PostgreSQL at ${where(fault)} is starting up, shutting down or recovering.`,
    remedy: 'Wait for it; if it lasts, read the server log.',
  }),
  'too-many-connections': (fault) => ({
    check: 'source.reachable',
    summary: `PostgreSQL at ${where(fault)} has no connection left.`,
    remedy:
      'End idle sessions (SELECT pid, usename, state, query_start FROM pg_stat_activity ORDER BY query_start), raise max_connections, or pool them. Fivetran needs up to 3 connections of its own.',
  }),
  'tls-unsupported': (fault) => ({
    check: 'source.tls',
    summary: `PostgreSQL at ${where(fault)} does not offer TLS.`,
    remedy:
      "ALTER SYSTEM SET ssl = 'on'; SELECT pg_reload_conf(); with ssl_cert_file and ssl_key_file set to the server's certificate and key. On RDS and Aurora TLS is always on: there the host is not the database's own.",
  }),
  'tls-untrusted': (fault) => ({
    check: 'source.tls',
    summary: `The certificate of ${where(fault)} is not signed by a trusted authority.`,
    remedy: `Put the PEM of the authority that signed it in "ca" of the secret ${fault.secretId}; without "ca" only the authorities of Amazon RDS are trusted.`,
  }),
  'tls-expired': (fault) => ({
    check: 'source.tls',
    summary: `The certificate of ${where(fault)}, or of its authority, is expired or not valid yet.`,
    remedy: `Renew the server's certificate (on RDS: aws rds modify-db-instance --db-instance-identifier <instance> --ca-certificate-identifier rds-ca-rsa2048-g1 --apply-immediately) and, when its authority changes, "ca" in the secret ${fault.secretId}.`,
  }),
  'tls-wrong-name': (fault) => ({
    check: 'source.tls',
    summary: `The certificate of ${where(fault)} is for another name.`,
    remedy: `Use the name that the certificate carries as "host" in the secret ${fault.secretId}, or issue a certificate with this name.`,
  }),
  'tls-failed': (fault) => ({
    check: 'source.tls',
    summary: `TLS with ${where(fault)} could not be agreed upon.`,
    remedy: "Set ssl_min_protocol_version = 'TLSv1.2' and allow its ciphers in postgresql.conf.",
  }),
  'wrong-password': (fault) => ({
    check: 'source.authentication',
    summary: `PostgreSQL refused the password of ${fault.username}, also after the secret was read again.`,
    remedy: `Make the secret ${fault.secretId} and the role agree: ALTER ROLE ${sqlIdentifier(fault.username)} PASSWORD '…', or finish the secret's rotation.`,
  }),
  'not-admitted': (fault) => ({
    check: 'source.authentication',
    summary: `pg_hba.conf does not admit ${fault.username} to ${fault.database} from the checks' address.`,
    remedy: `Add a line such as: hostssl ${fault.database} ${fault.username} <subnet of the functions> scram-sha-256; then SELECT pg_reload_conf(). RDS and Aurora manage that file: there, compare user and "dbname" in the secret ${fault.secretId} with what the server has.`,
  }),
  'may-not-connect': (fault) => ({
    check: 'source.authentication',
    summary: `${fault.username} may not connect to ${fault.database}.`,
    remedy: `GRANT CONNECT ON DATABASE ${sqlIdentifier(fault.database)} TO ${sqlIdentifier(fault.username)};`,
  }),
  'no-such-database': (fault) => ({
    check: 'source.authentication',
    summary: `There is no database ${fault.database} on ${where(fault)}.`,
    remedy: `Compare "dbname" in the secret ${fault.secretId} with the names that SELECT datname FROM pg_database shows.`,
  }),
  unknown: (fault) => ({
    check: 'source.reachable',
    summary: `No session with PostgreSQL at ${where(fault)}.`,
    remedy: 'Read the detail, and the server log at the same time.',
  }),
};

/** A failed login as a blocking finding with the remedy a DBA can follow. */
export function connectFinding(fault: ConnectFault): Finding {
  const { check, summary, remedy } = explanations[fault.kind](fault);
  return { check, status: 'blocking', summary: `${summary} Detail: ${fault.detail}.`, remedy };
}

const passing = new Set<ConnectFaultKind>([
  'name-unknown',
  'unreachable',
  'no-answer',
  'starting-up',
  'too-many-connections',
]);
const denied = new Set<ConnectFaultKind>(['wrong-password', 'not-admitted', 'may-not-connect']);

/** The same as an error: passing faults are retried by the state machine, the others need a person. */
export function connectError(fault: ConnectFault): ServiceError {
  const { summary, remedy } = connectFinding(fault);
  const message = `${summary} ${remedy ?? ''}`.trim();
  if (passing.has(fault.kind)) return new UnavailableError(message);
  return denied.has(fault.kind) ? new AccessDeniedError(message) : new ConfigError(message);
}
