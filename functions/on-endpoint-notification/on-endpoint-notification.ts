import { isLeftTo, stackTagKey } from '../../shared/contracts/endpoint.ts';
import type { EndpointHint } from '../../shared/contracts/endpoint-notification.ts';
import { tellAndNote, type EndpointWatch } from '../../shared/endpoint-watch/watch.ts';
import { auditEndpoint } from '../../shared/rules/endpoint-audit.ts';
import { isManaged } from '../../shared/rules/endpoint-decision.ts';

/**
 * Looks at every endpoint that a notification hints at and tells the bus what that means. The message itself is
 * believed in nothing: AWS publishes no schema of it, and anybody who may publish to the topic may write one.
 *
 * @returns how many events were put, and how many records hinted at nothing
 */
export async function onEndpointNotification(
  hints: readonly (EndpointHint | undefined)[],
  dependencies: EndpointWatch,
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

async function lookAt({ serviceId, endpointId }: EndpointHint, dependencies: EndpointWatch): Promise<number> {
  const { privateLink, clock, log } = dependencies;
  const [connection] = await privateLink.connections([serviceId], endpointId);
  // Of a request accept-endpoint asks this first of all, so it is not asked twice.
  const isRequest = connection?.state === 'pendingAcceptance';
  if (!isRequest && !(await isOurs(serviceId, dependencies))) {
    // Whoever subscribes another service to the topic must not fill the ledger, nor wake anybody.
    log.info('SERVICE_NOT_MANAGED', 'A notification is about a service that is not ours to manage.', {
      serviceId,
      endpointId,
    });
    return 0;
  }
  const moment = { now: clock.now(), observedBy: 'notification' as const };
  const events = await tellAndNote(
    serviceId,
    (register) => auditEndpoint(register, endpointId, connection, moment),
    dependencies,
  );
  log.info('ENDPOINT_SEEN', 'A notification led to an endpoint.', {
    serviceId,
    endpointId,
    state: connection?.wireState ?? 'not listed',
    events: events.map(({ type }) => type),
  });
  return events.length;
}

async function isOurs(serviceId: string, { stackName, privateLink }: EndpointWatch): Promise<boolean> {
  const service = await privateLink.service(serviceId);
  return service !== undefined && isManaged(service) && isLeftTo(stackName, service.tags[stackTagKey]);
}
