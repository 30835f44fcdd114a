import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { EnsureWebhookInput, WebhookSecret } from '../../shared/contracts/webhook-registration.ts';
import { createHandler } from '../../shared/handler.ts';
import { ensureWebhook } from './ensure-webhook.ts';

export const handler = createHandler({
  name: 'ensure-webhook',
  parse: (event) => parse(EnsureWebhookInput, event ?? {}, 'The input of ensure-webhook'),
  setUp: (_log, timeLeftMs) => {
    const config = loadConfig(['fivetranBaseUrl', 'fivetranSecretId', 'webhookSecretId', 'webhookUrl']);
    const secrets = createSecrets(clock);
    return {
      fivetran: createFivetran(config, { secrets, clock, timeLeftMs }),
      url: config.webhookUrl,
      secret: async () =>
        (await secrets.read(config.webhookSecretId, WebhookSecret, { fresh: true })).current,
    };
  },
  run: ensureWebhook,
});
