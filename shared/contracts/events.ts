import * as z from 'zod/mini';
import { HeldEndpoint } from './held-endpoint.ts';
import { ConnectionId, EndpointId, Instant, ServiceId } from './ids.ts';
import { Subject } from './subject.ts';

/** The `source` of every event that we put on our own bus. */
export const eventSource = 'fivetran.privatelink';

const version = z.literal(1);

/**
 * The details of our bus events, by detail-type. Every field that an InputTransformer picks is always present: it has
 * no documented answer for a path that is missing, so what is unknown is an empty string.
 */
export const eventDetails = {
  'Endpoint Connection Requested': z.object({
    version,
    serviceId: ServiceId,
    endpointId: EndpointId,
    observedBy: z.enum(['notification', 'reconciliation']),
  }),
  'Endpoint Connection Lost': z.object({
    version,
    serviceId: ServiceId,
    endpointId: EndpointId,
    /** The wire state that was seen, or `gone` when the connection is no longer listed. */
    state: z.string(),
    since: Instant,
  }),
  'Fivetran Sync Ended': z.object({
    version,
    connectionId: ConnectionId,
    /** Empty when Fivetran did not name the sync. */
    syncId: z.string(),
    /** Fivetran's own word, for instance SUCCESSFUL or FAILURE_WITH_TASK; unknown words are kept. */
    status: z.string(),
    /** Empty when Fivetran gave none. */
    reason: z.string(),
    endedAt: Instant,
    observedBy: z.enum(['webhook', 'reconciliation']),
    /** Whether run-sync shall look at this sync; decided from the ledger by whoever observed it. */
    review: z.boolean(),
  }),
  Attention: z.object({
    version,
    subject: Subject,
    /** What it is about, for instance `connection-paused`; one of the alert kinds of the runbook. */
    kind: z.string(),
    /** Fivetran's group of the connection, for routing. */
    group: z.optional(z.string()),
    /** One sentence for on-call. */
    summary: z.string(),
    since: Instant,
    /** `true` when the condition is over. */
    resolved: z.boolean(),
    /** The endpoint that a person has to decide about: on-call is shown the commands that do it. */
    heldEndpoint: z.optional(HeldEndpoint),
  }),
} as const;

export type DetailType = keyof typeof eventDetails;
export type EventDetail<Type extends DetailType> = z.output<(typeof eventDetails)[Type]>;
