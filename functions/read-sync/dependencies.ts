import type { EndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import type { Connections } from '../../shared/clients/ledger/connections.ts';
import type { Leases } from '../../shared/clients/ledger/leases.ts';
import type { Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';

/** What reading a sync needs of the world, whichever part of it is asked for. */
export interface ReadSyncDependencies {
  fivetran: Fivetran;
  connections: Connections;
  syncs: Syncs;
  leases: Leases;
  registers: Pick<EndpointRegisters, 'bindingOfPrivateLink'>;
  privateLink: Pick<PrivateLink, 'service'>;
  clock: Clock;
  log: Log;
}
