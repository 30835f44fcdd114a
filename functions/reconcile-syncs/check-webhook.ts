import type { EventBus } from '../../shared/clients/event-bus/event-bus.ts';
import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Clock } from '../../shared/clock.ts';

export interface CheckWebhookDependencies {
  fivetran: Pick<Fivetran, 'webhooks'>;
  syncs: Pick<Syncs, 'webhookInactiveSince' | 'noteWebhook'>;
  bus: EventBus;
  webhookUrl: string;
  clock: Clock;
}

/**
 * Whether Fivetran still posts to us: it switches a webhook off whose receiver has failed for a day. Tells when
 * that begins and when it is over.
 *
 * @returns how many events were put
 */
export async function checkWebhook({
  fivetran,
  syncs,
  bus,
  webhookUrl,
  clock,
}: CheckWebhookDependencies): Promise<number> {
  const webhook = (await fivetran.webhooks.list()).find(({ url }) => url === webhookUrl);
  const since = await syncs.webhookInactiveSince();
  const isActive = webhook?.active === true;
  if (isActive === (since === undefined)) return 0;
  const began = since ?? clock.now().toISOString();
  await bus.put([
    {
      type: 'Attention',
      detail: {
        version: 1,
        subject: { type: 'webhook', id: webhook?.id ?? 'missing', name: webhookUrl },
        kind: 'webhook-inactive',
        summary: isActive
          ? 'Fivetran posts to our webhook again.'
          : `Fivetran's webhook to ${webhookUrl} is ${webhook === undefined ? 'not registered' : 'switched off'}: invoke ensure-webhook. Until then ended syncs are found by reconciliation only.`,
        since: began,
        resolved: isActive,
      },
    },
  ]);
  await syncs.noteWebhook(isActive ? undefined : began);
  return 1;
}
