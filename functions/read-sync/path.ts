import type { ConnectionPath } from '../../shared/contracts/connection-path.ts';
import { sourceTagKey } from '../../shared/contracts/endpoint.ts';
import type { Connection } from '../../shared/contracts/fivetran.ts';
import { SourceName } from '../../shared/contracts/ids.ts';
import { ConfigError, NotFoundError } from '../../shared/errors.ts';
import type { ReadSyncDependencies } from './dependencies.ts';

/** The path of a connection seldom changes; a day old, it is learned again. */
const rememberMs = 24 * 3600 * 1000;

/**
 * How the connection reaches its database and its destination: from the ledger when it is known and fresh,
 * otherwise by following the private link to our endpoint service and its source tag.
 *
 * @throws ConfigError when the destination is not connected
 */
export async function pathOf(
  connection: Connection,
  dependencies: ReadSyncDependencies,
): Promise<ConnectionPath> {
  const { connections, clock } = dependencies;
  const known = await connections.path(connection.id);
  const now = clock.now();
  if (
    known?.privateLinkId === (connection.privateLinkId ?? '') &&
    known.groupId === connection.groupId &&
    now.getTime() - Date.parse(known.learnedAt) < rememberMs
  ) {
    return known;
  }
  const learned: ConnectionPath = {
    privateLinkId: connection.privateLinkId ?? '',
    groupId: connection.groupId,
    destination: await destinationOf(connection, dependencies),
    ...(await serviceOf(connection, dependencies)),
    learnedAt: now.toISOString(),
  };
  await connections.writePath(connection.id, learned);
  return learned;
}

async function destinationOf(
  { groupId, name }: Connection,
  { fivetran }: ReadSyncDependencies,
): Promise<ConnectionPath['destination']> {
  const { setupStatus, service, catalog } = await fivetran.destinations
    .get(groupId)
    .catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
      throw new ConfigError(
        `The group ${groupId} of connection ${name} has no destination: set one up in Fivetran first.`,
        { cause: error },
      );
    });
  if (setupStatus.toUpperCase() !== 'CONNECTED') {
    throw new ConfigError(
      `The destination ${groupId} (${service}) of connection ${name} is ${setupStatus || 'not connected'}: finish its set-up in Fivetran, where the setup tests of the destination say what is missing.`,
    );
  }
  return { service, catalog };
}

async function serviceOf(
  { privateLinkId }: Connection,
  { fivetran, registers, privateLink }: ReadSyncDependencies,
): Promise<Pick<ConnectionPath, 'serviceId' | 'source'>> {
  if (privateLinkId === null) return { serviceId: '', source: '' };
  const bound = await registers.bindingOfPrivateLink(privateLinkId);
  const serviceId =
    bound?.serviceId ?? serviceIdOf((await fivetran.privateLinks.get(privateLinkId)).serviceName);
  if (serviceId === '') return { serviceId, source: '' };
  const service = await privateLink.service(serviceId);
  const source = service?.tags[sourceTagKey] ?? '';
  return { serviceId: service === undefined ? '' : serviceId, source: isSourceName(source) ? source : '' };
}

/** `com.amazonaws.vpce.us-east-1.vpce-svc-0123…` ends in the service's id. */
function serviceIdOf(serviceName: string | undefined): string {
  return /vpce-svc-[0-9a-f]{8,17}$/.exec(serviceName ?? '')?.[0] ?? '';
}

const isSourceName = (text: string): boolean => SourceName.safeParse(text).success;
