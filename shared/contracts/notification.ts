import * as z from 'zod/mini';
import { Diagnosis } from './diagnosis.ts';
import { Finding } from './finding.ts';
import { HeldEndpoint } from './held-endpoint.ts';
import { Instant } from './ids.ts';
import { Subject } from './subject.ts';

/** A state machine cannot leave a field out when its value is unknown: null says the same. */
const known = <Schema extends z.ZodMiniType>(schema: Schema) =>
  z.optional(
    z.pipe(
      z.nullable(schema),
      z.transform((value) => value ?? undefined),
    ),
  );

/** What a state machine tells `notify`. An incident is keyed by `subject` (type and id). */
export const Notification = z.object({
  /**
   * problem: opens or repeats the subject's incident; resolved: closes it, silent when there is none;
   * information: a message without an incident.
   */
  phase: z.enum(['problem', 'resolved', 'information']),
  /** Of a recovery: whether all that the subject was told for is over, or only what a successful sync disproves. */
  scope: z._default(z.enum(['all', 'sync']), 'all'),
  /** Stable name of the alert, also its anchor in docs/runbook.md, for instance `endpoint-held`, `sync-failed`. */
  kind: z.string().check(z.regex(/^[a-z][a-z0-9-]{2,60}$/)),
  severity: z._default(z.enum(['critical', 'warning', 'information']), 'warning'),
  subject: Subject,
  /** One sentence that makes sense on a lock screen. */
  summary: z.string(),
  /** When the problem began, as far as is known. */
  since: known(Instant),
  /**
   * When what this reports was true, for instance the end of the sync: reports may come late and out of order, and
   * the incident follows this order. Without it, the moment at which it is received.
   */
  observedAt: known(Instant),
  /** Of the last successful sync: the message says how stale the data is. */
  lastSuccessAt: known(Instant),
  /** What `diagnose-failure` answered; the message takes cause, evidence and remedy from it. */
  diagnosis: z.optional(Diagnosis),
  /** Fivetran's group of the connection, for routing. */
  group: z.optional(z.string()),
  /** Label and value, for a message's facts. */
  facts: z._default(z.array(z.object({ label: z.string(), value: z.string() })), []),
  /** Why: findings of the path, the most upstream broken part first. */
  evidence: z._default(z.array(Finding), []),
  remedy: z.optional(z.string()),
  links: z._default(z.array(z.object({ label: z.string(), url: z.string() })), []),
  /** A held request: on-call is shown the commands that decide it by hand. */
  heldEndpoint: z.optional(HeldEndpoint),
  /** What a machine caught; what the function said is added to the summary. */
  error: z.optional(z.object({ Error: z.string(), Cause: z.string() })),
  /** The execution that speaks, so that its own failure joins this incident instead of opening another. */
  executionArn: z.optional(z.string()),
});
export type Notification = z.output<typeof Notification>;
/** What a caller may leave out. */
export type NotificationInput = z.input<typeof Notification>;
