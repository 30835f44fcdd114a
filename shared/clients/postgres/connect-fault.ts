import pg from 'pg';
import type { ConnectFaultKind } from '../../contracts/source-connection.ts';

/** SQLSTATE of an error that PostgreSQL sent, for instance `28P01`; `undefined` for anything else. */
export const sqlStateOf = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

const bySqlState: Record<string, ConnectFaultKind> = {
  '28P01': 'wrong-password',
  '28000': 'not-admitted',
  '3D000': 'no-such-database',
  '42501': 'may-not-connect',
  '53300': 'too-many-connections',
  '57P03': 'starting-up',
  '57P01': 'starting-up',
  '57P02': 'starting-up',
};

/** Codes of Node's sockets, lookups and certificate checks (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const bySystemCode: Record<string, ConnectFaultKind> = {
  ENOTFOUND: 'name-unknown',
  EAI_AGAIN: 'name-unknown',
  ECONNREFUSED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ECONNRESET: 'no-answer',
  EPIPE: 'no-answer',
  ETIMEDOUT: 'no-answer',
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-wrong-name',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-untrusted',
  CERT_UNTRUSTED: 'tls-untrusted',
  CERT_SIGNATURE_FAILURE: 'tls-untrusted',
  INVALID_CA: 'tls-untrusted',
};

/** What a failed login means. */
export function connectFaultKind(error: unknown): ConnectFaultKind {
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return bySqlState[sqlState] ?? 'unknown';
  if (!(error instanceof Error)) return 'unknown';
  // Node tries every address of a name; the first failure stands for all.
  if (error instanceof AggregateError && error.errors.length > 0) return connectFaultKind(error.errors[0]);
  const code = systemCode(error);
  const known = bySystemCode[code];
  if (known !== undefined) return known;
  if (error.message.includes('does not support SSL')) return 'tls-unsupported';
  if (/^ERR_(SSL|TLS)/.test(code) || error.message.includes('SSL connection')) return 'tls-failed';
  if (/timeout|terminated unexpectedly/i.test(error.message)) return 'no-answer';
  return 'unknown';
}

const systemCode = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : '';
