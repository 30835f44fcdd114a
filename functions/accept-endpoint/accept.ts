import type { EndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import type { Acceptance, Order } from '../../shared/contracts/endpoint-decision.ts';
import { NotFoundError } from '../../shared/errors.ts';
import { linkStillClaims } from '../../shared/rules/claiming-links.ts';
import { isAccepted, isGone } from '../../shared/rules/endpoint-decision.ts';
import { bind, bindingOfEndpoint, noteLook, type BindOutcome } from '../../shared/rules/endpoint-register.ts';
import {
  type Dependencies,
  bindingFor,
  connectionOf,
  describeClaim,
  gone,
  leaveTrace,
  linkIdOf,
  refused,
  ended,
} from './task.ts';

type AcceptOrder = Extract<Order, { do: 'accept' }>;

interface HoldReason {
  code: string;
  summary: string;
}

/**
 * Claim read again, then bound, then accepted, then the state read. What is bound already is not asked about again: an
 * earlier try may have accepted it. EC2 is not asked before: what it said then
 * could be wrong by the time it accepts, what it says afterwards cannot.
 */
export async function accept(
  order: AcceptOrder,
  execution: string,
  dependencies: Dependencies,
): Promise<Acceptance> {
  const { serviceId, endpointId } = order;
  const { privateLink, registers, clock } = dependencies;
  const isBound = bindingOfEndpoint(await registers.read(serviceId), endpointId) !== undefined;
  const lapsed = isBound ? undefined : await whyLapsed(order, dependencies);
  if (lapsed !== undefined) return hold(order, lapsed, dependencies);

  const bound = await registers.change<BindOutcome>(serviceId, (register) => {
    const outcome = bind(register, bindingFor(order, execution, clock));
    return 'register' in outcome ? { register: outcome.register, answer: outcome } : { answer: outcome };
  });
  if (bound.outcome === 'refused') return hold(order, refusals[bound.code](bound.other), dependencies);

  const change = await privateLink.accept(serviceId, endpointId);
  const after = await connectionOf(order, dependencies);
  // EC2 is eventually consistent: right after a successful Accept it may show the request as pending, or not at all.
  if (after === undefined ? !change.done : isGone(after.state)) return gone(order, after, dependencies);
  // Already accepted is success, whatever EC2 called our request.
  if (after !== undefined && !change.done && !isAccepted(after.state)) throw refused(endpointId, change);
  if (!(await follow(order, execution, registers))) {
    return {
      ...ended(order, after, clock),
      outcome: 'followed',
      summary: `Another execution accepted ${endpointId} and goes on with it.`,
    };
  }
  await leaveTrace(after, order.claim, execution, dependencies);
  return {
    ...ended(order, after, clock),
    outcome: after?.state === 'available' ? 'available' : 'pending',
    privateLinkId: linkIdOf(order.claim),
    summary: `${endpointId} of account ${order.ownerAccount} was accepted: ${describeClaim(order.claim)}.`,
  };
}

/** Of executions that raced to the same acceptance, one goes on: whether it is this one. */
function follow(
  { serviceId, endpointId }: { serviceId: string; endpointId: string },
  execution: string,
  registers: EndpointRegisters,
): Promise<boolean> {
  return registers.change(serviceId, (register) => {
    const binding = bindingOfEndpoint(register, endpointId);
    if (binding === undefined) return { answer: true };
    if (binding.followedBy !== undefined) return { answer: binding.followedBy === execution };
    return {
      register: {
        ...register,
        bindings: register.bindings.map((each) =>
          each === binding ? { ...each, followedBy: execution } : each,
        ),
      },
      answer: true,
    };
  });
}

const refusals = {
  'claim-used': (other: string) => ({
    code: 'claim-used',
    summary: `The claim was used for ${other} while this request was being decided.`,
  }),
  'claim-withdrawn': (other: string) => ({
    code: 'claim-withdrawn',
    summary: `The expectation ${other} was withdrawn, expired or was used up while this request was being decided.`,
  }),
  'claim-released': (other: string) => ({
    code: 'claim-pre-planted',
    summary: `The claim came free at ${other}, after this request had been made: it cannot be the answer to it.`,
  }),
  'service-has-unproven': (other: string) => ({
    code: 'second-request',
    summary: `${other} was accepted meanwhile and is not proven to be ours yet; only one unproven endpoint at a time.`,
  }),
} as const;

/** Why the claim no longer stands, read from Fivetran once more; expectations are judged by the ledger's write. */
async function whyLapsed(
  { claim, serviceId, region }: AcceptOrder,
  { fivetranLinks, clock, settings }: Dependencies,
): Promise<HoldReason | undefined> {
  if (claim.kind !== 'private-link') return undefined;
  const name = `Private link ${claim.privateLinkId}`;
  try {
    const link = await fivetranLinks.get(claim.privateLinkId);
    const stillClaims = linkStillClaims(link, {
      serviceName: `com.amazonaws.vpce.${settings.region}.${serviceId}`,
      region,
      claimWindowHours: settings.claimWindowHours,
      now: clock.now(),
    });
    if (stillClaims) return undefined;
    return { code: 'claim-lapsed', summary: `${name} no longer claims this endpoint: it is ${link.state}.` };
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    return { code: 'claim-lapsed', summary: `${name} was removed while this request was being decided.` };
  }
}

async function hold(
  order: AcceptOrder,
  reason: HoldReason,
  { registers, clock }: Dependencies,
): Promise<Acceptance> {
  const at = clock.now().toISOString();
  await registers.change(order.serviceId, (register) => ({
    register: noteLook(register, order.endpointId, { at, decision: 'hold', codes: [reason.code] }),
    answer: undefined,
  }));
  const remedy = 'Find out which request is yours (ask Fivetran for the endpoint id) and decide by hand.';
  return {
    ...ended(order, undefined, clock),
    outcome: 'held',
    state: 'pendingAcceptance',
    summary: reason.summary,
    remedy,
    severity: reason.code === 'second-request' ? 'critical' : 'warning',
    findings: [{ check: `endpoint.${reason.code}`, status: 'blocking', summary: reason.summary, remedy }],
  };
}
