import * as z from 'zod/mini';

/** The secret of a PostgreSQL source, in the form in which RDS rotates it. */
export const SourceSecret = z.object({
  username: z.string().check(z.minLength(1)),
  password: z.string().check(z.minLength(1)),
  host: z.string().check(z.minLength(1)),
  port: z._default(
    z.pipe(
      z.union([z.number(), z.string().check(z.regex(/^\d+$/))]),
      z.transform((port: number | string) => Number(port)),
    ),
    5432,
  ),
  dbname: z.string().check(z.minLength(1)),
  /** PEM of the authority that signed the server's certificate; without it, the authorities of RDS are trusted. */
  ca: z.optional(z.string().check(z.includes('BEGIN CERTIFICATE'))),
});
export type SourceSecret = z.output<typeof SourceSecret>;

/** Why there is no session with PostgreSQL. */
export type ConnectFaultKind =
  | 'name-unknown'
  | 'unreachable'
  | 'no-answer'
  | 'starting-up'
  | 'too-many-connections'
  | 'tls-unsupported'
  | 'tls-untrusted'
  | 'tls-expired'
  | 'tls-wrong-name'
  | 'tls-failed'
  | 'wrong-password'
  | 'not-admitted'
  | 'may-not-connect'
  | 'no-such-database'
  | 'unknown';

/** A login that failed: why, and what was tried. Never the password. */
export interface ConnectFault {
  kind: ConnectFaultKind;
  /** The server's or the system's own words. */
  detail: string;
  secretId: string;
  host: string;
  port: number;
  database: string;
  username: string;
}
