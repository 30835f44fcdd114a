import * as z from 'zod/mini';
import type { Webhook } from '../../contracts/fivetran.ts';
import type { FivetranHttp } from './http.ts';
import { allOf, pagesOf } from './paging.ts';

const Wire = z.pipe(
  z.object({
    id: z.string(),
    type: z._default(z.string(), ''),
    url: z._default(z.string(), ''),
    events: z.nullish(z.array(z.string())),
    active: z._default(z.boolean(), false),
  }),
  z.transform((wire): Webhook => ({ ...wire, events: wire.events ?? [] })),
);

/** `/v1/webhooks`: https://fivetran.com/docs/rest-api/api-reference/webhooks */
export interface Webhooks {
  list(): Promise<Webhook[]>;
  /** Creates an active account webhook; Fivetran first posts a probe and refuses unless it is answered 2xx. */
  createForAccount(webhook: { url: string; events: readonly string[]; secret: string }): Promise<Webhook>;
  /** Changes it; setting it active makes Fivetran post a probe first. */
  update(
    webhookId: string,
    change: { events?: readonly string[]; active?: boolean; secret?: string },
  ): Promise<Webhook>;
}

const path = '/v1/webhooks';
/** Fivetran answers only after its probe has been answered. */
const probeTimeoutMs = 25_000;

export function webhooksOf(http: FivetranHttp): Webhooks {
  return {
    list: () => allOf(pagesOf(http, { path }, Wire)),
    async createForAccount({ url, events, secret }) {
      const { data } = await http.send({
        method: 'POST',
        path: `${path}/account`,
        body: { url, events, active: true, secret },
        data: Wire,
        repeatable: false,
        timeoutMs: probeTimeoutMs,
      });
      return data;
    },
    async update(webhookId, change) {
      const { data } = await http.send({
        method: 'PATCH',
        path: `${path}/${encodeURIComponent(webhookId)}`,
        body: { ...change },
        data: Wire,
        repeatable: true,
        timeoutMs: probeTimeoutMs,
      });
      return data;
    },
  };
}
