import * as z from 'zod/mini';
import { Finding } from './finding.ts';

/** Why something failed, as far as can be told: what `diagnose-failure` answers and `notify` shows. */
export const Diagnosis = z.object({
  /** Row of the failure catalogue, also the anchor of its entry in docs/runbook.md; `unknown` when none fits. */
  code: z.string().check(z.regex(/^[a-z][a-z0-9-]{2,60}$/)),
  /** One sentence that makes sense on a lock screen. */
  summary: z.string(),
  /** What is broken, in a sentence or two: the most upstream broken part of the path. */
  cause: z.string(),
  /** What was seen, the most telling first. */
  evidence: z.array(Finding),
  /** What to do, with the exact setting or statement. */
  remedy: z.string(),
  /** Parts of the path that could not be checked, each with the reason. */
  notChecked: z.array(z.string()),
});
export type Diagnosis = z.output<typeof Diagnosis>;

const Task = z.object({
  code: z._default(z.string(), ''),
  message: z._default(z.string(), ''),
  /** Any JSON; Fivetran documents no form. */
  details: z.optional(z.unknown()),
});

/**
 * What a failed run knows. The evidence comes from several functions of which each may have failed itself, so its
 * parts are read leniently: findings where there are some, otherwise the reason why there are none.
 */
export const FailureToDiagnose = z.object({
  connection: z.object({
    connectionId: z.string(),
    name: z._default(z.string(), ''),
    groupId: z._default(z.string(), ''),
    updateMethod: z._default(z.string(), ''),
  }),
  /** How the sync ended; null when it never came so far. */
  sync: z.optional(
    z.nullable(
      z.object({
        status: z._default(z.string(), ''),
        reason: z.optional(z.nullable(z.string())),
        tasks: z.optional(z.nullable(z.array(Task))),
        warnings: z.optional(z.nullable(z.array(Task))),
        endedAt: z.optional(z.nullable(z.string())),
      }),
    ),
  ),
  /** The state machine's own error, as Catch hands it over. */
  error: z.optional(
    z.nullable(z.object({ Error: z._default(z.string(), ''), Cause: z._default(z.string(), '') })),
  ),
  evidence: z._default(
    z.object({
      sync: z.optional(z.unknown()),
      source: z.optional(z.unknown()),
      targets: z.optional(z.unknown()),
      endpoint: z.optional(z.unknown()),
    }),
    {},
  ),
});
export type FailureToDiagnose = z.output<typeof FailureToDiagnose>;
