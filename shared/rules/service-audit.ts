import type { EndpointRegister } from '../contracts/endpoint-register.ts';
import type { EndpointService } from '../contracts/endpoint.ts';
import { attention, endpointSubject, tellOnce, subjectOf, type Audit } from './standing.ts';

/** What holds of a service whoever asks for it: it must ask before it lets anybody in, and not be open to all. */
export function auditService(
  register: EndpointRegister,
  service: EndpointService,
  principals: readonly string[],
  now: Date,
): Audit {
  const { serviceId } = service;
  return tellOnce(register, { type: 'service', id: serviceId, name: service.serviceName }, now, [
    {
      kind: 'acceptance-off',
      holds: !service.acceptanceRequired,
      summary: `The endpoint service ${serviceId} accepts every request by itself: switch on "acceptance required".`,
    },
    {
      kind: 'principal-wildcard',
      holds: principals.includes('*'),
      summary: `Everybody may ask to connect to ${serviceId}: remove the principal * from its permissions.`,
    },
  ]);
}

/**
 * A service that is not ours to manage any more: whoever was told of a request or a condition there hears that
 * nobody looks at it from now on. Who was let in stays on record.
 */
export function closeService(register: EndpointRegister, now: Date): Audit {
  const { serviceId, standing, requests } = register;
  const over = `${serviceId} is not managed any more (${now.toISOString()}).`;
  const held = Object.entries(requests).filter(([, { decision }]) => decision === 'hold');
  if (standing.length === 0 && Object.keys(requests).length === 0) return { register, events: [] };
  return {
    register: { ...register, standing: [], requests: {} },
    events: [
      ...standing.map(({ kind, subjectId, since }) =>
        attention(subjectOf(register, subjectId), kind, over, since, true),
      ),
      ...held.map(([endpointId, { firstSeenAt }]) =>
        attention(endpointSubject(endpointId), 'endpoint-held', over, firstSeenAt, true),
      ),
    ],
  };
}
