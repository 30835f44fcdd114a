import { randomUUID } from 'node:crypto';
import { notify, type NotifyDependencies, type NotifyResult } from '../../functions/notify/notify.ts';
import { readEvent } from '../../functions/notify/read-event.ts';
import { createIncidents, type Incidents } from '../../shared/clients/ledger/incidents.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import type { LedgerTable } from '../../shared/clients/ledger/table.ts';
import { createSlack } from '../../shared/clients/slack/connect.ts';
import type { NotificationInput } from '../../shared/contracts/notification.ts';
import { ConfigError } from '../../shared/errors.ts';
import { parse } from '../../shared/contracts/parse.ts';
import type { Route } from '../../shared/rules/routing.ts';
import { startSlack, type Slack, type SlackMessage } from '../../local/slack/slack.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createMemoryLedger } from './memory-ledger.ts';

/** The notify function with Slack at the wire, and a ledger in memory unless another one is given. */
export interface OnCall {
  clock: ManualClock;
  slack: Slack;
  incidents: Incidents;
  metrics: Record<string, number>[];
  logged: { code: string; fields: Record<string, unknown> }[];
  /** What the secret holds; undefined: it is missing. */
  secret: Record<string, string> | undefined;
  /** What the routing says; nothing at first. */
  routes: readonly Route[];
  /** Invokes the function with whatever event, as a Lambda environment of its own. */
  invoke(event: unknown, change?: Partial<NotifyDependencies>): Promise<NotifyResult>;
  send(notification: Partial<NotificationInput>): Promise<NotifyResult>;
  /** Lets a minute pass, then ticks; as often as told. */
  tick(times?: number): Promise<void>;
  /** The channel's own messages, without replies. */
  top(): readonly SlackMessage[];
  replies(to?: SlackMessage): readonly SlackMessage[];
  stop(): Promise<void>;
}

export const connection = { type: 'connection' as const, id: 'assimilate_seem', name: 'rental_pg' };

export async function startOnCall(table: LedgerTable = createMemoryLedger()): Promise<OnCall> {
  const clock = createManualClock();
  const slack = await startSlack({ clock });
  const incidents = createIncidents(table, clock);
  const metrics: Record<string, number>[] = [];
  const logged: OnCall['logged'] = [];
  const note = (code: string, _: string, fields: Record<string, unknown> = {}): void => {
    logged.push({ code, fields });
  };
  const onCall: OnCall = {
    clock,
    slack,
    incidents,
    metrics,
    logged,
    secret: { botToken: slack.botToken },
    routes: [],
    invoke: (event, change = {}) =>
      notify(readEvent(event, clock.now()), {
        incidents,
        leases: createLeases(table, clock),
        slack: createSlack({
          baseUrl: slack.url,
          secretId: 'stack/slack',
          secrets: {
            read: (secretId, schema) =>
              onCall.secret === undefined
                ? Promise.reject(new ConfigError(`The secret ${secretId} does not exist.`))
                : Promise.resolve(parse(schema, onCall.secret, 'The secret')),
          },
        }),
        clock,
        log: {
          debug: note,
          info: note,
          warn: note,
          error: note,
          remember: () => undefined,
          forget: () => undefined,
        },
        metrics: { counts: (values) => void metrics.push({ ...values }) },
        holder: randomUUID(),
        channel: slack.channel,
        mention: '<!subteam^S0ONCALL>',
        routes: onCall.routes,
        runbookUrl: '',
        acceptEndpointMachineArn:
          'arn:aws:states:us-east-1:111122223333:stateMachine:fivetran-privatelink-dev-accept-endpoint',
        ...change,
      }),
    send: (notification) =>
      onCall.invoke({
        phase: 'problem',
        kind: 'sync-failed',
        severity: 'critical',
        subject: connection,
        summary: 'sync of rental_pg failed: more rows changed than Teleport can take',
        observedAt: clock.now().toISOString(),
        ...notification,
      }),
    async tick(times = 1) {
      for (let count = 0; count < times; count += 1) {
        clock.advance(60);
        await onCall.invoke({ tick: true });
      }
    },
    top: () => slack.messages().filter(({ threadTs }) => threadTs === undefined),
    replies: (to) =>
      slack
        .messages()
        .filter(({ threadTs }) => threadTs !== undefined && (to === undefined || threadTs === to.ts)),
    stop: () => slack.stop(),
  };
  return onCall;
}
