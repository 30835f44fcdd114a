import * as z from 'zod/mini';
import { Finding } from './finding.ts';
import { HeldEndpoint } from './held-endpoint.ts';
import { Instant } from './ids.ts';
import { Subject } from './subject.ts';

export const Severity = z.enum(['critical', 'warning', 'information']);
export type Severity = z.output<typeof Severity>;

/** What a message says beside its headline; already cleaned of secrets and cut, not yet escaped. */
export const AlertContent = z.object({
  code: z.optional(z.string()),
  cause: z.optional(z.string()),
  remedy: z.optional(z.string()),
  facts: z.array(z.object({ label: z.string(), value: z.string() })),
  evidence: z.array(Finding),
  notChecked: z.array(z.string()),
  links: z.array(z.object({ label: z.string(), url: z.string() })),
  lastSuccessAt: z.optional(Instant),
  heldEndpoint: z.optional(HeldEndpoint),
  executionArn: z.optional(z.string()),
  /** An alert that could not be read, as it came. */
  raw: z.optional(z.string()),
});
export type AlertContent = z.output<typeof AlertContent>;

/** One kind of trouble that a subject has or had. It is open while it was seen after it was last over. */
export const Problem = z.object({
  kind: z.string(),
  severity: Severity,
  summary: z.string(),
  since: Instant,
  /** When it was true, first and last. */
  firstAt: Instant,
  lastAt: Instant,
  content: AlertContent,
});
export type Problem = z.output<typeof Problem>;

/** Something that Slack has yet to be told. Letters leave in order; one that was tried may have arrived. */
export const Letter = z.object({
  id: z.string(),
  kind: z.enum(['first', 'again', 'also', 'flapping', 'escalation', 'reminder', 'recovered']),
  writtenAt: Instant,
  /** One sentence; the first letter is the whole message and has none. */
  text: z.string(),
  triedAt: z.optional(Instant),
});
export type Letter = z.output<typeof Letter>;

/**
 * One ongoing problem of one subject, and its outbox. Facts (problems, recoveries) merge in any order; `status` is
 * what on-call has been or will be told.
 */
export const Incident = z.object({
  /** `type#id` of the subject. */
  key: z.string(),
  /** Unique among all incidents, for recognising our own messages. */
  id: z.string(),
  subject: Subject,
  group: z.optional(z.string()),
  status: z.enum(['open', 'resolved', 'information']),
  openedAt: Instant,
  resolvedAt: z.optional(Instant),
  /** When it was over by the facts, which is told later than it was true. */
  overAt: z.optional(Instant),
  problems: z.array(Problem),
  recoveries: z.array(z.object({ scope: z.string(), at: Instant })),
  /** How often a problem was reported. */
  count: z.number(),
  /** Ids of the reports that are already in, newest last. */
  seen: z.array(z.string()),
  /** How often it came back after it was resolved. */
  reopened: z.number(),
  /** Set while transitions are no longer told one by one: since when the facts have been calm, or empty. */
  dampedCalmSince: z.optional(z.string()),
  spokenAt: z.optional(Instant),
  escalatedAt: z.optional(Instant),
  remindedAt: z.optional(Instant),
  /** Key of the storm whose message tells of this incident. */
  storm: z.optional(z.string()),
  /** Its place in the storm's list. */
  stormPlace: z.optional(z.number()),
  letters: z.array(Letter),
  lettersWritten: z.number(),
  posted: z.optional(z.object({ channel: z.string(), ts: z.optional(z.string()), at: Instant })),
  /** Grows with each change that the first message shall show; `shown` is the one that it shows. */
  revision: z.number(),
  shown: z.number(),
});
export type Incident = z.output<typeof Incident>;

/** Many incidents at once that share one message. Which ones is written on the incidents. */
export const Storm = z.object({
  key: z.string(),
  /** Where its message goes: the channel that its members are routed to. */
  channel: z._default(z.string(), ''),
  status: z.enum(['open', 'resolved']),
  openedAt: Instant,
  resolvedAt: z.optional(Instant),
  /** When an incident last joined. */
  joinedAt: Instant,
  posted: z.optional(z.object({ channel: z.string(), ts: z.optional(z.string()), at: Instant })),
  /** When its message, or a reply in its thread, was about to leave and nobody has recorded that it did. */
  triedAt: z.optional(Instant),
  /** What its message shows: the text itself. */
  shown: z.string(),
  /** How many members, in the order in which they joined, the lists in the thread name. */
  listed: z.number(),
  /** When people were called once more, last. */
  escalatedAt: z.optional(Instant),
  /** The thread was told that it is over. */
  closed: z.boolean(),
});
export type Storm = z.output<typeof Storm>;
