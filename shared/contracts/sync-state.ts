import * as z from 'zod/mini';
import { FollowedSync } from './sync.ts';

/** The end of a sync that Fivetran's webhook told us about. */
export const ReportedEnd = z.object({
  /** Empty when the webhook named none. */
  syncId: z.string(),
  status: z.string(),
  reason: z.string(),
  /** Fivetran's time of the event. */
  endedAt: z.string(),
  /** Fivetran's time of the same sync's start, when its event arrived. */
  startedAt: z.nullable(z.string()),
  /** An execution followed this sync when its end was reported, and tells of it. */
  followed: z.optional(z.boolean()),
});
export type ReportedEnd = z.output<typeof ReportedEnd>;

/** The start of a sync that Fivetran's webhook told us about; times are Fivetran's. */
const ReportedStart = z.object({ syncId: z.string(), startedAt: z.string() });

/** What the ledger remembers of a connection's syncs. Timestamps are Fivetran's own. */
export const SyncState = z.object({
  /** End of the last sync that was handled. */
  lastEndedAt: z.optional(z.string()),
  lastOutcome: z.optional(z.enum(['succeeded', 'failed'])),
  /** End of the last sync whose increment was judged: verified, short, or skipped for a reason. */
  lastJudgedAt: z.optional(z.string()),
  /** How long the last sync took that we started. */
  durationSeconds: z.optional(z.number()),
  /** The role that Fivetran was given last: of which source, and in which version of its secret. */
  sentRole: z.optional(z.object({ source: z.string(), versionId: z.string() })),
  /** The last end that Fivetran's webhook told us about. */
  reported: z.optional(ReportedEnd),
  reportedStart: z.optional(ReportedStart),
  /** Who follows a sync, as long as that execution holds the connection's lease. */
  followed: z.optional(FollowedSync),
});
export type SyncState = z.output<typeof SyncState>;
