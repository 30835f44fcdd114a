import type { EventBus } from '../../shared/clients/event-bus/event-bus.ts';
import type { Claims } from '../../shared/clients/ledger/claims.ts';
import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { EndpointHint } from '../../shared/contracts/endpoint-notification.ts';
import type { Log } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { auditEndpoint, type Audit } from '../../shared/rules/endpoint-audit.ts';

export interface Dependencies {
  privateLink: PrivateLink;
  claims: Claims;
  eventBus: EventBus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/**
 * Looks at every endpoint that a notification hints at and tells the bus what that means. The message itself is
 * believed in nothing: AWS publishes no schema of it, and anybody who may publish to the topic may write one.
 *
 * @returns how many events were put, and how many records hinted at nothing
 */
export async function onEndpointNotification(
  hints: readonly (EndpointHint | undefined)[],
  dependencies: Dependencies,
): Promise<{ events: number; dropped: number }> {
  const { log, metrics } = dependencies;
  const dropped = hints.filter((hint) => hint === undefined).length;
  if (dropped > 0) {
    // Sending it again would not make it readable, so it is dropped; reconciliation finds what it meant.
    log.warn('NOTIFICATION_DROPPED', 'A notification names no endpoint and service.', { dropped });
    metrics.counts({ NotificationsDropped: dropped });
  }
  let events = 0;
  for (const hint of hints) {
    if (hint !== undefined) events += await lookAt(hint, dependencies);
  }
  return { events, dropped };
}

async function lookAt({ serviceId, endpointId }: EndpointHint, dependencies: Dependencies): Promise<number> {
  const { privateLink, claims, eventBus, clock, log } = dependencies;
  const [connection] = await privateLink.connections([serviceId], endpointId);
  const moment = { now: clock.now(), observedBy: 'notification' as const };
  const audit = (register: Audit['register']): Audit =>
    auditEndpoint(register, endpointId, connection, moment);
  const before = await claims.read(serviceId);
  const { events, register } = audit(before);
  log.info('ENDPOINT_SEEN', 'A notification led to an endpoint.', {
    serviceId,
    endpointId,
    state: connection?.wireState ?? 'not listed',
    events: events.map(({ type }) => type),
  });
  // Told first, noted second: what is noted is never told again.
  await eventBus.put(events);
  if (register !== before) {
    await claims.change(serviceId, (current) => ({ register: audit(current).register, answer: undefined }));
  }
  return events.length;
}
