import * as z from 'zod/mini';
import type { Clock } from '../../../shared/clock.ts';
import type { Json } from '../../json.ts';
import { instant, type Account, type Webhook } from '../model.ts';
import type { Webhooks } from '../webhooks.ts';
import { page } from './paging.ts';
import { bodyOf, invalid, notFound, type Call, type Answer, type Route } from './router.ts';

/** https://fivetran.com/docs/rest-api/webhooks names these; the list is not complete. */
const eventNames = [
  'sync_start',
  'sync_end',
  'status',
  'dbt_run_start',
  'dbt_run_succeeded',
  'dbt_run_failed',
  'connection_successful',
  'connection_failure',
  'create_connector',
  'pause_connector',
  'resume_connector',
  'edit_connector',
  'delete_connector',
  'force_update_connector',
  'resync_connector',
  'resync_table',
];
const url = z.string().check(z.regex(/^https:\/\/./, 'only https is supported'));
const events = z.array(z.enum(eventNames)).check(z.minLength(1, 'must name at least one event'));
const Creation = z.strictObject({
  url,
  events,
  active: z.optional(z.boolean()),
  secret: z.optional(z.string()),
});
const Update = z.strictObject({
  url: z.optional(url),
  events: z.optional(events),
  active: z.optional(z.boolean()),
  secret: z.optional(z.string()),
});

/** `/v1/webhooks` */
export function webhookRoutes(
  account: Account,
  webhooks: Webhooks,
  clock: Clock,
  newId: () => string,
): Route[] {
  const find = (id = ''): Webhook => {
    const webhook = account.webhooks.get(id);
    if (webhook === undefined) throw notFound('Webhook', id);
    return webhook;
  };
  /** An active webhook's receiver has to answer before the webhook is taken. */
  const probe = async (webhook: Webhook): Promise<void> => {
    if (!webhook.active) return;
    const { succeed, status, message } = await webhooks.probe(webhook);
    if (!succeed) {
      throw invalid(
        `The webhook test failed: ${status === 0 ? message : `${webhook.url} answered ${status}`}`,
      );
    }
  };
  const create = async (
    call: Call,
    scope: Pick<Webhook, 'type' | 'groupId'>,
    what: string,
  ): Promise<Answer> => {
    const wanted = bodyOf(Creation, call.body);
    const webhook: Webhook = {
      id: newId(),
      ...scope,
      url: wanted.url,
      events: wanted.events,
      active: wanted.active ?? true,
      ...(wanted.secret === undefined ? {} : { secret: wanted.secret }),
      createdAt: clock.now(),
    };
    await probe(webhook);
    account.webhooks.set(webhook.id, webhook);
    return { message: `${what} webhook has been created`, data: show(webhook) };
  };
  return [
    {
      method: 'GET',
      path: 'webhooks',
      run: (call) => ({
        message: 'Webhooks retrieved successfully',
        data: page([...account.webhooks.values()], ({ id }) => id, show, call),
      }),
    },
    { method: 'POST', path: 'webhooks/account', run: (call) => create(call, { type: 'account' }, 'Account') },
    {
      method: 'POST',
      path: 'webhooks/group/:id',
      run: (call) => {
        const [groupId = ''] = call.params;
        if (!account.groups.has(groupId)) throw notFound('Group', groupId);
        return create(call, { type: 'group', groupId }, 'Group');
      },
    },
    {
      method: 'GET',
      path: 'webhooks/:id',
      run: ({ params }) => ({
        message: 'Webhook details retrieved successfully',
        data: show(find(params[0])),
      }),
    },
    {
      method: 'PATCH',
      path: 'webhooks/:id',
      run: async ({ params, body }) => {
        const webhook = find(params[0]);
        const wanted = bodyOf(Update, body);
        const changed: Webhook = {
          ...webhook,
          url: wanted.url ?? webhook.url,
          events: wanted.events ?? webhook.events,
          active: wanted.active ?? webhook.active,
          ...(wanted.secret === undefined ? {} : { secret: wanted.secret }),
        };
        if (changed.url !== webhook.url || (changed.active && !webhook.active)) {
          await probe(changed);
          delete webhook.failingSince;
        }
        delete changed.failingSince;
        Object.assign(webhook, changed);
        return { message: 'Webhook has been updated', data: show(webhook) };
      },
    },
    {
      method: 'DELETE',
      path: 'webhooks/:id',
      run: ({ params }) => {
        const webhook = find(params[0]);
        account.webhooks.delete(webhook.id);
        return { message: `Webhook with id '${webhook.id}' has been deleted` };
      },
    },
    {
      method: 'POST',
      path: 'webhooks/:id/test',
      run: async ({ params, body }) => {
        const webhook = find(params[0]);
        const { event } = bodyOf(z.strictObject({ event: z.enum(eventNames) }), body);
        return {
          message: 'Webhook test completed successfully',
          data: { ...(await webhooks.probe(webhook, event)) },
        };
      },
    },
  ];
}

function show(webhook: Webhook): Json {
  return {
    id: webhook.id,
    type: webhook.type,
    ...(webhook.groupId === undefined ? {} : { group_id: webhook.groupId }),
    url: webhook.url,
    events: webhook.events,
    active: webhook.active,
    ...(webhook.secret === undefined ? {} : { secret: '******' }),
    created_at: instant(webhook.createdAt),
    created_by: 'local_user',
  };
}
