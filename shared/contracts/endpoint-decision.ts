import * as z from 'zod/mini';
import { Claim } from './endpoint-register.ts';
import { EndpointState } from './endpoint.ts';
import { Finding } from './finding.ts';
import { AccountId, EndpointId, Instant, ServiceId } from './ids.ts';
import { parse } from './parse.ts';

const Who = z.string().check(z.minLength(1), z.maxLength(200));
const Why = z.string().check(z.minLength(1), z.maxLength(500));

/** What the bus, or a person who names no action, asks: decide about this request by the rules. */
const Review = z.strictObject({ serviceId: ServiceId, endpointId: EndpointId });

const byHand = {
  serviceId: ServiceId,
  endpointId: EndpointId,
  /** Must repeat the request's owner: proof that the person looked at it. */
  ownerAccount: AccountId,
  approvedBy: Who,
  reason: Why,
};

/** For how many days an endpoint may be expected. */
export const ExpectedDays = z.int().check(z.minimum(1), z.maximum(7));

const commands = [
  /** Accepts a held request: sets checks 3, 5, 6 and 7 aside. */
  z.strictObject({ action: z.literal('accept'), ...byHand }),
  /** Rejects a request, or cuts an endpoint off. */
  z.strictObject({ action: z.literal('reject'), ...byHand }),
  /** Vouches for an endpoint that was accepted before, or that nothing has proven yet. */
  z.strictObject({ action: z.literal('adopt'), ...byHand }),
  /** Says that one endpoint of Fivetran's will come, for whole days. */
  z.strictObject({
    action: z.literal('expect'),
    serviceId: ServiceId,
    approvedBy: Who,
    reason: Why,
    days: z._default(ExpectedDays, 7),
  }),
  /** Takes an expectation back. */
  z.strictObject({
    action: z.literal('withdraw'),
    serviceId: ServiceId,
    expectationId: z.string().check(z.minLength(1), z.maxLength(100)),
    approvedBy: Who,
    reason: Why,
  }),
] as const;
const Command = z.discriminatedUnion('action', commands);
type EndpointCommand = z.output<typeof Command>;
export type ByHand = Extract<EndpointCommand, { ownerAccount: string }>;

export type EndpointRequest = z.output<typeof Review> | EndpointCommand;

/**
 * The input of the machine accept-endpoint. Unknown fields are refused: a misspelt action must not be none.
 *
 * @throws InvalidInputError naming each field that does not fit
 */
export function parseEndpointRequest(value: unknown): EndpointRequest {
  const what = 'The input of accept-endpoint';
  return typeof value === 'object' && value !== null && 'action' in value
    ? parse(Command, value, what)
    : parse(Review, value, what);
}

/** What validate-endpoint gets: the machine's input as it came, and where and since when it is asked. */
export const ValidateInput = z.object({
  request: z.unknown(),
  /** ARN of the state machine. */
  machine: z.string(),
  /** When the execution started. */
  since: Instant,
});

/** One reason for a decision. The code is stable; docs/security.md explains each. */
export const Reason = z.object({
  /** Which of the seven checks. */
  check: z.number(),
  code: z.string(),
  verdict: z.enum(['ignore', 'hold', 'wait']),
  summary: z.string(),
  remedy: z.string(),
  /** A person's decision set it aside. */
  overridden: z.boolean(),
});
export type Reason = z.output<typeof Reason>;

const Endpoint = { serviceId: ServiceId, endpointId: EndpointId, ownerAccount: z.string() };

/** What accept-endpoint has to do; nothing for a request that is held, waits or is ignored. */
export const Order = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('accept'),
    ...Endpoint,
    claim: Claim,
    /** The request as it was when it was decided. */
    region: z.string(),
    createdAt: Instant,
  }),
  z.object({ do: z.literal('reject'), ...Endpoint, by: z.string(), reason: z.string() }),
  z.object({ do: z.literal('adopt'), ...Endpoint, claim: Claim }),
  z.object({
    do: z.literal('expect'),
    serviceId: ServiceId,
    by: z.string(),
    reason: z.string(),
    days: z.number(),
  }),
  z.object({
    do: z.literal('withdraw'),
    serviceId: ServiceId,
    expectationId: z.string(),
    by: z.string(),
  }),
]);
export type Order = z.output<typeof Order>;

/** The decision about a request, with everything that the alert about it says. */
export const EndpointDecision = z.object({
  /** `act`: there is an order for accept-endpoint. */
  decision: z.enum(['act', 'hold', 'wait', 'ignore']),
  order: z.optional(Order),
  reasons: z.array(Reason),
  /** The reasons and the state of the targets, as the alert shows them. */
  findings: z.array(Finding),
  summary: z.string(),
  remedy: z.string(),
  severity: z.enum(['critical', 'warning']),
  /** Who asks, since when and from where, for the alert. */
  facts: z.array(z.object({ label: z.string(), value: z.string() })),
  ownerAccount: z.string(),
  /** Whether on-call was told the same about this request before. */
  repeated: z.boolean(),
  waitSeconds: z.number(),
});
export type EndpointDecision = z.output<typeof EndpointDecision>;

export const AcceptInput = z.object({ order: Order, execution: z.string() });

/** What became of an order. */
export const Acceptance = z.object({
  /** `followed`: another execution accepted it and goes on with it. */
  outcome: z.enum(['available', 'pending', 'gone', 'held', 'followed', 'rejected', 'recorded']),
  state: EndpointState,
  /** The private link that the endpoint serves; empty when none is known, so nothing can be tested yet. */
  privateLinkId: z.string(),
  summary: z.string(),
  remedy: z.string(),
  severity: z.enum(['critical', 'warning']),
  findings: z.array(Finding),
  ownerAccount: z.string(),
  /** When it was carried out; waiting is counted from here. */
  at: Instant,
});
export type Acceptance = z.output<typeof Acceptance>;

export const CheckEndpointInput = z.object({
  serviceId: ServiceId,
  endpointId: EndpointId,
  /** Since when somebody waits for it. */
  since: z.optional(Instant),
});

/** State of an endpoint connection for whoever waits for it or looks for a cause. */
export const EndpointCheck = z.object({
  outcome: z.enum(['available', 'pending', 'gone']),
  /** The wire's own word; `gone` when the connection is no longer listed. */
  state: z.string(),
  findings: z.array(Finding),
  /** Seconds since `since`; 0 without it. */
  elapsedSeconds: z.number(),
  waitSeconds: z.number(),
  /**
   * While the endpoint's proof is awaited (with `since`): a sentence, with a space before it, that names who else
   * asks to connect to the service; empty when nobody does.
   */
  rivals: z.string(),
});
export type EndpointCheck = z.output<typeof EndpointCheck>;

export const CheckTargetHealthInput = z.object({ serviceId: ServiceId });
