import type { EndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import type { PrivateLinks } from '../../shared/clients/fivetran/private-links.ts';
import type { Change, PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Acceptance, Order } from '../../shared/contracts/endpoint-decision.ts';
import type { Binding, Claim } from '../../shared/contracts/endpoint-register.ts';
import type { EndpointConnection } from '../../shared/contracts/endpoint.ts';
import { EndpointRefusedError, UnavailableError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { forgetRequest, release } from '../../shared/rules/endpoint-register.ts';
import { acceptanceTags } from '../../shared/rules/endpoint-tags.ts';

export interface Dependencies {
  privateLink: PrivateLink;
  fivetranLinks: Pick<PrivateLinks, 'get'>;
  registers: EndpointRegisters;
  clock: Clock;
  log: Log;
  settings: { region: string; claimWindowHours: number };
}

export interface Task {
  order: Order;
  /** ARN of the execution. */
  execution: string;
}

/** The connection as EC2 describes it now. */
export async function connectionOf(
  { serviceId, endpointId }: { serviceId: string; endpointId: string },
  { privateLink }: Dependencies,
): Promise<EndpointConnection | undefined> {
  const [connection] = await privateLink.connections([serviceId], endpointId);
  return connection;
}

/** The request went away by itself: its claim is free again, and nobody has to be told. */
export async function gone(
  order: { serviceId: string; endpointId: string; ownerAccount: string },
  connection: EndpointConnection | undefined,
  { registers, clock }: Dependencies,
): Promise<Acceptance> {
  const state = connection?.wireState ?? 'gone';
  await registers.change(order.serviceId, (register) => {
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

/** What the ledger keeps of an acceptance; a person's word is its own proof. */
export function bindingFor(
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

/** Tags are for auditors; what was accepted does not fail for want of them. */
export async function leaveTrace(
  connection: EndpointConnection | undefined,
  claim: Claim,
  execution: string,
  { privateLink, clock, log }: Dependencies,
): Promise<void> {
  if (connection === undefined || connection.connectionId === '') {
    log.warn('NOT_TAGGED', 'EC2 does not show the endpoint connection yet, so it could not be tagged.', {
      execution,
    });
    return;
  }
  try {
    await privateLink.tag(
      connection.connectionId,
      acceptanceTags({ at: clock.now(), execution, why: describeClaim(claim) }),
    );
  } catch (error) {
    log.error('NOT_TAGGED', 'The endpoint connection could not be tagged.', {
      endpointId: connection.endpointId,
      error,
    });
  }
}

/** EC2's refusal by its own code; one that may pass is thrown as such. */
export function refused(endpointId: string, change: Change): Error {
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

/** The private link that the claim names; empty when it names none. */
export const linkIdOf = (claim: Claim): string => (claim.kind === 'expectation' ? '' : claim.privateLinkId);

/** Why it was accepted, as half a sentence. */
export function describeClaim(claim: Claim): string {
  switch (claim.kind) {
    case 'private-link':
      return `private link ${claim.privateLinkId} of our Fivetran account asked for it`;
    case 'expectation':
      return `${claim.recordedBy} expected it`;
    case 'approval':
      return `${claim.approvedBy} decided so: ${claim.reason}`;
  }
}

/** What every outcome says. */
export const ended = (
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
