import type { EndpointDecision, Order, Reason } from '../contracts/endpoint-decision.ts';
import {
  managedTag,
  type EndpointConnection,
  type EndpointService,
  type EndpointState,
} from '../contracts/endpoint.ts';
import type { Finding } from '../contracts/finding.ts';
import { visibilitySeconds } from './endpoint-waiting.ts';
import type { GuardAnswer } from './guard.ts';

/** The seven checks of an endpoint request, in order. Every check gives the reasons against acceptance. */

/** Whether an endpoint service is ours to manage. */
export const isManaged = ({ tags }: EndpointService): boolean => tags[managedTag.key] === managedTag.value;

/** Check 1: the service is ours to manage. */
export function checkManaged(service: EndpointService): Reason[] {
  if (isManaged(service)) return [];
  const { serviceId } = service;
  return [
    against(1, 'service-not-managed', 'ignore', {
      summary: `The endpoint service ${serviceId} does not carry the tag ${managedTag.key} = ${managedTag.value}, so its requests are nobody's business here.`,
      remedy: `Put the tag on the service if its requests shall be decided automatically.`,
    }),
  ];
}

const goneStates: readonly EndpointState[] = ['rejected', 'deleting', 'deleted', 'expired', 'failed'];

/** Whether an endpoint connection in this state has ended for good. */
export const isGone = (state: EndpointState): boolean => goneStates.includes(state);

/** Whether an endpoint connection in this state was accepted before. */
export const isAccepted = (state: EndpointState): boolean => state === 'available' || state === 'pending';

/**
 * Check 2: the connection waits for a decision.
 *
 * @param waitedSeconds how long the execution has been looking for it
 */
export function checkState(
  connection: EndpointConnection | undefined,
  endpointId: string,
  waitedSeconds: number,
): Reason[] {
  if (connection === undefined) {
    return waitedSeconds < visibilitySeconds
      ? [
          against(2, 'request-not-visible', 'wait', {
            summary: `EC2 does not list a request of ${endpointId} yet.`,
            remedy: 'Wait; EC2 shows new requests with a delay.',
          }),
        ]
      : [
          against(2, 'request-gone', 'ignore', {
            summary: `EC2 lists no request of ${endpointId}.`,
            remedy: 'There is nothing to decide.',
          }),
        ];
  }
  const { state, wireState } = connection;
  if (state === 'pendingAcceptance') return [];
  if (isAccepted(state)) {
    return [
      against(2, 'already-accepted', 'ignore', {
        summary: `${endpointId} was accepted before; it is ${wireState}.`,
        remedy: 'There is nothing to decide.',
      }),
    ];
  }
  if (isGone(state)) {
    return [
      against(2, 'request-gone', 'ignore', {
        summary: `The request of ${endpointId} has ended: it is ${wireState}.`,
        remedy: 'There is nothing to decide.',
      }),
    ];
  }
  return [
    against(2, 'state-unknown', 'hold', {
      summary: `EC2 says "${wireState}" of ${endpointId}, a word that is not known here.`,
      remedy: 'Look at the request in the VPC console under Endpoint services.',
    }),
  ];
}

/** Check 3: the endpoint belongs to Fivetran's AWS account. */
export function checkOwner(connection: EndpointConnection, fivetranAccounts: readonly string[]): Reason[] {
  if (fivetranAccounts.includes(connection.ownerAccount)) return [];
  return [
    against(3, 'owner-not-fivetran', 'hold', {
      summary: `${connection.endpointId} belongs to AWS account ${connection.ownerAccount || 'unknown'}, which is not Fivetran's (${fivetranAccounts.join(', ')}).`,
      remedy:
        "Find out how that account came to be allowed on the service; remove its principal from the service's permissions, and reject the request unless you know it.",
    }),
  ];
}

/** Check 4: the service asks before it lets anybody in, works, and is open to Fivetran and not to everybody. */
export function checkService(
  service: EndpointService,
  principals: readonly string[],
  fivetranAccounts: readonly string[],
): Reason[] {
  const reasons: Reason[] = [];
  if (!service.acceptanceRequired) {
    reasons.push(
      against(4, 'acceptance-off', 'hold', {
        summary: `The endpoint service ${service.serviceId} accepts every request by itself.`,
        remedy: 'Switch on "acceptance required" for the endpoint service.',
      }),
    );
  }
  if (service.state !== 'available') {
    reasons.push(
      against(4, 'service-not-available', 'hold', {
        summary: `The endpoint service ${service.serviceId} is ${service.state || 'in an unknown state'}.`,
        remedy: 'Look at the endpoint service in the VPC console; it must be Available.',
      }),
    );
  }
  if (principals.includes('*')) {
    reasons.push(
      against(4, 'principal-wildcard', 'hold', {
        summary: `Everybody may ask to connect to ${service.serviceId}: its permissions allow the principal *.`,
        remedy: "Remove * from the service's allowed principals.",
      }),
    );
  }
  if (!fivetranAccounts.some((account) => principals.some((principal) => accountOf(principal) === account))) {
    reasons.push(
      against(4, 'principal-missing', 'hold', {
        summary: `${service.serviceId} does not allow Fivetran's principal.`,
        remedy: `Add arn:aws:iam::${fivetranAccounts[0] ?? ''}:root to the service's allowed principals.`,
      }),
    );
  }
  return reasons;
}

/** The account in a principal's ARN, or a principal that is an account id. */
function accountOf(principal: string): string | undefined {
  return /^(?:arn:[a-z-]+:iam::)?(\d{12})(?::.+)?$/.exec(principal)?.[1];
}

