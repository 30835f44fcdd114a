import type { ServerIdentity } from './source-facts.ts';

/** One line of pg_hba.conf that admits somebody. */
export interface AccessRule {
  type: string;
  databases: string[];
  users: string[];
  address: string;
  netmask: string;
  method: string;
}

/** A role and what it may do beyond reading. */
export interface RoleFacts {
  name: string;
  superuser: boolean;
  /** Roles with wide rights that it is a member of, for instance pg_write_all_data or rds_superuser. */
  powers: string[];
  createSchemas: string[];
}

/** What PostgreSQL says of itself to a role that may only read; `null` where the role may not see it. */
export interface ServerFacts {
  identity: ServerIdentity;
  versionNumber: number;
  version: string;
  flavour: 'rds' | 'aurora' | 'self-managed';
  encoding: string;
  tls: { inUse: boolean; protocol: string };
  /** How the role proved itself, judged from the handshake. */
  authentication: string;
  walLevel: string;
  /** The checks' own role first. */
  roles: RoleFacts[];
  /** Client sessions whose transaction is older than the limit. */
  longTransactions:
    { pid: string; user: string; state: string; seconds: number; application: string }[] | null;
  /** Transactions since the oldest row version that vacuum must keep for somebody, and who that is. */
  vacuumHolder: { age: number; what: string } | null;
  databaseFrozenAge: number;
  freezeMaxAge: number;
  accessRules: AccessRule[] | null;
}
