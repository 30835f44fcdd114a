import * as z from 'zod/mini';

export const FindingStatus = z.enum(['ok', 'warning', 'blocking', 'skipped']);
export type FindingStatus = z.output<typeof FindingStatus>;

/** One checked fact about the path from PostgreSQL to Databricks. */
export const Finding = z.object({
  /** Stable name of the check, for instance `source.primary-key`. */
  check: z.string(),
  status: FindingStatus,
  /** One sentence: what was seen, or why the check could not run. */
  summary: z.string(),
  /** What to do about it, with the exact setting or statement. */
  remedy: z.optional(z.string()),
});
export type Finding = z.output<typeof Finding>;

/** What every checking function answers: all findings, and the worst status among them. */
export const CheckResult = z.object({ status: FindingStatus, findings: z.array(Finding) });
export type CheckResult = z.output<typeof CheckResult>;
