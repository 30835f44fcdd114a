import * as z from 'zod/mini';
import { ConnectionId, Instant, SourceName } from './ids.ts';

/** Input of check-source; with a connection it also checks that connection's selected tables and update method. */
export const CheckSourceInput = z.object({
  source: SourceName,
  connectionId: z.optional(ConnectionId),
  /**
   * Content with what was found at the source within the last minute, even for another connection: what evidence of
   * a failure asks for, so that many failures at once do not log in many times.
   */
  shared: z.optional(z.boolean()),
  /** A sync is started right afterwards, or has just ended: the rows that wait for one are its business. */
  besideSync: z.optional(z.boolean()),
});
export type CheckSourceInput = z.output<typeof CheckSourceInput>;

const RecheckId = z.string().check(z.regex(/^[A-Za-z0-9._:-]{1,200}$/));

/** Input of mark-source: take a mark, or look again at the rows that a verification found different. */
export const MarkSourceInput = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('mark'), source: SourceName, connectionId: ConnectionId }),
  z.object({
    mode: z.literal('recheck'),
    source: SourceName,
    connectionId: ConnectionId,
    recheckId: RecheckId,
  }),
]);
export type MarkSourceInput = z.output<typeof MarkSourceInput>;

export type MarkSourceResult =
  | {
      outcome: 'marked';
      markId: string;
      /** Our clock; a sync that started later may be judged by this mark. */
      completedAt: string;
      /** Tables in the mark, and how many rows in them changed since the last verified mark. */
      tables: number;
      changedRows: number;
      /** Whether this is a first mark, which only says from where on changes count. */
      baseline: boolean;
    }
  | { outcome: 'skipped'; reason: string; markId: null }
  | { outcome: 'rechecked'; recheckId: string };

/** Input of verify-increment: the sync to judge, and the recheck that its first answer asked for. */
export const VerifyIncrementInput = z.object({
  connectionId: ConnectionId,
  sync: z.object({
    /** As Fivetran tells it; null when it does not. */
    startedAt: z.nullable(Instant),
    endedAt: Instant,
    syncId: z.nullish(z.string()),
    /** What Fivetran itself counted; empty where it does not say. */
    figures: z.optional(z.string()),
  }),
  /**
   * The mark that run-sync took before it started this very sync. It may judge the sync whatever the clocks say:
   * it was complete before the sync was asked for. Absent when the sync was not started by us, or was adopted.
   */
  markId: z.nullish(z.string()),
  recheckId: z.nullish(RecheckId),
});
export type VerifyIncrementInput = z.output<typeof VerifyIncrementInput>;

/** What the verification says of one table. Counts only: keys and values never leave the ledger. */
export interface TableVerdict {
  schema: string;
  table: string;
  verdict: 'verified' | 'short' | 'skipped';
  /** Changed rows that the destination was asked for. */
  compared: number;
  /** Of those, rows that are absent or old at the destination though the source has not touched them since. */
  missing: number;
  /** Rows that the source deleted and the destination still shows. */
  missingDeletes: number;
  /** Rows that changed again meanwhile; the next mark has them. */
  carried: number;
  /** Changed rows in all, when only `compared` of them were sampled. */
  sampledOf?: number;
  deletes: 'checked' | 'skipped';
  /** Why the table, or its deletes, were skipped. */
  reason?: string;
  /** Columns that were left out: types without a common text, hashed or not selected. */
  notCompared: string[];
}

export interface VerifyIncrementResult {
  verdict: 'verified' | 'short' | 'skipped' | 'recheck';
  /** Tables with something to say: changed rows, trouble or a reason; at most 50. */
  tables: TableVerdict[];
  /** Changed rows that were compared and found at the destination. */
  rows: number;
  /** Why it was skipped; empty otherwise. */
  reason: string;
  /** What to hand to mark-source in mode recheck, and then back to verify-increment; empty otherwise. */
  recheckId: string;
  /** One sentence for a person. */
  summary: string;
}
