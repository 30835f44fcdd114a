import * as z from 'zod/mini';

/** The events that we listen to. */
export const webhookEvents = ['sync_start', 'sync_end'] as const;

/** Input of ensure-webhook. */
export const EnsureWebhookInput = z.object({
  /** Sends the current secret again although the webhook looks right: the step of a rotation. */
  resendSecret: z._default(z.boolean(), false),
});
export type EnsureWebhookInput = z.output<typeof EnsureWebhookInput>;

export interface EnsuredWebhook {
  outcome: 'created' | 'repaired' | 'found';
  webhookId: string;
  url: string;
  summary: string;
}

/** The webhook's signing secret, and the one before it while Fivetran may still sign with that. */
export const WebhookSecret = z.object({
  current: z.string().check(z.minLength(1)),
  previous: z.optional(z.string()),
});
