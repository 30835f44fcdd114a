import * as z from 'zod/mini';
import { ConnectionId, Instant } from './ids.ts';
import { ServerIdentity, TableCounters } from './source-facts.ts';

const Kind = z.enum(['integer', 'numeric', 'text', 'padded-text', 'uuid', 'boolean', 'date', 'timestamp']);

/** A column that a mark holds values of. */
export const MarkedColumn = z.object({
  name: z.string(),
  kind: Kind,
  /** Digits after the point of a numeric; 0 for everything else. */
  scale: z.number(),
});
export type MarkedColumn = z.output<typeof MarkedColumn>;

/** What a mark says of one table. */
export const MarkedTable = z.object({
  schema: z.string(),
  table: z.string(),
  /**
   * changes: the mark holds the rows that changed since `since`; baseline: changes count from this mark on, it holds
   * none; skipped: `reason` says why, and the table's changes wait for a later mark.
   */
  state: z.enum(['changes', 'baseline', 'skipped']),
  reason: z.string(),
  /**
   * Lower bound of the transactions whose rows are in the mark, epoch included; `0` when it holds rows of all times,
   * for a sync that copies everything; empty for the other states.
   */
  since: z.string(),
  /** Rows that changed, deletions not among them; estimated when the table was too large to scan whole. */
  changedRows: z.number(),
  /** Rows that the mark holds; fewer than `changedRows` when it is a sample. */
  heldRows: z.number(),
  /** Whether the mark holds the keys of all rows, so that deletions can be checked. */
  holdsKeys: z.boolean(),
  /** Why deletions are not checked; empty when they are. */
  deletesSkipped: z.string(),
  keyColumns: z.array(MarkedColumn),
  columns: z.array(MarkedColumn),
  /** Columns that are replicated but not compared, each with why. */
  notCompared: z.array(z.object({ name: z.string(), reason: z.string() })),
  fileNode: z.nullable(z.string()),
  counters: TableCounters,
});
export type MarkedTable = z.output<typeof MarkedTable>;

/** A mark: what had changed at the source when we looked. Its rows are kept apart, and it exists once this does. */
export const MarkHeader = z.object({
  markId: z.string(),
  connectionId: ConnectionId,
  source: z.string(),
  server: ServerIdentity,
  /** Our clock, after the last row was in the ledger. */
  completedAt: Instant,
  tables: z.array(MarkedTable),
  chunks: z.number(),
});
export type MarkHeader = z.output<typeof MarkHeader>;

/** One changed row: canonical key values, the transaction that wrote it, and a digest of each compared column. */
export const MarkedRow = z.tuple([z.array(z.string()), z.string(), z.string()]);
export type MarkedRow = z.output<typeof MarkedRow>;

/** A piece of a mark's rows; `table` is the index in the header's tables. */
export const MarkChunk = z.object({
  table: z.number(),
  rows: z.array(MarkedRow),
  keys: z.array(z.array(z.string())),
});
export type MarkChunk = z.output<typeof MarkChunk>;

/** A row that the destination shows though the source has it no more. */
export const Ghost = z.object({
  key: z.array(z.string()),
  /** When Fivetran wrote it, microseconds since 1970: unchanged means that no sync delivered it again. */
  synced: z.string(),
  /** Our clock, when the source was found without it. */
  seenAt: Instant,
});
export type Ghost = z.output<typeof Ghost>;

/** What is remembered from one verification to the next. */
export const MarkState = z.object({
  /** By `schema.table` as JSON: from which transaction on changes are still to be verified, and on which server. */
  tables: z.record(
    z.string(),
    z.object({ since: z.string(), systemIdentifier: z.nullable(z.string()), standby: z.boolean() }),
  ),
  ghosts: z.record(z.string(), z.array(Ghost)),
  /** When a verification last gave an answer other than skipped; empty when never. */
  lastVerifiedAt: z.string(),
});
export type MarkState = z.output<typeof MarkState>;

/** What a first look at the destination found in one table. */
export const Comparison = z.object({
  schema: z.string(),
  table: z.string(),
  /** Why nothing was compared; empty otherwise. */
  skipped: z.string(),
  keyColumns: z.array(MarkedColumn),
  /** Rows of the mark that the destination was asked for. */
  compared: z.number(),
  /** Rows that changed in all, where those of the mark are a sample; null when it has all. */
  sampledOf: z.nullable(z.number()),
  /** Rows of the mark that are absent or different at the destination: key and writing transaction. */
  rows: z.array(z.tuple([z.array(z.string()), z.string()])),
  /** Why deletions were not checked; empty when they were. */
  deletesSkipped: z.string(),
  /** Keys that live at the destination and were not at the source when the mark was taken. */
  keys: z.array(z.array(z.string())),
  /** For each of these keys when Fivetran wrote it, microseconds since 1970. */
  synced: z.array(z.string()),
  /** Columns that were left out. */
  notCompared: z.array(z.string()),
});
export type Comparison = z.output<typeof Comparison>;

/** Rows that a verification found different, to be looked at again at the source; one entry for each table of the mark. */
export const RecheckRequest = z.object({ markId: z.string(), tables: z.array(Comparison) });
export type RecheckRequest = z.output<typeof RecheckRequest>;

/** The source's answer, in the order of the request. */
export const RecheckAnswer = z.object({
  recheckedAt: Instant,
  tables: z.array(
    z.object({
      /** `gone` when the table itself is no more or may not be read; then the lists are empty. */
      state: z.enum(['read', 'gone']),
      reason: z.string(),
      /** Whether each row is still the one that the mark saw. */
      unchanged: z.array(z.boolean()),
      /** Whether each key is at the source now. */
      present: z.array(z.boolean()),
    }),
  ),
});
export type RecheckAnswer = z.output<typeof RecheckAnswer>;

/** The name of a table in records; JSON, because either part may contain any character. */
export const tableKey = ({ schema, table }: { schema: string; table: string }): string =>
  JSON.stringify([schema, table]);
