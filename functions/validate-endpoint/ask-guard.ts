import type { EndpointRegister } from '../../shared/contracts/endpoint-register.ts';
import type { EndpointConnection, EndpointService } from '../../shared/contracts/endpoint.ts';
import type { PrivateLink as FivetranLink } from '../../shared/contracts/fivetran.ts';
import { UnavailableError } from '../../shared/errors.ts';
import { guard } from '../../shared/rules/guard.ts';
import type { GuardResult } from '../../shared/rules/endpoint-decision.ts';
import type { Dependencies } from './question.ts';

/** The guard's answer, and our private links to the service, in whatever state. */
export type GuardedBy = GuardResult & { links: FivetranLink[] };

/**
 * Asks the guard. Fivetran's silence is an answer of its own; its refusal of our key is a failure, unless a person
 * has decided already: they must be able to decide on the day on which Fivetran's key is broken.
 */
export async function askGuard(
  about: {
    service: EndpointService;
    connection: EndpointConnection;
    connections: readonly EndpointConnection[];
    register: EndpointRegister;
    mustKnow: boolean;
  },
  { fivetranLinks, hostNames, registers, clock, log, settings }: Dependencies,
): Promise<GuardedBy> {
  const { service } = about;
  let links: FivetranLink[];
  try {
    links = await fivetranLinks.list();
  } catch (error) {
    if (about.mustKnow && !(error instanceof UnavailableError)) throw error;
    log.warn('FIVETRAN_SILENT', 'Fivetran could not be asked for its private links.', { error });
    return { granted: 'unknown', summary: 'Fivetran could not be asked for its private links.', links: [] };
  }
  const ours = links.filter(({ serviceName }) => serviceName === service.serviceName);
  const [uses, names] = await Promise.all([
    Promise.all(ours.map(({ id }) => registers.usesOfPrivateLink(id))),
    Promise.all(
      ours.map(async ({ id, host }) => [id, host === undefined ? [] : await hostNames(host)] as const),
    ),
  ]);
  const answer = guard({
    request: about.connection,
    connections: about.connections,
    serviceName: service.serviceName,
    links,
    register: about.register,
    usedElsewhere: uses.flat().filter(({ serviceId }) => serviceId !== service.serviceId),
    hostNames: Object.fromEntries(names),
    fivetranAccounts: settings.fivetranAccounts,
    claimWindowHours: settings.claimWindowHours,
    now: clock.now(),
  });
  return { ...answer, links: ours };
}
