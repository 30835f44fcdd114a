import type { PrivateLinks } from '../../shared/clients/fivetran/private-links.ts';
import type {
  ByHand,
  EndpointDecision,
  EndpointRequest,
  Order,
} from '../../shared/contracts/endpoint-decision.ts';
import type { EndpointConnection, EndpointService } from '../../shared/contracts/endpoint.ts';
import type { PrivateLink as FivetranLink } from '../../shared/contracts/fivetran.ts';
import type { Log } from '../../shared/log.ts';
import { linkOfService } from '../../shared/rules/claiming-links.ts';
import { checkManaged, checkState, verdictOf } from '../../shared/rules/endpoint-decision.ts';
import { secondsSince, waitSecondsAfter } from '../../shared/rules/endpoint-waiting.ts';
import { conclude } from './conclude.ts';
import { requireOwner, type Dependencies, type Question } from './question.ts';

/** What an operator records needs a service of ours, and nothing else. */
export function decideRecord(
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
    request: { serviceId: request.serviceId, endpointId: '' },
    order,
    waitSeconds: 0,
  });
}

/** Rejecting and adopting need a service of ours and an endpoint that is there; nothing else is held against them. */
export async function decideByHand(
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
    request: { serviceId, endpointId },
    connection,
    order: verdictOf(reasons) === 'act' ? await order() : undefined,
    waitSeconds: waitSecondsAfter(waited),
  });
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
