import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createEndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createPrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { AcceptInput } from '../../shared/contracts/endpoint-decision.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createHandler } from '../../shared/handler.ts';
import { acceptEndpoint } from './accept-endpoint.ts';

export const handler = createHandler({
  name: 'accept-endpoint',
  parse: (event) => parse(AcceptInput, event, 'The input of accept-endpoint'),
  setUp: (log, timeLeftMs) => {
    const config = loadConfig([
      'region',
      'ledgerTable',
      'fivetranBaseUrl',
      'fivetranSecretId',
      'claimWindowHours',
    ]);
    return {
      privateLink: createPrivateLink(config),
      fivetranLinks: createFivetran(config, { secrets: createSecrets(clock), clock, timeLeftMs })
        .privateLinks,
      registers: createEndpointRegisters(createLedgerTable(config), clock),
      clock,
      log,
      settings: config,
    };
  },
  run: acceptEndpoint,
});
