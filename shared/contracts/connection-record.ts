import * as z from 'zod/mini';
import { ConnectionId, Instant, SourceName } from './ids.ts';

/** How Fivetran finds changed rows. Every other word is kept as it is. */
export const knownUpdateMethods = ['TELEPORT', 'QUERY_BASED', 'XMIN', 'WAL_PGOUTPUT'] as const;

/** One table that a connection replicates, named at both ends. */
export const SelectedTable = z.object({
  schema: z.string(),
  table: z.string(),
  /** As Fivetran names them at the destination, taken from its schema endpoint, never guessed. */
  destinationSchema: z.string(),
  destinationTable: z.string(),
  syncMode: z.enum(['SOFT_DELETE', 'HISTORY', 'LIVE']),
  /** Columns whose settings Fivetran lists; a column that is not listed is enabled and not hashed. */
  columns: z.array(
    z.object({
      name: z.string(),
      destinationName: z.string(),
      enabled: z.boolean(),
      hashed: z.boolean(),
    }),
  ),
});
export type SelectedTable = z.output<typeof SelectedTable>;

/**
 * What the ledger knows of a connection for functions that cannot ask Fivetran: read-sync writes it, the
 * functions inside the VPC and verify-increment read it.
 */
export const ConnectionRecord = z.object({
  connectionId: ConnectionId,
  /** Fivetran's `schema`: the name that people know. */
  name: z.string(),
  groupId: z.string(),
  updateMethod: z.string(),
  /** Name of the PostgreSQL source; absent when the connection does not come through a private link of ours. */
  source: z.optional(SourceName),
  /** The role that Fivetran logs in with, as its configuration names it; its rights are checked beside ours. */
  sourceRole: z.optional(z.string()),
  /** Minutes between two syncs; absent when they are not scheduled. */
  syncFrequencyMinutes: z.optional(z.number()),
  /** When a sync last succeeded, as Fivetran tells it. */
  succeededAt: z.optional(Instant),
  /** Whether its next sync copies every row: its first one, or a re-sync from the beginning. */
  copiesAll: z.optional(z.boolean()),
  destination: z.object({ service: z.string(), catalog: z.string() }),
  tables: z.array(SelectedTable),
  recordedAt: Instant,
});
export type ConnectionRecord = z.output<typeof ConnectionRecord>;
