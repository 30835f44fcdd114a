import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { PrivateLink as PrivateLinkClient } from '../../shared/clients/privatelink/privatelink.ts';
import { managedTag, sourceTagKey, type EndpointService } from '../../shared/contracts/endpoint.ts';
import type { Group, PrivateLink } from '../../shared/contracts/fivetran.ts';
import type {
  ConnectSourceRequest,
  EnsurePrivateLinkInput,
  PrivateLinkState,
} from '../../shared/contracts/setup.ts';
import { ConfigError, NotFoundError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import {
  fivetranRegion,
  linkDeadlineSeconds,
  linkOf,
  linkWaitedSeconds,
  linkWaitSeconds,
  privateLinkName,
} from '../../shared/rules/private-link-plan.ts';

export interface EnsurePrivateLinkDependencies {
  stackName: string;
  fivetran: Fivetran;
  privateLink: Pick<PrivateLinkClient, 'service' | 'managedServices'>;
  log: Log;
}

/**
 * Fivetran's private link to the source's endpoint service: found by the service's name, created when there is
 * none, never created twice. Answers with its present state; whoever asks waits. `plan` only finds out whether
 * everything that the request names exists.
 *
 * @throws ConfigError, NotFoundError with the setting, tag or input field to change
 */
export async function ensurePrivateLink(
  { mode, request, attempt }: EnsurePrivateLinkInput,
  dependencies: EnsurePrivateLinkDependencies,
): Promise<PrivateLinkState> {
  const service = await serviceOf(request, dependencies);
  if (mode === 'plan') {
    const group = await groupOf(request, dependencies);
    await assertDestination(group, dependencies);
    return { ...stateOf(service, undefined, attempt), groupName: group.name };
  }
  const links = await dependencies.fivetran.privateLinks.list();
  const link = linkOf(service, links) ?? (await create(request, service, links, dependencies));
  return stateOf(service, link, attempt);
}

async function serviceOf(
  { source, serviceId }: ConnectSourceRequest,
  { stackName, privateLink }: EnsurePrivateLinkDependencies,
): Promise<EndpointService> {
  const tags = `${managedTag.key} = ${managedTag.value} and ${sourceTagKey} = ${source}`;
  if (serviceId !== undefined) {
    const service = await privateLink.service(serviceId);
    if (service === undefined) {
      throw new NotFoundError(
        `There is no endpoint service ${serviceId} in this account and Region: correct serviceId, or leave it out to have the service found by its tags.`,
      );
    }
    if (service.tags[managedTag.key] === managedTag.value && service.tags[sourceTagKey] === source) {
      return service;
    }
    throw new ConfigError(`The endpoint service ${serviceId} does not carry the tags ${tags}: add them.`);
  }
  const found = (await privateLink.managedServices(stackName)).filter(
    ({ tags: its }) => its[sourceTagKey] === source,
  );
  const [service] = found;
  if (service === undefined) {
    throw new ConfigError(
      `No endpoint service carries the tags ${tags}: tag the service of this source, or correct source.`,
    );
  }
  if (found.length > 1) {
    throw new ConfigError(
      `Several endpoint services carry the tag ${sourceTagKey} = ${source} (${found.map((each) => each.serviceId).join(', ')}): give serviceId.`,
    );
  }
  return service;
}

/** Groups that a sentence for a person names at most. */
const groupsTold = 10;

async function groupOf(
  { groupId }: ConnectSourceRequest,
  { fivetran }: EnsurePrivateLinkDependencies,
): Promise<Group> {
  try {
    return await fivetran.groups.get(groupId);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const groups = await fivetran.groups.list();
    const named = groups.find(({ name }) => name.toLowerCase() === groupId.toLowerCase());
    const hint =
      named === undefined
        ? `must be the id of one of its groups, for instance ${groups
            .slice(0, groupsTold)
            .map(({ id, name }) => `${id} (${name})`)
            .join(', ')}`
        : `must be a group's id and not its name; that of ${named.name} is ${named.id}`;
    throw new NotFoundError(`Fivetran has no group ${groupId}: groupId ${hint}.`, { cause: error });
  }
}

async function assertDestination(
  { id, name }: Group,
  { fivetran }: EnsurePrivateLinkDependencies,
): Promise<void> {
  const { setupStatus, service } = await fivetran.destinations.get(id).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
    throw new ConfigError(
      `The group ${id} (${name}) has no destination: set one up in Fivetran first, or correct groupId.`,
      { cause: error },
    );
  });
  if (setupStatus.toUpperCase() === 'CONNECTED') return;
  throw new ConfigError(
    `The destination ${id} (${name}, ${service}) is ${setupStatus || 'not connected'}: finish its set-up in Fivetran, where the destination's setup tests say what is missing.`,
  );
}

async function create(
  { source }: ConnectSourceRequest,
  { serviceName, region }: EndpointService,
  links: readonly PrivateLink[],
  { fivetran, log }: EnsurePrivateLinkDependencies,
): Promise<PrivateLink> {
  const link = await fivetran.privateLinks.create({
    name: privateLinkName(source, new Set(links.map(({ name }) => name))),
    region: fivetranRegion(region),
    serviceName,
  });
  log.info('PRIVATE_LINK_CREATED', 'Fivetran was asked for a private link.', {
    privateLinkId: link.id,
    serviceName,
  });
  return link;
}

function stateOf(
  { serviceId, serviceName }: EndpointService,
  link: PrivateLink | undefined,
  attempt: number,
): PrivateLinkState {
  const known = {
    serviceId,
    serviceName,
    groupName: '',
    privateLinkId: link?.id ?? '',
    host: link?.host ?? '',
    state: link?.state ?? '',
    attempt: attempt + 1,
    waitSeconds: linkWaitSeconds(attempt),
  };
  if (link === undefined) {
    return { ...known, outcome: 'planned', summary: `The endpoint service is ${serviceName}.` };
  }
  const said = `Fivetran's private link ${link.name} is ${link.state}${link.stateSummary === '' ? '' : `: ${link.stateSummary}`}`;
  if (link.state === 'OK') return { ...known, outcome: 'ready', summary: `${said}.` };
  if (link.state === 'FAIL') {
    return {
      ...known,
      outcome: 'failed',
      summary: `${said}. Delete it in Fivetran and start connect-source again.`,
    };
  }
  if (linkWaitedSeconds(attempt) > linkDeadlineSeconds) {
    return {
      ...known,
      outcome: 'failed',
      summary: `${said}, still after ${linkDeadlineSeconds / 3600} hours: look whether the endpoint request was held or never came.`,
    };
  }
  return { ...known, outcome: 'pending', summary: `${said}.` };
}
