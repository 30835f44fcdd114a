import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createEndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import { createConnections } from '../../shared/clients/ledger/connections.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createPrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { ReadSyncInput } from '../../shared/contracts/sync.ts';
import { createHandler } from '../../shared/handler.ts';
import { readSync } from './read-sync.ts';

export const handler = createHandler({
  name: 'read-sync',
  parse: (event) => parse(ReadSyncInput, event, 'The input of read-sync'),
  setUp: (log, timeLeftMs) => {
    const config = loadConfig(['region', 'ledgerTable', 'fivetranBaseUrl', 'fivetranSecretId']);
    const table = createLedgerTable(config);
    return {
      fivetran: createFivetran(config, { secrets: createSecrets(clock), clock, timeLeftMs }),
      connections: createConnections(table),
      syncs: createSyncs(table, clock),
      leases: createLeases(table, clock),
      registers: createEndpointRegisters(table, clock),
      privateLink: createPrivateLink(config),
      clock,
      log,
    };
  },
  run: readSync,
});
