import * as z from 'zod/mini';
import { createEventBus } from '../../shared/clients/event-bus/event-bus.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { WebhookSecret } from '../../shared/contracts/webhook-registration.ts';
import { createHandler } from '../../shared/handler.ts';
import { createMetrics } from '../../shared/metrics.ts';
import { onFivetranWebhook } from './on-fivetran-webhook.ts';

/** An HTTP API request, payload format 2.0: header names arrive in lower case. */
const HttpRequest = z.object({
  headers: z._default(z.record(z.string(), z.optional(z.string())), {}),
  body: z._default(z.string(), ''),
  isBase64Encoded: z._default(z.boolean(), false),
});

/** How often the secret is read anew for a signature that does not fit. */
const freshEveryMs = 10_000;

export const handler = createHandler({
  name: 'on-fivetran-webhook',
  parse: (event) => {
    const { headers, body, isBase64Encoded } = parse(HttpRequest, event, 'The HTTP request');
    return {
      body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
      signature: headers['x-fivetran-signature-256']?.trim() ?? '',
    };
  },
  setUp: (log) => {
    const config = loadConfig(['ledgerTable', 'eventBusName', 'webhookSecretId', 'verification']);
    const secrets = createSecrets(clock);
    let lastFreshMs = Number.NEGATIVE_INFINITY;
    const table = createLedgerTable(config);
    return {
      secrets: async ({ fresh = false }: { fresh?: boolean } = {}) => {
        // A flood of forged requests must not become a flood of calls to Secrets Manager.
        const now = clock.now().getTime();
        const mayRefresh = fresh && now - lastFreshMs >= freshEveryMs;
        if (mayRefresh) lastFreshMs = now;
        const { current, previous = '' } = await secrets.read(config.webhookSecretId, WebhookSecret, {
          fresh: mayRefresh,
        });
        return previous === '' ? [current] : [current, previous];
      },
      bus: createEventBus(config),
      syncs: createSyncs(table, clock),
      leases: createLeases(table, clock),
      policy: config.verification,
      clock,
      log,
      metrics: createMetrics('on-fivetran-webhook'),
    };
  },
  run: onFivetranWebhook,
});
