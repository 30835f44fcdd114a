import type { EventBus } from '../../shared/clients/event-bus/event-bus.ts';
import type { Claims } from '../../shared/clients/ledger/claims.ts';
import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { EndpointRegister } from '../../shared/contracts/endpoint-register.ts';
import type { EndpointConnection, EndpointService } from '../../shared/contracts/endpoint.ts';
import type { Log } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import {
  auditEndpoint,
  auditService,
  knownEndpoints,
  type Audit,
  type AuditEvent,
} from '../../shared/rules/endpoint-audit.ts';

export interface Dependencies {
  privateLink: PrivateLink;
  claims: Claims;
  eventBus: EventBus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export interface Reconciliation {
  services: number;
  connections: number;
  events: number;
}

/**
 * Holds all endpoint connections of all managed services against the register, and tells the bus what nobody has
 * told it: requests that no one is at, endpoints that were lost, and what nothing explains.
 */
export async function reconcileEndpoints(dependencies: Dependencies): Promise<Reconciliation> {
  const { privateLink, log, metrics } = dependencies;
  const services = await privateLink.managedServices();
  const connections = await privateLink.connections(services.map(({ serviceId }) => serviceId));
  let events = 0;
  for (const service of services) {
    const own = connections.filter(({ serviceId }) => serviceId === service.serviceId);
    events += await reconcileService(service, own, dependencies);
  }
  const outcome = { services: services.length, connections: connections.length, events };
  log.info('RECONCILED', 'All endpoint connections were looked at.', { ...outcome });
  metrics.counts({ EndpointsReconciled: connections.length });
  return outcome;
}

async function reconcileService(
  service: EndpointService,
  connections: readonly EndpointConnection[],
  { privateLink, claims, eventBus, clock }: Dependencies,
): Promise<number> {
  const now = clock.now();
  const [principals, before] = await Promise.all([
    privateLink.principals(service.serviceId),
    claims.read(service.serviceId),
  ]);
  const audit = (register: EndpointRegister): Audit =>
    inTurn(register, [
      (current) => auditService(current, service, principals, now),
      ...[...new Set([...connections.map(({ endpointId }) => endpointId), ...knownEndpoints(register)])].map(
        (endpointId) => (current: EndpointRegister) =>
          auditEndpoint(current, endpointId, newestOf(connections, endpointId), {
            now,
            observedBy: 'reconciliation',
          }),
      ),
    ]);
  const { events, register } = audit(before);
  // Told first, noted second: what is noted is never told again.
  await eventBus.put(events);
  if (register !== before) {
    await claims.change(service.serviceId, (current) => {
      const after = audit(current).register;
      return after === current ? { answer: undefined } : { register: after, answer: undefined };
    });
  }
  return events.length;
}

/** EC2 may list a deleted connection beside the one that took its place. */
function newestOf(
  connections: readonly EndpointConnection[],
  endpointId: string,
): EndpointConnection | undefined {
  return connections
    .filter((connection) => connection.endpointId === endpointId)
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
}

/** Audits one after the other, each on the register that the one before left. */
function inTurn(register: EndpointRegister, audits: ((current: EndpointRegister) => Audit)[]): Audit {
  return audits.reduce<Audit & { events: AuditEvent[] }>(
    (sofar, audit) => {
      const next = audit(sofar.register);
      return { register: next.register, events: [...sofar.events, ...next.events] };
    },
    { register, events: [] },
  );
}
