import * as z from 'zod/mini';

/**
 * What Fivetran posts. Field names differ between its generations (`connector_*` and `connection_*`, `group_id` and
 * `destination_group_id`); unknown fields and events are let through.
 * https://fivetran.com/docs/rest-api/getting-started/webhooks
 */
const Wire = z.object({
  event: z.string(),
  created: z.optional(z.string()),
  connector_type: z.nullish(z.string()),
  connection_type: z.nullish(z.string()),
  connector_id: z.nullish(z.string()),
  connection_id: z.nullish(z.string()),
  sync_id: z.nullish(z.string()),
  data: z.nullish(
    z.object({
      status: z.nullish(z.string()),
      reason: z.nullish(z.string()),
    }),
  ),
});

export const WebhookEvent = z.pipe(
  Wire,
  z.transform((wire) => ({
    event: wire.event,
    /** Fivetran's time, normalized; empty when it is missing or unreadable. */
    created: normalized(wire.created),
    connectionId: wire.connection_id ?? wire.connector_id ?? '',
    service: wire.connection_type ?? wire.connector_type ?? '',
    /** Empty in Fivetran's probe. */
    syncId: wire.sync_id ?? '',
    status: wire.data?.status ?? '',
    reason: wire.data?.reason ?? '',
  })),
);
export type WebhookEvent = z.output<typeof WebhookEvent>;

function normalized(text: string | undefined): string {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}
