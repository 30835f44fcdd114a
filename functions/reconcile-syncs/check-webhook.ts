import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { tellCondition, type TellCondition } from '../../shared/conditions/tell-condition.ts';

export interface CheckWebhookDependencies extends TellCondition {
  fivetran: Pick<Fivetran, 'webhooks'>;
  webhookUrl: string;
}

/**
 * Whether Fivetran still posts to us: it switches a webhook off whose receiver has failed for a day. Tells when
 * that begins and when it is over.
 *
 * @returns how many events were put
 */
export async function checkWebhook(dependencies: CheckWebhookDependencies): Promise<number> {
  const { fivetran, webhookUrl } = dependencies;
  const webhook = (await fivetran.webhooks.list()).find(({ url }) => url === webhookUrl);
  const isActive = webhook?.active === true;
  return tellCondition(
    {
      // Not the webhook's id: one that was deleted comes back under another.
      subject: { type: 'webhook', id: 'account', name: webhookUrl },
      kind: 'webhook-inactive',
      holds: !isActive,
      summary: () =>
        isActive
          ? 'Fivetran posts to our webhook again.'
          : `Fivetran's webhook to ${webhookUrl} is ${webhook === undefined ? 'not registered' : 'switched off'}: invoke ensure-webhook. Until then ended syncs are found by reconciliation only.`,
    },
    dependencies,
  );
}
