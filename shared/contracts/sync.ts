import * as z from 'zod/mini';
import { ConnectionId, Instant } from './ids.ts';

/** Execution ARN: who speaks to the ledger, so that a retried step finds what its first try did. */
const Execution = z.string().check(z.minLength(1), z.maxLength(2048));

/** What a state machine says about its connection from the first state on; what is unknown is empty. */
export const ConnectionOfRun = z.object({
  connectionId: ConnectionId,
  name: z.string(),
  groupId: z.string(),
  updateMethod: z.string(),
});
export type ConnectionOfRun = z.output<typeof ConnectionOfRun>;

/** Fivetran's timestamps of the last ends before a sync: a sync has ended when one of them moved. */
export const Baseline = z.object({
  succeededAt: z.nullable(z.string()),
  failedAt: z.nullable(z.string()),
});
export type Baseline = z.output<typeof Baseline>;

/** Which sync an execution follows, for those who hear of a sync's end and ask whether that one sees it by itself. */
export const FollowedSync = z.object({
  execution: Execution,
  /** Fivetran's time shortly before the sync was asked for, or when a running one was adopted. */
  since: Instant,
  /** Whether no sync ran at that time, so that the followed one began later. */
  startedByUs: z.boolean(),
  /** Fivetran's time of its end, once that is known; verification goes on under the same lease. */
  endedAt: z.optional(Instant),
});
export type FollowedSync = z.output<typeof FollowedSync>;

/** A sync that is being followed; goes from one look to the next in the execution's state. */
export const Following = z.object({
  baseline: Baseline,
  /** Whether we asked for the sync; one that was already running is adopted. */
  startedByUs: z.boolean(),
  /** Fivetran's time when we asked for it; null for an adopted sync. */
  startedAt: z.nullable(z.string()),
  historical: z.boolean(),
  /** Our clock: since when we wait. Compared only with our clock. */
  since: Instant,
  /** Our clock: when Fivetran is asked again unless its webhook reports the end earlier. */
  nextQuestionAt: Instant,
  /** How long the connection's last sync took; null when unknown. */
  expectedSeconds: z.nullable(z.number()),
  /** The end that the webhook had reported last when we began to wait; another one is news. */
  knownEnd: z.string(),
  seenSyncing: z.boolean(),
  /** Looks in a row at which the sync neither ran nor had ended. */
  quietLooks: z.number(),
  starts: z.number(),
  reschedules: z.number(),
  /** The reschedule that on-call has been told about. */
  rescheduledFor: z.nullable(z.string()),
});
export type Following = z.output<typeof Following>;

const Alert = z.object({ code: z.string(), message: z.string(), details: z.optional(z.string()) });

/** How a sync ended. */
export const EndedSync = z.object({
  /** Fivetran's word, or ours where Fivetran has none: CANCELED, PAUSED, NOT_STARTED, OVERDUE. */
  status: z.string(),
  reason: z.string(),
  tasks: z.array(Alert),
  warnings: z.array(Alert),
  /** Fivetran's time. */
  endedAt: Instant,
  /** Fivetran's time; null when nobody told us. */
  startedAt: z.nullable(Instant),
  /** Empty when Fivetran did not name it. */
  syncId: z.string(),
  /** What Fivetran itself counted, for a person to read; empty where it does not say. */
  figures: z.string(),
});
export type EndedSync = z.output<typeof EndedSync>;

/** What run-sync is asked to do. A start has the connection only; a review comes from the bus. */
export const RunSyncRequest = z.object({
  connectionId: ConnectionId,
  review: z.optional(z.boolean()),
  syncId: z.optional(z.string()),
  status: z.optional(z.string()),
  reason: z.optional(z.string()),
  endedAt: z.optional(Instant),
  /** What to do with a paused connection; `fail` unless told. */
  whenPaused: z.optional(z.enum(['fail', 'unpause', 'skip'])),
});
export type RunSyncRequest = z.output<typeof RunSyncRequest>;

export const StartSyncInput = z.object({
  connectionId: ConnectionId,
  execution: Execution,
  /** The sync that is being followed, when a reschedule of a manual connection has come due. */
  following: z.optional(z.nullable(Following)),
  /** Whether a paused connection is to be unpaused for it. */
  unpause: z.optional(z.boolean()),
});
export type StartSyncInput = z.output<typeof StartSyncInput>;

export interface StartSyncResult {
  /** adopted: a sync was running already. */
  outcome: 'started' | 'adopted';
  following: Following;
  /** Until the first look. */
  waitSeconds: number;
}

/** Another execution has taken the connection's lease, because we were too slow: the sync is that one's to follow. */
export interface HandledElsewhere {
  outcome: 'handled';
  summary: string;
}

export const ReadSyncInput = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('begin'), execution: Execution, request: RunSyncRequest }),
  z.object({
    mode: z.literal('progress'),
    execution: Execution,
    connectionId: ConnectionId,
    following: Following,
  }),
  z.object({
    mode: z.literal('evidence'),
    connectionId: ConnectionId,
  }),
  z.object({
    mode: z.literal('close'),
    execution: Execution,
    connectionId: ConnectionId,
    outcome: z.enum(['succeeded', 'failed']),
    sync: z.nullable(EndedSync),
    /** What verify-increment said; empty when it was not asked. */
    verdict: z.string(),
  }),
]);
export type ReadSyncInput = z.output<typeof ReadSyncInput>;

/** What run-sync does after its first look. */
export interface BeginResult {
  /**
   * start: begin a sync; follow: a rescheduled one is waited for; succeeded, failed: the sync to review ended so;
   * handled: another execution has it; skipped: the connection is paused and that is to be left so.
   */
  outcome: 'start' | 'follow' | 'succeeded' | 'failed' | 'handled' | 'skipped';
  /** One sentence for a person who reads the execution. */
  summary: string;
  connection: ConnectionOfRun;
  /** The path, as far as it is known; empty where it is not. */
  source: string;
  serviceId: string;
  endpointId: string;
  privateLinkId: string;
  /** Setup tests must pass before a sync. */
  needsTest: boolean;
  /** The connection is paused, and is to be unpaused when its sync is started. */
  unpause: boolean;
  /** Fivetran's time of the last success: how old the data is; null before the first. */
  lastSuccessAt: string | null;
  sync: EndedSync | null;
  following: Following | null;
  waitSeconds: number;
}

/** What one look at a sync says. */
export interface ProgressResult {
  /**
   * running: look again; rescheduled: the same, and on-call has not been told yet; restart: ask for the sync again;
   * succeeded, failed: it is over.
   */
  outcome: 'running' | 'rescheduled' | 'restart' | 'succeeded' | 'failed';
  summary: string;
  following: Following;
  waitSeconds: number;
  sync: EndedSync | null;
}

export interface CloseResult {
  outcome: 'closed';
  /** When what is reported was true: Fivetran's time of the sync's end; without one, the present. */
  observedAt: string;
  /** What a success shows to be over: with a verified increment everything, otherwise what any sync disproves. */
  scope: 'all' | 'sync';
}
