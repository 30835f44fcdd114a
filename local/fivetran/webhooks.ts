import { createHmac } from 'node:crypto';
import { request } from 'node:https';
import type { Clock } from '../../shared/clock.ts';
import type { Json } from '../json.ts';
import type { Faults } from './faults.ts';
import { instant, type Account, type Connection, type Webhook } from './model.ts';

/** Something that Fivetran tells its webhooks. */
export interface Happening {
  event: string;
  connection: Connection;
  syncId?: string;
  data?: Json;
  /** When it happened; now, where nothing is said. */
  at?: Date;
}

/** How one POST to a webhook's receiver ended. */
interface Delivery {
  succeed: boolean;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  message: string;
}

/** Tells webhooks what happens, signed, again and again until they listen. */
export interface Webhooks {
  tell: (happening: Happening) => void;
  /** Posts the test payload once. */
  probe: (webhook: Webhook, event?: string) => Promise<Delivery>;
  /** Ends waiting for repetitions. */
  stop: () => void;
}

export interface WebhookSettings {
  account: Account;
  clock: Clock;
  faults: Faults;
  /** Authority of the receivers' certificates beside the public ones. */
  caPem: string | undefined;
  /** Milliseconds that one of Fivetran's minutes takes. */
  minuteMs: number;
}

/** Pauses between attempts grow by this much: https://support.fivetran.com/hc/en-us/articles/5539687704471 */
const backOffMinutes = 5;
/** After this long without success a webhook is switched off: https://fivetran.com/docs/rest-api/webhooks */
const patienceMinutes = 24 * 60;
/** Not documented; one report of 10 seconds. */
const deliveryTimeoutMs = 10_000;

export function createWebhooks(settings: WebhookSettings): Webhooks {
  const { account, clock, faults, minuteMs } = settings;
  const stopped = new AbortController();

  async function deliver(webhook: Webhook, body: string): Promise<void> {
    for (let attempt = 1; webhook.active && account.webhooks.has(webhook.id); attempt += 1) {
      const { succeed } = await post(webhook, body, settings);
      if (succeed) {
        delete webhook.failingSince;
        return;
      }
      webhook.failingSince ??= clock.now();
      if (clock.now().getTime() - webhook.failingSince.getTime() >= patienceMinutes * minuteMs) {
        webhook.active = false;
        return;
      }
      await clock.sleep(attempt * backOffMinutes * minuteMs, stopped.signal);
    }
  }

  return {
    tell: ({ event, connection, syncId, data, at }) => {
      const body = JSON.stringify({
        event,
        created: (at ?? clock.now()).toISOString(),
        connector_type: connection.service,
        connector_id: connection.id,
        connector_name: connection.name,
        ...(syncId === undefined ? {} : { sync_id: syncId }),
        destination_group_id: connection.groupId,
        ...(data === undefined ? {} : { data }),
      });
      for (const webhook of account.webhooks.values()) {
        if (!webhook.active || !webhook.events.includes(event)) continue;
        if (webhook.type === 'group' && webhook.groupId !== connection.groupId) continue;
        const concerns = (fault: { event?: string | undefined }): boolean =>
          fault.event === undefined || fault.event === event;
        if (faults.take('lose-webhook', concerns) !== undefined) continue;
        const copies = faults.take('duplicate-webhook', concerns) === undefined ? 1 : 2;
        for (let copy = 0; copy < copies; copy += 1) {
          deliver(webhook, body).catch((error: unknown) => {
            if (!stopped.signal.aborted) throw error;
          });
        }
      }
    },
    probe: (webhook, event = 'test_event') =>
      post(
        webhook,
        JSON.stringify({
          event,
          created: instant(clock.now()),
          connector_type: '_connector_type',
          connector_id: '_connector_1',
          group_id: '_destination_1',
        }),
        settings,
      ),
    stop: () => stopped.abort(new Error('Fivetran stops.')),
  };
}

function post(webhook: Webhook, body: string, { caPem }: WebhookSettings): Promise<Delivery> {
  return new Promise((resolve) => {
    const failed = (message: string): void => resolve({ succeed: false, status: 0, message });
    const outgoing = request(
      webhook.url,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Fivetran',
          ...(webhook.secret === undefined
            ? {}
            : {
                'x-fivetran-signature-256': createHmac('sha256', webhook.secret).update(body).digest('hex'),
              }),
        },
        agent: false,
        timeout: deliveryTimeoutMs,
        ...(caPem === undefined ? {} : { ca: caPem }),
      },
      (response) => {
        const status = response.statusCode ?? 0;
        response.resume();
        response.once('error', (error) => failed(error.message));
        response.once('end', () =>
          resolve({ succeed: status >= 200 && status < 300, status, message: response.statusMessage ?? '' }),
        );
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error('the receiver did not answer in time')));
    outgoing.once('error', (error) => failed(error.message));
    outgoing.end(body);
  });
}
