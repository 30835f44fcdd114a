import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import {
  webhookEvents,
  type EnsuredWebhook,
  type EnsureWebhookInput,
} from '../../shared/contracts/webhook-registration.ts';

export interface EnsureWebhookDependencies {
  fivetran: Fivetran;
  /** Where our receiver is. */
  url: string;
  /** The secret that Fivetran shall sign with. */
  secret: () => Promise<string>;
}

/**
 * The account's webhook to our receiver: created when there is none, switched on again when Fivetran has switched
 * it off, completed when it lacks an event. Fivetran posts a probe before it agrees, so the receiver must be up.
 */
export async function ensureWebhook(
  { resendSecret }: EnsureWebhookInput,
  { fivetran, url, secret }: EnsureWebhookDependencies,
): Promise<EnsuredWebhook> {
  const found = (await fivetran.webhooks.list()).find((webhook) => webhook.url === url);
  if (found === undefined) {
    const { id } = await fivetran.webhooks.createForAccount({
      url,
      events: webhookEvents,
      secret: await secret(),
    });
    return { outcome: 'created', webhookId: id, url, summary: `The webhook to ${url} was created.` };
  }
  const missing = webhookEvents.filter((event) => !found.events.includes(event));
  if (found.active && missing.length === 0 && !resendSecret) {
    return { outcome: 'found', webhookId: found.id, url, summary: `The webhook to ${url} is active.` };
  }
  await fivetran.webhooks.update(found.id, {
    events: [...found.events, ...missing],
    active: true,
    secret: await secret(),
  });
  return {
    outcome: 'repaired',
    webhookId: found.id,
    url,
    summary: `The webhook to ${url} was ${found.active ? 'given its events and secret anew' : 'switched on again'}.`,
  };
}
