import * as z from 'zod/mini';
import type { EventBus } from '../../shared/clients/event-bus/event-bus.ts';
import type { Leases } from '../../shared/clients/ledger/leases.ts';
import type { Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Clock } from '../../shared/clock.ts';
import { WebhookEvent } from '../../shared/contracts/webhook.ts';
import { ConnectionId } from '../../shared/contracts/ids.ts';
import { ConfigError, UnavailableError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { cleanText } from '../../shared/rules/clean-text.ts';
import { followedBy, isEndOfFollowed } from '../../shared/rules/heard-end.ts';
import { isReviewDue } from '../../shared/rules/review.ts';
import { postgresServices } from '../../shared/rules/supported-services.ts';
import { syncLease } from '../../shared/rules/sync-lease.ts';
import { isSigned } from '../../shared/rules/webhook-signature.ts';

/** A request as the HTTP API hands it over. */
export interface WebhookRequest {
  body: Buffer;
  /** Empty when the header is missing. */
  signature: string;
}

export interface WebhookResponse {
  statusCode: number;
  body: string;
}

export interface WebhookDependencies {
  /** The current secret, and the previous one while it is being rotated. */
  secrets: (options?: { fresh?: boolean }) => Promise<string[]>;
  bus: EventBus;
  syncs: Syncs;
  leases: Pick<Leases, 'holder'>;
  /** When increments are verified: `always`, `never` or `every <n>h`. */
  policy: string;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** Fivetran's events are below a kilobyte or two; whatever is much larger is not one. */
const mostBytes = 256 * 1024;
/** Fivetran repeats an event for a day; what is older is somebody's replay. */
const oldestMs = 25 * 3600 * 1000;

const answer = (statusCode: number, message: string): WebhookResponse => ({
  statusCode,
  body: JSON.stringify({ message }),
});
const taken = answer(200, 'taken');

/**
 * Takes one webhook request: verify the raw body, then parse it, then the bus. Whatever Fivetran cannot mend by
 * sending it again is answered below 500; what a repetition may mend is 503.
 */
export async function onFivetranWebhook(
  { body, signature }: WebhookRequest,
  dependencies: WebhookDependencies,
): Promise<WebhookResponse> {
  const { log, metrics } = dependencies;
  if (body.length > mostBytes) return answer(413, 'too large');
  try {
    if (!(await isGenuine(body, signature, dependencies))) {
      log.warn('WEBHOOK_SIGNATURE', 'A webhook request without a valid signature was refused.');
      metrics.counts({ SignaturesRefused: 1 });
      return answer(401, 'the signature is not valid');
    }
    const event = readEvent(body);
    if (event === undefined) {
      log.warn('WEBHOOK_UNREADABLE', 'A signed webhook request is not an event that we know how to read.');
      return taken;
    }
    await handle(event, dependencies);
    return taken;
  } catch (error) {
    if (!(error instanceof UnavailableError || error instanceof ConfigError)) throw error;
    log.error('WEBHOOK_NOT_TAKEN', 'The event could not be taken; Fivetran will send it again.', { error });
    return answer(503, 'try again later');
  }
}

/** A secret that was rotated since it was read is read once more before a request is refused. */
async function isGenuine(
  body: Buffer,
  signature: string,
  { secrets }: WebhookDependencies,
): Promise<boolean> {
  if (signature === '') return false;
  if (isSigned(body, signature, await secrets())) return true;
  return isSigned(body, signature, await secrets({ fresh: true }));
}

function readEvent(body: Buffer): WebhookEvent | undefined {
  try {
    const result = z.safeParse(WebhookEvent, JSON.parse(body.toString('utf8')));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

async function handle(event: WebhookEvent, dependencies: WebhookDependencies): Promise<void> {
  const { syncs, clock, log } = dependencies;
  log.remember({ event: event.event, connectionId: event.connectionId, syncId: event.syncId });
  if (event.event !== 'sync_start' && event.event !== 'sync_end') return;
  if (!ConnectionId.safeParse(event.connectionId).success) return;
  if (event.service !== '' && !postgresServices.has(event.service)) return;
  if (event.created === '' || clock.now().getTime() - Date.parse(event.created) > oldestMs) {
    log.warn('WEBHOOK_STALE', 'A webhook event without a recent time was ignored.');
    return;
  }
  if (event.event === 'sync_start') {
    if (event.syncId !== '') {
      await syncs.noteStart(event.connectionId, { syncId: event.syncId, startedAt: event.created });
    }
    return;
  }
  await publishEnd(event, dependencies);
}

async function publishEnd(
  { connectionId, syncId, status, reason, created }: WebhookEvent,
  { bus, syncs, leases, policy, log }: WebhookDependencies,
): Promise<void> {
  const end = {
    syncId,
    status: status === '' ? 'UNKNOWN' : status,
    // It may quote a row or a password, and goes into the ledger, onto the bus and into executions.
    reason: cleanText(reason, 2000),
    endedAt: created,
  };
  const state = await syncs.state(connectionId);
  const follower = followedBy(await leases.holder(syncLease(connectionId)), state.followed);
  const followed = follower !== undefined && isEndOfFollowed(end, follower, state.reportedStart);
  // Whoever follows this sync looks here instead of asking Fivetran.
  await syncs.noteEnd(connectionId, { ...end, followed });
  if (followed) {
    log.info('SYNC_FOLLOWED', 'The end of a sync is left to the execution that follows it.', {
      status: end.status,
    });
    return;
  }
  const review = isReviewDue(end, state, policy);
  await bus.put([
    {
      type: 'Fivetran Sync Ended',
      detail: { version: 1, connectionId, ...end, observedBy: 'webhook', review },
    },
  ]);
  log.info('SYNC_ENDED', 'Fivetran reported the end of a sync.', { status: end.status, review });
}
