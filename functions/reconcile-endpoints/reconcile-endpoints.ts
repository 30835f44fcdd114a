import type { EndpointRegister } from '../../shared/contracts/endpoint-register.ts';
import type { EndpointConnection, EndpointService } from '../../shared/contracts/endpoint.ts';
import { tellAndNote, type EndpointWatch } from '../../shared/endpoint-watch/watch.ts';
import { auditEndpoint, knownEndpoints } from '../../shared/rules/endpoint-audit.ts';
import { auditService, closeService } from '../../shared/rules/service-audit.ts';
import type { Audit, AuditEvent } from '../../shared/rules/standing.ts';

export interface Reconciliation {
  services: number;
  connections: number;
  events: number;
}

/**
 * Holds all endpoint connections of all managed services against the register, and tells the bus what nobody has
 * told it: requests that no one is at, endpoints that were lost, and what nothing explains. What was told of a
 * service that is managed no longer is taken back. One service's trouble keeps no other from being looked at.
 *
 * @throws the first service's failure, after all were tried
 */
export async function reconcileEndpoints(dependencies: EndpointWatch): Promise<Reconciliation> {
  const { stackName, privateLink, registers, clock, log, metrics } = dependencies;
  const [services, known] = await Promise.all([privateLink.managedServices(stackName), registers.services()]);
  const managed = services.map(({ serviceId }) => serviceId);
  const connections = await privateLink.connections(managed);
  const close = (serviceId: string): Promise<AuditEvent[]> =>
    tellAndNote(serviceId, (register) => closeService(register, clock.now()), dependencies);
  const attempts = await Promise.allSettled([
    ...services.map((service) => {
      const own = connections.filter(({ serviceId }) => serviceId === service.serviceId);
      return reconcileService(service, own, dependencies);
    }),
    ...known.filter((serviceId) => !managed.includes(serviceId)).map(close),
  ]);
  const failed = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt] : []));
  const outcome = {
    services: services.length,
    connections: connections.length,
    events: attempts.reduce(
      (sum, attempt) => sum + (attempt.status === 'fulfilled' ? attempt.value.length : 0),
      0,
    ),
  };
  log.info('RECONCILED', 'All endpoint connections were looked at.', { ...outcome, failed: failed.length });
  metrics.counts({ EndpointsReconciled: connections.length });
  const [first] = failed;
  if (first !== undefined) {
    for (const { reason } of failed) {
      const error: unknown = reason;
      log.error('NOT_RECONCILED', 'A service could not be looked at.', { error });
    }
    throw first.reason;
  }
  return outcome;
}

async function reconcileService(
  service: EndpointService,
  connections: readonly EndpointConnection[],
  dependencies: EndpointWatch,
): Promise<AuditEvent[]> {
  const { privateLink, clock } = dependencies;
  const now = clock.now();
  const principals = await privateLink.principals(service.serviceId);
  const moment = { now, observedBy: 'reconciliation' as const };
  const listed = connections.map(({ endpointId }) => endpointId);
  return tellAndNote(
    service.serviceId,
    (register) =>
      inTurn(register, [
        (current) => auditService(current, service, principals, now),
        ...[...new Set([...listed, ...knownEndpoints(register)])].map(
          (endpointId) => (current: EndpointRegister) =>
            auditEndpoint(current, endpointId, newestOf(connections, endpointId), moment),
        ),
      ]),
    dependencies,
  );
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
