import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { StartSyncInput } from '../../shared/contracts/sync.ts';
import { createHandler } from '../../shared/handler.ts';
import { startSync } from './start-sync.ts';

export const handler = createHandler({
  name: 'start-sync',
  parse: (event) => parse(StartSyncInput, event, 'The input of start-sync'),
  setUp: (log, timeLeftMs) => {
    const config = loadConfig(['ledgerTable', 'fivetranBaseUrl', 'fivetranSecretId']);
    const table = createLedgerTable(config);
    return {
      fivetran: createFivetran(config, { secrets: createSecrets(clock), clock, timeLeftMs }),
      leases: createLeases(table, clock),
      syncs: createSyncs(table, clock),
      clock,
      log,
    };
  },
  run: startSync,
});