/** Check 5: the endpoint is in a Region that may ask. */
export function checkRegion(connection: EndpointConnection, allowedRegions: readonly string[]): Reason[] {
  if (allowedRegions.includes(connection.region)) return [];
  return [
    against(5, 'region-not-allowed', 'hold', {
      summary: `${connection.endpointId} is in ${connection.region}; allowed are ${allowedRegions.join(', ')}.`,
      remedy: 'Add the Region to the parameter AllowedRegions if Fivetran shall connect from there.',
    }),
  ];
}

/** The guard's answer, or why it could not be had: Fivetran was not to be reached. */
export type GuardResult = GuardAnswer | { granted: 'unknown'; summary: string };

/**
 * Check 6: a claim of ours covers the request.
 *
 * @param overdue whether an answer of Fivetran has been waited for long enough
 */
export function checkClaim(guard: GuardResult, overdue: boolean): Reason[] {
  if (guard.granted === true) return [];
  if (guard.granted === 'unknown') {
    return [
      against(6, 'claims-unknown', overdue ? 'hold' : 'wait', {
        summary: `Whether we asked for this endpoint is not known: ${guard.summary}`,
        remedy: "Wait until Fivetran's API answers again; the request is looked at again by itself.",
      }),
    ];
  }
  const remedy = [claimRemedies[guard.code], guard.remedy ?? ''].join(' ').trim();
  return [against(6, guard.code, 'hold', { summary: guard.summary, remedy })];
}

const claimRemedies = {
  'claim-missing':
    'If you asked for this endpoint, create the private link in Fivetran (connect-source does), or record an expectation; otherwise leave it, or reject it.',
  'claim-pre-planted':
    'Reject the request unless you can tell that it is yours; then let Fivetran create the endpoint again.',
  'claim-contested':
    "Ask Fivetran for the endpoint's id (vpce-…), accept that one by hand and reject the others.",
  'second-request':
    "Ask Fivetran for the endpoint's id (vpce-…). If the accepted one is a stranger's, reject it at once.",
} as const;

/**
 * Check 7: the load balancer leads to the database.
 *
 * @param overdue whether the targets have been waited for long enough
 */
export function checkTargets(targets: readonly Finding[], overdue: boolean): Reason[] {
  return targets
    .filter(({ status }) => status === 'blocking')
    .map(({ summary, remedy }) =>
      against(7, 'targets-not-ready', overdue ? 'hold' : 'wait', {
        summary,
        remedy: remedy ?? 'See the runbook.',
      }),
    );
}

/** Checks that a person's decision sets aside; 1, 2 and 4 hold for everybody. */
const overridable = new Set([3, 5, 6, 7]);

/** The reasons after a person decided to accept. */
export const overrideByHand = (reasons: readonly Reason[]): Reason[] =>
  reasons.map((reason) => (overridable.has(reason.check) ? { ...reason, overridden: true } : reason));

/** What the reasons come to: one that ignores outweighs one that holds, that one one that waits. */
export function verdictOf(reasons: readonly Reason[]): 'act' | 'hold' | 'wait' | 'ignore' {
  const standing = reasons.filter(({ overridden }) => !overridden).map(({ verdict }) => verdict);
  return (['ignore', 'hold', 'wait'] as const).find((verdict) => standing.includes(verdict)) ?? 'act';
}

const criticalCodes = new Set(['second-request', 'claim-contested', 'principal-wildcard', 'acceptance-off']);

/** The words of a decision: what an alert says, and what the execution's output keeps. */
export function wordDecision(
  reasons: readonly Reason[],
  targets: readonly Finding[],
  request: { endpointId: string; serviceId: string; ownerAccount: string; order: Order | undefined },
): Pick<EndpointDecision, 'summary' | 'remedy' | 'severity' | 'findings' | 'reasons'> {
  const standing = reasons.filter(({ overridden }) => !overridden);
  const [first] = standing;
  const more = standing.length - 1;
  return {
    reasons: [...reasons],
    findings: [
      ...reasons.map(({ code, summary, remedy, verdict, overridden }): Finding => ({
        check: `endpoint.${code}`,
        status: overridden || verdict === 'ignore' ? 'warning' : 'blocking',
        summary: overridden ? `${summary} Set aside by hand.` : summary,
        remedy,
      })),
      // Blocking targets are among the reasons already.
      ...targets.filter(({ status }) => status !== 'blocking'),
    ],
    summary:
      first === undefined
        ? allowed(request)
        : `${first.summary}${more > 0 ? ` ${String(more)} more ${more === 1 ? 'reason stands' : 'reasons stand'} against it.` : ''}`,
    remedy: first?.remedy ?? '',
    severity: standing.some(({ code }) => criticalCodes.has(code)) ? 'critical' : 'warning',
  };
}

/** What is allowed when nothing stands against it; what comes of it is for accept-endpoint to say. */
function allowed({
  endpointId,
  serviceId,
  ownerAccount,
  order,
}: {
  endpointId: string;
  serviceId: string;
  ownerAccount: string;
  order: Order | undefined;
}): string {
  switch (order?.do) {
    case 'reject':
      return `${endpointId} of account ${ownerAccount} may be rejected from ${serviceId}.`;
    case 'adopt':
      return `${endpointId} of account ${ownerAccount} may be adopted at ${serviceId}.`;
    case 'expect':
      return `An endpoint may be expected at ${serviceId}.`;
    case 'withdraw':
      return `The expectation ${order.expectationId} at ${serviceId} may be withdrawn.`;
    default:
      return `The request of ${endpointId} of account ${ownerAccount} to ${serviceId} may be accepted.`;
  }
}

function against(
  check: number,
  code: string,
  verdict: Reason['verdict'],
  words: { summary: string; remedy: string },
): Reason {
  return { check, code, verdict, ...words, overridden: false };
}
