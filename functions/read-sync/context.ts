import type { ConnectionPath } from '../../shared/contracts/connection-path.ts';
import type { SelectedTable } from '../../shared/contracts/connection-record.ts';
import type { ConnectionNow } from '../../shared/contracts/fivetran.ts';
import type { BeginResult } from '../../shared/contracts/sync.ts';
import { InvalidInputError, NotFoundError } from '../../shared/errors.ts';
import { postgresServices } from '../../shared/rules/supported-services.ts';
import { toInstant } from '../../shared/rules/sync-view.ts';
import type { ReadSyncDependencies } from './dependencies.ts';
import { pathOf } from './path.ts';

/**
 * The connection, as Fivetran shows it.
 *
 * @throws NotFoundError, InvalidInputError when it is none of ours; they name the input field
 */
export async function readConnection(
  connectionId: string,
  { fivetran }: ReadSyncDependencies,
): Promise<ConnectionNow> {
  const connection = await fivetran.connections.get(connectionId).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NotFoundError(
      `Fivetran has no connection ${connectionId}: connectionId must be the id of a connection of this Fivetran account, as its Setup tab shows it.`,
      { cause: error },
    );
  });
  if (!postgresServices.has(connection.service)) {
    throw new InvalidInputError(
      `The connection ${connection.name} (${connectionId}) is of service ${connection.service}; connectionId must name a connection of service ${[...postgresServices].join(', ')}.`,
    );
  }
  return connection;
}

/** What a run knows of its connection; also recorded in the ledger for the functions inside the VPC. */
export async function describe(
  connection: ConnectionNow,
  dependencies: ReadSyncDependencies,
): Promise<Omit<BeginResult, 'outcome' | 'summary'>> {
  const { registers } = dependencies;
  const path = await pathOf(connection, dependencies);
  await record(connection, path, dependencies);
  const binding =
    path.privateLinkId === '' ? undefined : await registers.bindingOfPrivateLink(path.privateLinkId);
  return {
    ...unknownContext(connection.id),
    connection: {
      connectionId: connection.id,
      name: connection.name,
      groupId: connection.groupId,
      updateMethod: connection.updateMethod,
    },
    source: path.source,
    serviceId: path.serviceId,
    endpointId: binding?.endpointId ?? '',
    privateLinkId: path.privateLinkId,
    needsTest: connection.setupState !== 'connected',
    lastSuccessAt: toInstant(connection.succeededAt),
  };
}

/** The context of a run that need not know its connection. */
export const unknownContext = (connectionId: string): Omit<BeginResult, 'outcome' | 'summary'> => ({
  connection: { connectionId, name: '', groupId: '', updateMethod: '' },
  source: '',
  serviceId: '',
  endpointId: '',
  privateLinkId: '',
  needsTest: false,
  unpause: false,
  lastSuccessAt: null,
  sync: null,
  following: null,
  waitSeconds: 0,
});

async function record(
  connection: ConnectionNow,
  path: ConnectionPath,
  dependencies: ReadSyncDependencies,
): Promise<void> {
  const { connections, clock } = dependencies;
  const tables =
    (await tablesOf(connection, dependencies)) ?? (await connections.read(connection.id))?.tables ?? [];
  const succeededAt = toInstant(connection.succeededAt);
  await connections.write({
    connectionId: connection.id,
    name: connection.name,
    groupId: connection.groupId,
    updateMethod: connection.updateMethod,
    ...(path.source === '' ? {} : { source: path.source }),
    ...(connection.user === '' ? {} : { sourceRole: connection.user }),
    ...(connection.scheduleType === 'auto' && connection.syncFrequency > 0
      ? { syncFrequencyMinutes: connection.syncFrequency }
      : {}),
    ...(succeededAt === null ? {} : { succeededAt }),
    copiesAll: connection.isHistoricalSync || succeededAt === null,
    destination: path.destination,
    tables,
    recordedAt: clock.now().toISOString(),
  });
}

/** Before the initial sync Fivetran has to be told to read the schema: the mark before that sync needs its tables. */
async function tablesOf(
  connection: ConnectionNow,
  { fivetran, log }: ReadSyncDependencies,
): Promise<SelectedTable[] | undefined> {
  const selected = await fivetran.schemas.selectedTables(connection.id);
  if (selected !== undefined || connection.setupState !== 'connected') return selected;
  return fivetran.schemas.reload(connection.id).catch((error: unknown) => {
    log.warn('SCHEMA_NOT_READ', 'Fivetran did not read the schema, so the initial sync is not verified.', {
      error,
    });
    return undefined;
  });
}
