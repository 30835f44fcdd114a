import type { Claims } from '../../shared/clients/ledger/claims.ts';
import type { PrivateLinks } from '../../shared/clients/fivetran/private-links.ts';
import type { Change, PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Acceptance, Order } from '../../shared/contracts/endpoint-decision.ts';
import type { Binding, Claim, Expectation } from '../../shared/contracts/endpoint-register.ts';
import type { EndpointConnection } from '../../shared/contracts/endpoint.ts';
import {
  AccessDeniedError,
  EndpointRefusedError,
  NotFoundError,
  UnavailableError,
} from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { linkStillClaims } from '../../shared/rules/claims.ts';
import { acceptanceTags } from '../../shared/rules/endpoint-tags.ts';
import { isAccepted, isGone } from '../../shared/rules/endpoint-decision.ts';
import {
  bind,
  bindingOfEndpoint,
  forgetRequest,
  noteLook,
  release,
  stands,
  type BindOutcome,
} from '../../shared/rules/endpoint-register.ts';

export interface Dependencies {
  privateLink: PrivateLink;
  fivetranLinks: Pick<PrivateLinks, 'get'>;
  claims: Claims;
  clock: Clock;
  log: Log;
  settings: { region: string; claimWindowHours: number };
}

export interface Task {
  order: Order;
  /** ARN of the execution. */
  execution: string;
}

/**
 * Carries out what was decided. Every order may be carried out twice: the second time finds it done.
 *
 * @throws EndpointRefusedError when EC2 refuses, by its own code
 * @throws UnavailableError when EC2 or Fivetran could not be asked; nothing is accepted on a guess
 */
export async function acceptEndpoint(
  { order, execution }: Task,
  dependencies: Dependencies,
): Promise<Acceptance> {
  switch (order.do) {
    case 'accept':
      return accept(order, execution, dependencies);
    case 'reject':
      return reject(order, dependencies);
    case 'adopt':
      return adopt(order, execution, dependencies);
    case 'expect':
      return expectEndpoint(order, execution, dependencies);
    case 'withdraw':
      return withdraw(order, dependencies);
  }
}

type AcceptOrder = Extract<Order, { do: 'accept' }>;

interface HoldReason {
  code: string;
  summary: string;
}

/**
 * Claim read again, then bound, then accepted, then the state read. EC2 is not asked before: what it said then
 * could be wrong by the time it accepts, what it says afterwards cannot.
 */
async function accept(
  order: AcceptOrder,
  execution: string,
  dependencies: Dependencies,
): Promise<Acceptance> {
  const { serviceId, endpointId } = order;
  const { privateLink, claims, clock } = dependencies;
  const lapsed = await whyLapsed(order, dependencies);
  if (lapsed !== undefined) return hold(order, lapsed, dependencies);

  const bound = await claims.change<BindOutcome>(serviceId, (register) => {
    const outcome = bind(register, bindingFor(order, execution, clock));
    return outcome.outcome === 'bound'
      ? { register: outcome.register, answer: outcome }
      : { answer: outcome };
  });
  if (bound.outcome === 'refused') return hold(order, refusals[bound.code](bound.other), dependencies);

  const change = await privateLink.accept(serviceId, endpointId);
  const after = await connectionOf(order, dependencies);
  if (after === undefined || isGone(after.state)) return gone(order, after, dependencies);
  // Already accepted is success, whatever EC2 called our second request.
  if (!change.done && !isAccepted(after.state)) throw refused(endpointId, change);
  if (!(await follow(order, execution, claims))) {
    return {
      ...ended(order, after, clock),
      outcome: 'followed',
      summary: `Another execution accepted ${endpointId} and goes on with it.`,
    };
  }
  await leaveTrace(after, order.claim, execution, dependencies);
  return {
    ...ended(order, after, clock),
    // EC2 is eventually consistent: right after a successful Accept the request may still show as pending.
    outcome: after.state === 'available' ? 'available' : 'pending',
    privateLinkId: linkIdOf(order.claim),
    summary: `${endpointId} of account ${after.ownerAccount} was accepted: ${describeClaim(order.claim)}.`,
  };
}

