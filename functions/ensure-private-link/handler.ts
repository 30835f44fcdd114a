import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createPrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { EnsurePrivateLinkInput } from '../../shared/contracts/setup.ts';
import { createHandler } from '../../shared/handler.ts';
import { ensurePrivateLink } from './ensure-private-link.ts';

export const handler = createHandler({
  name: 'ensure-private-link',
  parse: (event) => parse(EnsurePrivateLinkInput, event, 'The input of connect-source'),
  setUp: (log, timeLeftMs) => {
    const config = loadConfig(['region', 'stackName', 'fivetranBaseUrl', 'fivetranSecretId']);
    return {
      stackName: config.stackName,
      fivetran: createFivetran(config, { secrets: createSecrets(clock), clock, timeLeftMs }),
      privateLink: createPrivateLink(config),
      log,
    };
  },
  run: ensurePrivateLink,
});
