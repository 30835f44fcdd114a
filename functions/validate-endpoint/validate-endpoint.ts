import type { Claims } from '../../shared/clients/ledger/claims.ts';
import type { PrivateLinks } from '../../shared/clients/fivetran/private-links.ts';
import type { LoadBalancers } from '../../shared/clients/load-balancer/load-balancer.ts';
import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { HostNames } from '../../shared/clients/privatelink/host-names.ts';
import type { Clock } from '../../shared/clock.ts';
import type {
  ByHand,
  EndpointDecision,
  EndpointRequest,
  Order,
  Reason,
} from '../../shared/contracts/endpoint-decision.ts';
import type { Claim, EndpointRegister } from '../../shared/contracts/endpoint-register.ts';
import type { EndpointConnection, EndpointService } from '../../shared/contracts/endpoint.ts';
import type { Finding } from '../../shared/contracts/finding.ts';
import type { PrivateLink as FivetranLink } from '../../shared/contracts/fivetran.ts';
import { InvalidInputError, UnavailableError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { commandLine } from '../../shared/rules/endpoint-command.ts';
import {
  checkClaim,
  checkManaged,
  checkOwner,
  checkRegion,
  checkService,
  checkState,
  checkTargets,
  overrideByHand,
  verdictOf,
  wordDecision,
  type GuardResult,
} from '../../shared/rules/endpoint-decision.ts';
import { forgetRequest, noteLook } from '../../shared/rules/endpoint-register.ts';
import { secondsSince, waitSecondsAfter } from '../../shared/rules/endpoint-waiting.ts';
import { guard, linkOfService } from '../../shared/rules/claims.ts';
import { judgeTargets } from '../../shared/rules/target-health.ts';

export interface Dependencies {
  privateLink: PrivateLink;
  loadBalancers: LoadBalancers;
  fivetranLinks: Pick<PrivateLinks, 'list'>;
  hostNames: HostNames;
  claims: Claims;
  clock: Clock;
  log: Log;
  settings: {
    fivetranAccounts: readonly string[];
    allowedRegions: readonly string[];
    claimWindowHours: number;
    targetDeadlineMinutes: number;
  };
}

export interface Question {
  request: EndpointRequest;
  /** ARN of the state machine, for the commands that an alert shows. */
  machine: string;
  /** When the execution started. */
  since: string;
}

/**
 * Decides about a request to connect, or prepares what a person ordered. Everything is read anew; nothing but the
 * ledger's note of this look is changed.
 *
 * @throws InvalidInputError when the service or the repeated owner is not what EC2 says
 */
export async function validateEndpoint(
  question: Question,
  dependencies: Dependencies,
): Promise<EndpointDecision> {
  const { request } = question;
  const service = await dependencies.privateLink.service(request.serviceId);
  if (service === undefined) {
    throw new InvalidInputError(
      `serviceId: this account and Region have no endpoint service ${request.serviceId}.`,
    );
  }
  if ('action' in request) {
    if (request.action === 'expect' || request.action === 'withdraw') {
      return decideRecord(request, service);
    }
    if (request.action !== 'accept') return decideByHand(question, request, service, dependencies);
  }
  return decideRequest(question, request, service, dependencies);
}

function decideRecord(
  request: Extract<EndpointRequest, { action: 'expect' | 'withdraw' }>,
  service: EndpointService,
): EndpointDecision {
  const order: Order =
    request.action === 'expect'
      ? {
          do: 'expect',
          serviceId: request.serviceId,
          by: request.approvedBy,
          reason: request.reason,
          days: request.days,
        }
      : {
          do: 'withdraw',
          serviceId: request.serviceId,
          expectationId: request.expectationId,
          by: request.approvedBy,
        };
  return conclude({
    reasons: checkManaged(service),
    targets: [],
    request: { serviceId: request.serviceId, endpointId: '', ownerAccount: '' },
    order,
    waitSeconds: 0,
  });
}

/** Rejecting and adopting need a service of ours and an endpoint that is there; nothing else is held against them. */
async function decideByHand(
  { since }: Question,
  request: Extract<ByHand, { action: 'reject' | 'adopt' }>,
  service: EndpointService,
  { privateLink, fivetranLinks, clock, log }: Dependencies,
): Promise<EndpointDecision> {
  const waited = secondsSince(since, clock.now());
  const [connection] = await privateLink.connections([request.serviceId], request.endpointId);
  requireOwner(request, connection);
  const stateReasons = checkState(connection, request.endpointId, waited).filter(
    ({ code }) => code !== 'already-accepted',
  );
  const reasons = [...checkManaged(service), ...stateReasons];
  if (request.action === 'adopt' && connection?.state === 'pendingAcceptance') {
    reasons.push({
      check: 2,
      code: 'not-accepted-yet',
      verdict: 'hold',
      summary: `${request.endpointId} is not accepted yet, so there is nothing to adopt.`,
      remedy: 'Use the action accept.',
      overridden: false,
    });
  }
  const { serviceId, endpointId, approvedBy, reason } = request;
  const order = async (): Promise<Order> =>
    request.action === 'reject'
      ? { do: 'reject', serviceId, endpointId, ownerAccount: request.ownerAccount, by: approvedBy, reason }
      : {
          do: 'adopt',
          serviceId,
          endpointId,
          ownerAccount: request.ownerAccount,
          claim: {
            kind: 'approval',
            approvedBy,
            reason,
            privateLinkId: (await likelyLink(service, connection, fivetranLinks, log))?.id ?? '',
          },
        };
  return conclude({
    reasons,
    targets: [],
    request: { serviceId, endpointId, ownerAccount: connection?.ownerAccount ?? '' },
    ...(verdictOf(reasons) === 'act' ? { order: await order() } : {}),
    waitSeconds: waitSecondsAfter(waited),
  });
}

function requireOwner(request: ByHand, connection: EndpointConnection | undefined): void {
  if (connection === undefined || connection.ownerAccount === request.ownerAccount) return;
  throw new InvalidInputError(
    `ownerAccount: ${request.endpointId} belongs to account ${connection.ownerAccount}, not to ${request.ownerAccount}; repeat the owner to show that you looked at it.`,
  );
}

async function decideRequest(
  question: Question,
  request: Exclude<EndpointRequest, { action: 'expect' | 'withdraw' | 'reject' | 'adopt' }>,
  service: EndpointService,
  dependencies: Dependencies,
): Promise<EndpointDecision> {
  const { privateLink, claims, clock, settings } = dependencies;
  const { serviceId, endpointId } = request;
  const byHand = 'action' in request ? request : undefined;
  const now = clock.now();
  const waited = secondsSince(question.since, now);
  const waitSeconds = waitSecondsAfter(waited);
  const managed = checkManaged(service);
  if (managed.length > 0) {
    return conclude({
      reasons: managed,
      targets: [],
      request: { serviceId, endpointId, ownerAccount: '' },
      waitSeconds,
    });
  }
  const [connections, register] = await Promise.all([
    privateLink.connections([serviceId]),
    claims.read(serviceId),
  ]);
  const connection = connections.find((each) => each.endpointId === endpointId);
  if (byHand !== undefined) requireOwner(byHand, connection);
  const ownerAccount = connection?.ownerAccount ?? '';
  const stateReasons = checkState(connection, endpointId, waited);
  if (connection === undefined || verdictOf(stateReasons) === 'ignore') {
    if (verdictOf(stateReasons) === 'ignore') await forget(register, endpointId, claims);
    return conclude({
      reasons: stateReasons,
      targets: [],
      request: { serviceId, endpointId, ownerAccount },
      waitSeconds,
    });
  }

  const targetsOverdue =
    secondsSince(register.requests[endpointId]?.firstSeenAt ?? question.since, now) >=
    settings.targetDeadlineMinutes * 60;
  const askedLongEnough = waited >= settings.targetDeadlineMinutes * 60;
  const [principals, targets, guarded] = await Promise.all([
    privateLink.principals(serviceId),
    dependencies.loadBalancers.describe(service.loadBalancerArns).then(judgeTargets),
    askGuard({ service, connection, connections, register, mustKnow: byHand === undefined }, dependencies),
  ]);
  const found = [
    ...stateReasons,
    ...checkOwner(connection, settings.fivetranAccounts),
    ...checkService(service, principals, settings.fivetranAccounts),
    ...checkRegion(connection, settings.allowedRegions),
    ...checkClaim(nameCommand(guarded, connections, question.machine), askedLongEnough),
    ...checkTargets(targets, targetsOverdue),
  ];
  const reasons = byHand === undefined ? found : overrideByHand(found);
  const order = orderOf(request, service, connection, guarded);
  const decision = conclude({
    reasons,
    targets,
    request: { serviceId, endpointId, ownerAccount },
    ...(order === undefined ? {} : { order }),
    waitSeconds,
  });
  return note(decision, endpointId, serviceId, dependencies);
}

/**
 * Asks the guard. Fivetran's silence is an answer of its own; its refusal of our key is a failure, unless a person
 * has decided already: they must be able to decide on the day on which Fivetran's key is broken.
 */
async function askGuard(
  about: {
    service: EndpointService;
    connection: EndpointConnection;
    connections: readonly EndpointConnection[];
    register: EndpointRegister;
    mustKnow: boolean;
  },
  { fivetranLinks, hostNames, claims, clock, log, settings }: Dependencies,
): Promise<GuardResult & { links: FivetranLink[] }> {
  const { service } = about;
  let links: FivetranLink[];
  try {
    links = await fivetranLinks.list();
  } catch (error) {
    if (about.mustKnow && !(error instanceof UnavailableError)) throw error;
    log.warn('FIVETRAN_SILENT', 'Fivetran could not be asked for its private links.', { error });
    return { granted: 'unknown', summary: 'Fivetran could not be asked for its private links.', links: [] };
  }
  const ours = links.filter(({ serviceName }) => serviceName === service.serviceName);
  const [boundElsewhere, names] = await Promise.all([
    Promise.all(ours.map(async ({ id }) => [id, await claims.bindingOfPrivateLink(id)] as const)),
    Promise.all(
      ours.map(async ({ id, host }) => [id, host === undefined ? [] : await hostNames(host)] as const),
    ),
  ]);
  const answer = guard({
    request: about.connection,
    connections: about.connections,
    serviceName: service.serviceName,
    links,
    register: about.register,
    boundElsewhere: Object.fromEntries(
      boundElsewhere.flatMap(([id, binding]) =>
        binding === undefined || binding.serviceId === service.serviceId ? [] : [[id, binding.endpointId]],
      ),
    ),
    hostNames: Object.fromEntries(names),
    fivetranAccounts: settings.fivetranAccounts,
    claimWindowHours: settings.claimWindowHours,
    now: clock.now(),
  });
  return { ...answer, links: ours };
}

/** A refusal that names other endpoints gets the command that cuts each of them off. */
function nameCommand(
  guarded: GuardResult,
  connections: readonly EndpointConnection[],
  machine: string,
): GuardResult {
  if (guarded.granted !== false || guarded.code !== 'second-request') return guarded;
  const commands = guarded.otherEndpoints.flatMap((endpointId) => {
    const other = connections.find((each) => each.endpointId === endpointId);
    return other === undefined ? [] : [commandLine(machine, 'reject', other)];
  });
  return {
    ...guarded,
    summary: [guarded.summary, ...commands.map((line) => `To reject: ${line}`)].join(' '),
  };
}

/** What accept-endpoint shall do if the reasons let it. */
function orderOf(
  request: Partial<ByHand>,
  service: EndpointService,
  connection: EndpointConnection,
  guarded: GuardResult & { links: FivetranLink[] },
): Order | undefined {
  const claim = claimOf(request, service, connection, guarded);
  if (claim === undefined) return undefined;
  return {
    do: 'accept',
    serviceId: connection.serviceId,
    endpointId: connection.endpointId,
    ownerAccount: connection.ownerAccount,
    region: connection.region,
    createdAt: connection.createdAt,
    claim,
  };
}

function claimOf(
  request: Partial<ByHand>,
  service: EndpointService,
  connection: EndpointConnection,
  guarded: GuardResult & { links: FivetranLink[] },
): Claim | undefined {
  if (request.approvedBy === undefined || request.reason === undefined) {
    return guarded.granted === true ? guarded.claim : undefined;
  }
  return {
    kind: 'approval',
    approvedBy: request.approvedBy,
    reason: request.reason,
    privateLinkId: linkOfService(guarded.links, service.serviceName, connection.region)?.id ?? '',
  };
}

/** The private link that an endpoint most likely serves, if Fivetran can be asked and there is just one. */
async function likelyLink(
  service: EndpointService,
  connection: EndpointConnection | undefined,
  fivetranLinks: Pick<PrivateLinks, 'list'>,
  log: Log,
): Promise<FivetranLink | undefined> {
  try {
    return linkOfService(
      await fivetranLinks.list(),
      service.serviceName,
      connection?.region ?? service.region,
    );
  } catch (error) {
    log.warn('FIVETRAN_SILENT', 'Fivetran could not be asked for its private links.', { error });
    return undefined;
  }
}

/** Remembers that the request was looked at, and whether on-call has heard the same before. */
async function note(
  decision: EndpointDecision,
  endpointId: string,
  serviceId: string,
  { claims, clock }: Dependencies,
): Promise<EndpointDecision> {
  const codes = codesOf(decision.reasons);
  const at = clock.now().toISOString();
  const repeated = await claims.change(serviceId, (register) => {
    const before = register.requests[endpointId];
    return {
      register: noteLook(register, endpointId, { at, decision: decision.decision, codes }),
      answer:
        decision.decision === 'hold' && before?.decision === 'hold' && before.codes.join() === codes.join(),
    };
  });
  return { ...decision, repeated };
}

async function forget(register: EndpointRegister, endpointId: string, claims: Claims): Promise<void> {
  if (register.requests[endpointId] === undefined) return;
  await claims.change(register.serviceId, (current) => ({
    register: forgetRequest(current, endpointId),
    answer: undefined,
  }));
}

const codesOf = (reasons: readonly Reason[]): string[] =>
  reasons.filter(({ overridden }) => !overridden).map(({ code }) => code);

function conclude(parts: {
  reasons: readonly Reason[];
  targets: readonly Finding[];
  request: { serviceId: string; endpointId: string; ownerAccount: string };
  order?: Order;
  waitSeconds: number;
}): EndpointDecision {
  const decision = verdictOf(parts.reasons);
  return {
    decision,
    ...(decision === 'act' && parts.order !== undefined ? { order: parts.order } : {}),
    ...wordDecision(parts.reasons, parts.targets, parts.request),
    ownerAccount: parts.request.ownerAccount,
    repeated: false,
    waitSeconds: parts.waitSeconds,
  };
}
