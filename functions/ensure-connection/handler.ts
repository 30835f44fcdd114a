import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { EnsureConnectionInput } from '../../shared/contracts/setup.ts';
import { createHandler } from '../../shared/handler.ts';
import { ensureConnection } from './ensure-connection.ts';
import { readFivetranRole } from '../../shared/clients/secrets/fivetran-role.ts';

export const handler = createHandler({
  name: 'ensure-connection',
  parse: (event) => parse(EnsureConnectionInput, event, 'The input of ensure-connection'),
  setUp: (log, timeLeftMs) => {
    const config = loadConfig(['ledgerTable', 'fivetranBaseUrl', 'fivetranSecretId', 'sourceSecretPrefix']);
    const secrets = createSecrets(clock);
    return {
      fivetran: createFivetran(config, { secrets, clock, timeLeftMs }),
      syncs: createSyncs(createLedgerTable(config), clock),
      roleOf: (source: string) => readFivetranRole(secrets, config.sourceSecretPrefix, source),
      log,
    };
  },
  run: ensureConnection,
});
