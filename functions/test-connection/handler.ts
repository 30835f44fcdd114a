import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createEndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import { createSetupTestPace } from '../../shared/clients/ledger/setup-test-pace.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { TestConnectionInput } from '../../shared/contracts/setup.ts';
import { createHandler } from '../../shared/handler.ts';
import { testConnection } from './test-connection.ts';

export const handler = createHandler({
  name: 'test-connection',
  parse: (event) => parse(TestConnectionInput, event, 'The input of test-connection'),
  setUp: (log, timeLeftMs) => {
    const config = loadConfig(['ledgerTable', 'fivetranBaseUrl', 'fivetranSecretId', 'setupTestsPerHour']);
    const table = createLedgerTable(config);
    return {
      fivetran: createFivetran(config, { secrets: createSecrets(clock), clock, timeLeftMs }),
      registers: createEndpointRegisters(table, clock),
      pace: createSetupTestPace(table, clock, { perHour: config.setupTestsPerHour }),
      log,
    };
  },
  run: testConnection,
});
