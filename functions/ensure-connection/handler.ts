import { createFivetran, fivetranCredentials } from '../../shared/clients/fivetran/fivetran.ts';
import { createConnections } from '../../shared/clients/ledger/connections.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { EnsureConnectionInput } from '../../shared/contracts/setup.ts';
import { createHandler } from '../../shared/handler.ts';
import { ensureConnection } from './ensure-connection.ts';
import { readFivetranRole } from './role-secret.ts';

export const handler = createHandler({
  name: 'ensure-connection',
  parse: (event) => parse(EnsureConnectionInput, event, 'The input of ensure-connection'),
  setUp: (log) => {
    const config = loadConfig(['ledgerTable', 'fivetranBaseUrl', 'fivetranSecretId', 'sourceSecretPrefix']);
    const clock = systemClock;
    const secrets = createSecrets(clock);
    return {
      fivetran: createFivetran({
        baseUrl: config.fivetranBaseUrl,
        credentials: fivetranCredentials(secrets, config.fivetranSecretId),
        clock,
      }),
      connections: createConnections(createLedgerTable({ tableName: config.ledgerTable })),
      roleOf: (source: string) => readFivetranRole(secrets, config.sourceSecretPrefix, source),
      log,
    };
  },
  run: ensureConnection,
});
