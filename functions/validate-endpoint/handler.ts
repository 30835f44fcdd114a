import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createEndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createLoadBalancers } from '../../shared/clients/load-balancer/load-balancer.ts';
import { createHostNames } from '../../shared/clients/names/host-names.ts';
import { createPrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parseEndpointRequest, ValidateInput } from '../../shared/contracts/endpoint-decision.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createHandler } from '../../shared/handler.ts';
import { validateEndpoint } from './validate-endpoint.ts';

export const handler = createHandler({
  name: 'validate-endpoint',
  parse: (event) => {
    const { request, machine, since } = parse(ValidateInput, event, 'The input of validate-endpoint');
    return { request: parseEndpointRequest(request), machine, since };
  },
  setUp: (log, timeLeftMs) => {
    const config = loadConfig([
      'region',
      'ledgerTable',
      'fivetranBaseUrl',
      'fivetranSecretId',
      'fivetranAccounts',
      'allowedRegions',
      'claimWindowHours',
      'targetDeadlineMinutes',
    ]);
    return {
      privateLink: createPrivateLink(config),
      loadBalancers: createLoadBalancers(),
      fivetranLinks: createFivetran(config, { secrets: createSecrets(clock), clock, timeLeftMs })
        .privateLinks,
      hostNames: createHostNames(),
      registers: createEndpointRegisters(createLedgerTable(config), clock),
      clock,
      log,
      settings: config,
    };
  },
  run: validateEndpoint,
});
