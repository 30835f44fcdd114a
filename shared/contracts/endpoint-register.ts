import * as z from 'zod/mini';
import { Instant } from './ids.ts';

/**
 * Our right to accept one endpoint: a private link of our own Fivetran account, what an operator said would come,
 * or a person's decision about exactly this request.
 */
export const Claim = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('private-link'), privateLinkId: z.string() }),
  z.object({ kind: z.literal('expectation'), expectationId: z.string(), recordedBy: z.string() }),
  z.object({
    kind: z.literal('approval'),
    approvedBy: z.string(),
    reason: z.string(),
    /** The private link of ours that this endpoint is taken to serve; empty when none is known. */
    privateLinkId: z.string(),
  }),
]);
export type Claim = z.output<typeof Claim>;

/** That a claim was used for one endpoint. Written before the endpoint is accepted. */
export const Binding = z.object({
  serviceId: z.string(),
  endpointId: z.string(),
  ownerAccount: z.string(),
  /** When the endpoint was created; tells a recreated endpoint from the one that was accepted. */
  endpointCreatedAt: Instant,
  claim: Claim,
  boundAt: Instant,
  /** The execution that bound it. */
  boundBy: z.string(),
  /** The execution that saw it accepted first and follows it from there; any other one has nothing left to do. */
  followedBy: z.optional(z.string()),
  /** When its private link was OK and a setup test through it had passed, or a person vouched for it. */
  provenAt: z.optional(Instant),
  /** What proved it, in words. */
  provenBy: z.optional(z.string()),
  /** Who ordered to cut the endpoint off: its rejection is no loss. */
  rejectedBy: z.optional(z.string()),
  /** When the endpoint was seen to be gone, or was rejected; the claim is free again from then on. */
  releasedAt: z.optional(Instant),
  /** Why it was released: the state that was seen. */
  releasedState: z.optional(z.string()),
  /** When, after its release, an endpoint of the service was seen to be connected in its place. */
  replacedAt: z.optional(Instant),
});
export type Binding = z.output<typeof Binding>;

/** What an operator expects: one endpoint of Fivetran's, for a private link that Fivetran's staff set up. */
export const Expectation = z.object({
  expectationId: z.string(),
  recordedBy: z.string(),
  reason: z.string(),
  recordedAt: Instant,
  expiresAt: Instant,
  withdrawnAt: z.optional(Instant),
});
export type Expectation = z.output<typeof Expectation>;

/** What became of a request that was looked at and is not accepted yet. */
export const RequestNote = z.object({
  firstSeenAt: Instant,
  lookedAt: Instant,
  decision: z.string(),
  /** The reasons' codes, in order. */
  codes: z.array(z.string()),
  /** How often reconciliation asked for another look; the interval grows with it. */
  nudges: z.number(),
  nudgedAt: z.optional(Instant),
  /** Start of the execution that looked: a step that is run again must not take its own note for another's. */
  askedSince: z.optional(z.string()),
});
export type RequestNote = z.output<typeof RequestNote>;

/** A condition that on-call was told about and that still holds. */
export const Standing = z.object({ kind: z.string(), subjectId: z.string(), since: Instant });
export type Standing = z.output<typeof Standing>;

/**
 * All that the ledger knows of one endpoint service. It is one item on purpose: "a claim serves one endpoint" and
 * "one unproven binding per service" are then one conditional write, and DynamoDB needs no transaction.
 */
export const EndpointRegister = z.object({
  serviceId: z.string(),
  version: z.number(),
  /** When something changed that may free a held request: a proof, a release, an expectation. */
  changedAt: z.optional(Instant),
  bindings: z.array(Binding),
  expectations: z.array(Expectation),
  requests: z.record(z.string(), RequestNote),
  standing: z.array(Standing),
  /** Since when an accepted endpoint is seen `pending`, by endpoint. */
  pendingSince: z.record(z.string(), Instant),
  /** Private links to the service that the last look at Fivetran found open for a claim, and since when each is. */
  openLinks: z.optional(z.object({ seenAt: Instant, since: z.record(z.string(), Instant) })),
});
export type EndpointRegister = z.output<typeof EndpointRegister>;

/** A service that nothing is known of yet. */
export function emptyRegister(serviceId: string): EndpointRegister {
  return {
    serviceId,
    version: 0,
    bindings: [],
    expectations: [],
    requests: {},
    standing: [],
    pendingSince: {},
  };
}
