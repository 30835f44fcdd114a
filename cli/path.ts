import { createFivetran, type Fivetran } from '../shared/clients/fivetran/fivetran.ts';
import {
  createEndpointRegisters,
  type EndpointRegisters,
} from '../shared/clients/ledger/endpoint-registers.ts';
import { createIncidents, type Incidents } from '../shared/clients/ledger/incidents.ts';
import { createLedgerTable } from '../shared/clients/ledger/table.ts';
import { createLoadBalancers, type LoadBalancers } from '../shared/clients/load-balancer/load-balancer.ts';
import { createPrivateLink, type PrivateLink } from '../shared/clients/privatelink/privatelink.ts';
import { createSecrets, type Secrets } from '../shared/clients/secrets/secrets.ts';
import { systemClock } from '../shared/clock.ts';
import { loadConfig } from '../shared/config.ts';
import type { Stack } from './stack.ts';

/** The same clients as the functions use, with the operator's own credentials. */
export interface PathClients {
  privateLink: PrivateLink;
  loadBalancers: LoadBalancers;
  registers: EndpointRegisters;
  incidents: Incidents;
  secrets: Secrets;
  fivetran: Fivetran;
}

/** Clients for what this stack watches, configured as its own functions are. */
export async function openPath(stack: Stack): Promise<PathClients> {
  const clock = systemClock;
  const table = createLedgerTable(stack);
  const secrets = createSecrets(clock);
  const config = loadConfig(['fivetranBaseUrl', 'fivetranSecretId'], await stack.environmentOf('readSync'));
  return {
    privateLink: createPrivateLink(stack),
    loadBalancers: createLoadBalancers(),
    registers: createEndpointRegisters(table, clock),
    incidents: createIncidents(table, clock),
    secrets,
    fivetran: createFivetran(config, { secrets, clock, timeLeftMs: () => Number.POSITIVE_INFINITY }),
  };
}