/** Of executions that raced to the same acceptance, one goes on: whether it is this one. */
function follow(
  { serviceId, endpointId }: { serviceId: string; endpointId: string },
  execution: string,
  claims: Claims,
): Promise<boolean> {
  return claims.change(serviceId, (register) => {
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

function bindingFor(
  order: { serviceId: string; endpointId: string; claim: Claim; ownerAccount: string; createdAt: string },
  execution: string,
  clock: Clock,
): Binding {
  const boundAt = clock.now().toISOString();
  return {
    serviceId: order.serviceId,
    endpointId: order.endpointId,
    ownerAccount: order.ownerAccount,
    endpointCreatedAt: order.createdAt,
    claim: order.claim,
    boundAt,
    boundBy: execution,
    ...(order.claim.kind === 'approval'
      ? { provenAt: boundAt, provenBy: `${order.claim.approvedBy} vouched for it: ${order.claim.reason}` }
      : {}),
  };
}

const refusals = {
  'claim-used': (other: string) => ({
    code: 'claim-used',
    summary: `The claim was used for ${other} while this request was being decided.`,
  }),
  'claim-withdrawn': (other: string) => ({
    code: 'claim-withdrawn',
    summary: `The expectation ${other} was withdrawn or expired while this request was being decided.`,
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
  { claims, clock }: Dependencies,
): Promise<Acceptance> {
  const at = clock.now().toISOString();
  await claims.change(order.serviceId, (register) => ({
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

/** The request went away by itself: its claim is free again, and nobody has to be told. */
async function gone(
  order: { serviceId: string; endpointId: string; ownerAccount: string },
  connection: EndpointConnection | undefined,
  { claims, clock }: Dependencies,
): Promise<Acceptance> {
  const state = connection?.wireState ?? 'gone';
  await claims.change(order.serviceId, (register) => {
    const released = release(register, order.endpointId, clock.now().toISOString(), state) ?? register;
    const after = forgetRequest(released, order.endpointId);
    return { register: after, answer: undefined };
  });
  return {
    ...ended(order, connection, clock),
    outcome: 'gone',
    summary: `The request of ${order.endpointId} went away while it was being decided (${state}).`,
  };
}

async function reject(
  order: Extract<Order, { do: 'reject' }>,
  dependencies: Dependencies,
): Promise<Acceptance> {
  const { serviceId, endpointId } = order;
  const { privateLink, claims, clock, log } = dependencies;
  // Released first: EC2's notification of the rejection must not look like a loss that nobody wanted.
  await claims.change(serviceId, (register) => ({
    register: forgetRequest(
      release(register, endpointId, clock.now().toISOString(), 'rejected') ?? register,
      endpointId,
    ),
    answer: undefined,
  }));
  const change = await privateLink.reject(serviceId, endpointId);
  const after = await connectionOf(order, dependencies);
  if (!change.done && after !== undefined && !isGone(after.state)) throw refused(endpointId, change);
  log.info('REJECTED', 'A person rejected an endpoint.', {
    serviceId,
    endpointId,
    by: order.by,
    reason: order.reason,
  });
  return {
    ...ended(order, after, clock),
    outcome: 'rejected',
    summary: `${endpointId} was rejected by ${order.by}: ${order.reason}.`,
  };
}

async function adopt(
  order: Extract<Order, { do: 'adopt' }>,
  execution: string,
  dependencies: Dependencies,
): Promise<Acceptance> {
  const connection = await connectionOf(order, dependencies);
  if (connection === undefined || !isAccepted(connection.state)) return gone(order, connection, dependencies);
  const binding = bindingFor({ ...order, createdAt: connection.createdAt }, execution, dependencies.clock);
  await dependencies.claims.change(order.serviceId, (register) => {
    const outcome = bind(register, binding);
    if (outcome.outcome === 'bound') return { register: outcome.register, answer: undefined };
    if (outcome.outcome === 'refused' || outcome.binding.provenAt !== undefined) return { answer: undefined };
    // Somebody vouches for what was accepted by a claim: that is the proof it lacked.
    const { provenAt, provenBy } = binding;
    return {
      register: {
        ...register,
        changedAt: binding.boundAt,
        bindings: register.bindings.map((each) =>
          each.endpointId === order.endpointId && each.releasedAt === undefined
            ? {
                ...each,
                ...(provenAt === undefined ? {} : { provenAt }),
                ...(provenBy === undefined ? {} : { provenBy }),
              }
            : each,
        ),
      },
      answer: undefined,
    };
  });
  await leaveTrace(connection, order.claim, execution, dependencies);
  return {
    ...ended(order, connection, dependencies.clock),
    outcome: 'recorded',
    privateLinkId: linkIdOf(order.claim),
    summary: `${order.endpointId} is adopted: ${describeClaim(order.claim)}.`,
  };
}

async function expectEndpoint(
  order: Extract<Order, { do: 'expect' }>,
  execution: string,
  { claims, clock }: Dependencies,
): Promise<Acceptance> {
  const now = clock.now();
  const expectation: Expectation = {
    // The execution's own name: carrying the order out twice records it once.
    expectationId: execution.split(':').at(-1) ?? execution,
    recordedBy: order.by,
    reason: order.reason,
    recordedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + order.days * 86_400_000).toISOString(),
  };
  await claims.change(order.serviceId, (register) =>
    register.expectations.some(({ expectationId }) => expectationId === expectation.expectationId)
      ? { answer: undefined }
      : {
          register: {
            ...register,
            changedAt: expectation.recordedAt,
            expectations: [...register.expectations, expectation],
          },
          answer: undefined,
        },
  );
  return {
    ...ended({ ownerAccount: '' }, undefined, clock),
    outcome: 'recorded',
    summary: `${order.by} expects one endpoint of Fivetran's at ${order.serviceId} until ${expectation.expiresAt} (expectation ${expectation.expectationId}).`,
  };
}

async function withdraw(
  order: Extract<Order, { do: 'withdraw' }>,
  { claims, clock }: Dependencies,
): Promise<Acceptance> {
  const at = clock.now().toISOString();
  const found = await claims.change(order.serviceId, (register) => {
    const known = register.expectations.find(({ expectationId }) => expectationId === order.expectationId);
    if (known === undefined) return { answer: false };
    if (!stands(known, at)) return { answer: true };
    return {
      register: {
        ...register,
        expectations: register.expectations.map((each) =>
          each === known ? { ...each, withdrawnAt: at } : each,
        ),
      },
      answer: true,
    };
  });
  if (!found) {
    throw new NotFoundError(`expectationId: ${order.serviceId} has no expectation ${order.expectationId}.`);
  }
  return {
    ...ended({ ownerAccount: '' }, undefined, clock),
    outcome: 'recorded',
    summary: `${order.by} withdrew the expectation ${order.expectationId} at ${order.serviceId}.`,
  };
}

async function connectionOf(
  { serviceId, endpointId }: { serviceId: string; endpointId: string },
  { privateLink }: Dependencies,
): Promise<EndpointConnection | undefined> {
  const [connection] = await privateLink.connections([serviceId], endpointId);
  return connection;
}

/** Tags are for auditors; an endpoint that carries data is not cut off for want of them. */
async function leaveTrace(
  connection: EndpointConnection,
  claim: Claim,
  execution: string,
  { privateLink, clock, log }: Dependencies,
): Promise<void> {
  if (connection.connectionId === '') return;
  try {
    await privateLink.tag(
      connection.connectionId,
      acceptanceTags({ at: clock.now(), execution, why: describeClaim(claim) }),
    );
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    log.error('NOT_TAGGED', 'The endpoint connection could not be tagged.', {
      endpointId: connection.endpointId,
      error,
    });
  }
}

function refused(endpointId: string, change: Change): Error {
  if (change.done) return new EndpointRefusedError(`EC2 said that it changed ${endpointId}, but it did not.`);
  const words = `EC2 refused to change ${endpointId}: ${change.code}: ${change.message}`;
  return throttled.has(change.code) ? new UnavailableError(words) : new EndpointRefusedError(words);
}

const throttled = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'InternalError',
  'Unavailable',
]);

const linkIdOf = (claim: Claim): string => (claim.kind === 'expectation' ? '' : claim.privateLinkId);

function describeClaim(claim: Claim): string {
  switch (claim.kind) {
    case 'private-link':
      return `private link ${claim.privateLinkId} of our Fivetran account asked for it`;
    case 'expectation':
      return `${claim.recordedBy} expected it`;
    case 'approval':
      return `${claim.approvedBy} decided so: ${claim.reason}`;
  }
}

const ended = (
  { ownerAccount }: { ownerAccount: string },
  connection: EndpointConnection | undefined,
  clock: Clock,
): Omit<Acceptance, 'outcome' | 'summary'> => ({
  state: connection?.state ?? 'unknown',
  privateLinkId: '',
  remedy: '',
  severity: 'warning',
  findings: [],
  ownerAccount,
  at: clock.now().toISOString(),
});
