import type { EndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import type { PrivateLinks } from '../../shared/clients/fivetran/private-links.ts';
import type { LoadBalancers } from '../../shared/clients/load-balancer/load-balancer.ts';
import type { HostNames } from '../../shared/clients/names/host-names.ts';
import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ByHand, EndpointRequest } from '../../shared/contracts/endpoint-decision.ts';
import type { EndpointConnection } from '../../shared/contracts/endpoint.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';

export interface Dependencies {
  privateLink: PrivateLink;
  loadBalancers: LoadBalancers;
  fivetranLinks: Pick<PrivateLinks, 'list'>;
  hostNames: HostNames;
  registers: EndpointRegisters;
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

/** @throws InvalidInputError when a person repeated another owner than EC2 names */
export function requireOwner(request: ByHand, connection: EndpointConnection | undefined): void {
  if (connection === undefined || connection.ownerAccount === request.ownerAccount) return;
  throw new InvalidInputError(
    `ownerAccount: ${request.endpointId} belongs to account ${connection.ownerAccount}, not to ${request.ownerAccount}; repeat the owner to show that you looked at it.`,
  );
}
