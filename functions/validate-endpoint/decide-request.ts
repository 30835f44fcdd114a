import type {
  ByHand,
  EndpointDecision,
  EndpointRequest,
  Order,
  Reason,
} from '../../shared/contracts/endpoint-decision.ts';
import type { Claim } from '../../shared/contracts/endpoint-register.ts';
import type { EndpointConnection, EndpointService } from '../../shared/contracts/endpoint.ts';
import { linkOfService, noteOpenLinks } from '../../shared/rules/claiming-links.ts';
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
  type GuardResult,
} from '../../shared/rules/endpoint-decision.ts';
import { noteLook } from '../../shared/rules/endpoint-register.ts';
import { secondsSince, waitSecondsAfter } from '../../shared/rules/endpoint-waiting.ts';
import { judgeTargets } from '../../shared/rules/target-health.ts';
import { askGuard, type GuardedBy } from './ask-guard.ts';
import { conclude } from './conclude.ts';
import { requireOwner, type Dependencies, type Question } from './question.ts';

/** Decides about a request by the seven checks; a person's acceptance sets some of them aside. */
export async function decideRequest(
  question: Question,
  request: Exclude<EndpointRequest, { action: 'expect' | 'withdraw' | 'reject' | 'adopt' }>,
  service: EndpointService,
  dependencies: Dependencies,
): Promise<EndpointDecision> {
  const { privateLink, registers, clock, settings } = dependencies;
  const { serviceId, endpointId } = request;
  const byHand = 'action' in request ? request : undefined;
  const now = clock.now();
  const waited = secondsSince(question.since, now);
  const waitSeconds = waitSecondsAfter(waited);
  const managed = checkManaged(service);
  if (managed.length > 0) {
    return conclude({ reasons: managed, request: { serviceId, endpointId }, waitSeconds });
  }
  const [connections, register] = await Promise.all([
    privateLink.connections([serviceId]),
    registers.read(serviceId),
  ]);
  const connection = connections.find((each) => each.endpointId === endpointId);
  if (byHand !== undefined) requireOwner(byHand, connection);
  const stateReasons = checkState(connection, endpointId, waited);
  if (connection === undefined || verdictOf(stateReasons) === 'ignore') {
    return conclude({ reasons: stateReasons, request: { serviceId, endpointId }, connection, waitSeconds });
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
  const decision = conclude({
    reasons,
    targets,
    request: { serviceId, endpointId },
    connection,
    order: orderOf(request, service, connection, guarded),
    waitSeconds,
  });
  return note(decision, request, { askedSince: question.since, guarded }, dependencies);
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
  return { ...guarded, remedy: commands.map((line) => `To reject the accepted one: ${line}`).join(' ') };
}

/** What accept-endpoint shall do if the reasons let it. */
function orderOf(
  request: Partial<ByHand>,
  service: EndpointService,
  connection: EndpointConnection,
  guarded: GuardedBy,
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
  guarded: GuardedBy,
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

/**
 * Remembers that the request was looked at, which links could claim it, and whether on-call has heard the same before: from another execution,
 * because a note of this one's may come from a try whose answer was lost, and then nobody was told.
 */
async function note(
  decision: EndpointDecision,
  { endpointId, serviceId }: { endpointId: string; serviceId: string },
  { askedSince, guarded }: { askedSince: string; guarded: GuardedBy },
  { registers, clock, settings }: Dependencies,
): Promise<EndpointDecision> {
  const codes = codesOf(decision.reasons);
  const now = clock.now();
  const look = { at: now.toISOString(), decision: decision.decision, codes, askedSince };
  const repeated = await registers.change(serviceId, (register) => {
    const before = register.requests[endpointId];
    const seen =
      guarded.granted === 'unknown'
        ? register
        : noteOpenLinks(register, guarded.links, { now, claimWindowHours: settings.claimWindowHours });
    return {
      register: noteLook(seen, endpointId, look),
      answer:
        decision.decision === 'hold' &&
        before?.decision === 'hold' &&
        before.askedSince !== askedSince &&
        before.codes.join() === codes.join(),
    };
  });
  return { ...decision, repeated };
}

const codesOf = (reasons: readonly Reason[]): string[] =>
  reasons.filter(({ overridden }) => !overridden).map(({ code }) => code);
