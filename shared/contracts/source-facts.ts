import * as z from 'zod/mini';

/** What identifies a PostgreSQL server and where its transaction counter stands. Numbers of 64 bits are text. */
export const ServerIdentity = z.object({
  /** Address at which the server took our session; null when a proxy hides it, or an old mark does not tell it. */
  address: z._default(z.nullable(z.string()), null),
  /** Same for a server, its standbys and its copies; null when the role may not see it. */
  systemIdentifier: z.nullable(z.string()),
  /** Rises by one with each promotion and point-in-time recovery; null when the role may not see it. */
  timeline: z.nullable(z.number()),
  standby: z.boolean(),
  /** The next transaction id, epoch included. */
  nextTransactionId: z.string(),
  /** Lower bound of the transactions that a snapshot taken now does not see. */
  snapshotXmin: z.string(),
});
export type ServerIdentity = z.output<typeof ServerIdentity>;

/** Cumulative statistics of one table; they count attempts, so rolled back ones too. */
export const TableCounters = z.object({
  inserted: z.number(),
  updated: z.number(),
  deleted: z.number(),
  /** When the statistics were last reset, as PostgreSQL writes it; empty when never. */
  resetAt: z.string(),
});
export type TableCounters = z.output<typeof TableCounters>;

/** A column as far as comparing it goes. */
export interface SourceColumn {
  name: string;
  /** `pg_type.typname`, domains resolved. */
  baseType: string;
  typeModifier: number;
  /** As the server writes the type in a cast, for instance `numeric(5,2)`. */
  castType: string;
}

/** What one role may do with a table. */
export interface TableRights {
  role: string;
  usage: boolean;
  select: boolean;
  /** Columns that the role may not read, when it may read some but not all. */
  hiddenColumns: string[];
  /** Of INSERT, UPDATE, DELETE and TRUNCATE those that the role holds. */
  writes: string[];
  /** Whether row-level security filters what the role reads. */
  rowSecurity: 'off' | 'policies' | 'nothing-admitted';
}

/** One table of the source, or the fact that it is not there. */
export interface TableFacts {
  schema: string;
  table: string;
  /** `pg_class.relkind`: r table, p partitioned table, v view …; null when there is no such relation. */
  kind: string | null;
  oid: string;
  /** File that holds the table; changes when the table is rewritten. Null for a partitioned table. */
  fileNode: string | null;
  /** Pages of 8 KB on disk, partitions included. */
  pages: number;
  estimatedRows: number;
  /** In the key's order; empty without a primary key. */
  primaryKey: string[];
  columns: SourceColumn[];
  rights: TableRights[];
  counters: TableCounters;
  deadRows: number;
  liveRows: number;
  /** Age of the oldest transaction id in the table that was never frozen. */
  frozenAge: number;
}
