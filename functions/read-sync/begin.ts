import type { ConnectionPath } from '../../shared/clients/ledger/connections.ts';
import type { ConnectionNow } from '../../shared/contracts/fivetran.ts';
import type { BeginResult, EndedSync, ReadSyncInput, RunSyncRequest } from '../../shared/contracts/sync.ts';
import { InvalidInputError, NotFoundError } from '../../shared/errors.ts';
import { postgresServices } from '../../shared/rules/supported-services.ts';
import { identifySync } from '../../shared/rules/sync-identity.ts';
import { toInstant } from '../../shared/rules/sync-view.ts';
import { stepSeconds, syncLease } from '../../shared/rules/sync-lease.ts';
import { adopt } from './follow.ts';
import { pathOf } from './path.ts';
import type { ReadSyncDependencies } from './read-sync.ts';

type BeginInput = Extract<ReadSyncInput, { mode: 'begin' }>;

/** Finds out whose sync this is, and puts what other functions need to know of the connection into the ledger. */
export async function begin(
  { execution, request }: BeginInput,
  dependencies: ReadSyncDependencies,
): Promise<BeginResult> {
  const { leases } = dependencies;
  const { connectionId } = request;
  if (request.review !== true) {
    if (!(await leases.take(syncLease(connectionId), execution, stepSeconds))) return handled(connectionId);
    return start(execution, request, dependencies);
  }
  const holder = await leases.holder(syncLease(connectionId));
  if (holder !== undefined && holder !== execution) return handled(connectionId);
  return review(execution, request, dependencies);
}

async function start(
  execution: string,
  request: RunSyncRequest,
  dependencies: ReadSyncDependencies,
): Promise<BeginResult> {
  const { fivetran, leases, log } = dependencies;
  let connection = await readConnection(request.connectionId, dependencies);
  if (connection.paused) {
    const policy = request.whenPaused ?? 'fail';
    if (policy === 'fail') {
      throw new InvalidInputError(
        `The connection ${connection.name} is paused: unpause it in Fivetran, or start run-sync with "whenPaused": "unpause" or "skip".`,
      );
    }
    if (policy === 'skip') {
      await leases.release(syncLease(connection.id), execution);
      return {
        ...(await describe(connection, dependencies)),
        outcome: 'skipped',
        summary: `The connection ${connection.name} is paused and is left so.`,
      };
    }
    connection = await fivetran.connections.update(connection.id, { paused: false });
    log.info('UNPAUSED', 'The connection was paused and has been unpaused, as the input asks for.');
  }
  return {
    ...(await describe(connection, dependencies)),
    outcome: 'start',
    summary: `A sync of ${connection.name} is started.`,
  };
}

async function review(
  execution: string,
  request: RunSyncRequest,
  dependencies: ReadSyncDependencies,
): Promise<BeginResult> {
  const { syncs, leases } = dependencies;
  const connection = await readConnection(request.connectionId, dependencies);
  const told = {
    syncId: request.syncId ?? '',
    status: request.status ?? '',
    endedAt: request.endedAt ?? connection.serverTime.toISOString(),
  };
  const sync = identifySync(told, connection);
  for (const claim of sync.claims) {
    if (!(await syncs.claim(connection.id, claim, execution))) return handled(connection.id);
  }
  const described = await describe(connection, dependencies);
  if (sync.status === 'RESCHEDULED' && !sync.overtaken) {
    if (!(await leases.take(syncLease(connection.id), execution, stepSeconds))) return handled(connection.id);
    const following = await adopt(connection, dependencies);
    return {
      ...described,
      outcome: 'follow',
      summary: `Fivetran rescheduled the sync of ${connection.name}; it is followed to its end.`,
      following,
      waitSeconds: 1,
    };
  }
  const { reported } = await syncs.state(connection.id);
  const isReported = reported !== undefined && told.syncId !== '' && reported.syncId === told.syncId;
  const ended: EndedSync = {
    status: sync.status,
    reason: sync.overtaken ? '' : (request.reason ?? ''),
    tasks: connection.tasks,
    warnings: connection.warnings,
    endedAt: toInstant(sync.endedAt) ?? connection.serverTime.toISOString(),
    startedAt: isReported && !sync.overtaken ? reported.startedAt : null,
    syncId: sync.overtaken ? '' : told.syncId,
  };
  const succeeded = sync.status === 'SUCCESSFUL';
  return {
    ...described,
    outcome: succeeded ? 'succeeded' : 'failed',
    summary: `The sync of ${connection.name} that ended at ${sync.endedAt} ${succeeded ? 'succeeded' : `ended as ${sync.status}`}.`,
    sync: ended,
  };
}

async function readConnection(
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

/** The connection's context; also recorded in the ledger for the functions inside the VPC. */
async function describe(
  connection: ConnectionNow,
  dependencies: ReadSyncDependencies,
): Promise<Omit<BeginResult, 'outcome' | 'summary'>> {
  const { claims, syncs } = dependencies;
  const path = await pathOf(connection, dependencies);
  await record(connection, path, dependencies);
  await syncs.change(connection.id, { name: connection.name, updateMethod: connection.updateMethod });
  const binding =
    path.privateLinkId === '' ? undefined : await claims.bindingOfPrivateLink(path.privateLinkId);
  return {
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
    sync: null,
    following: null,
    waitSeconds: 0,
  };
}

async function record(
  connection: ConnectionNow,
  path: ConnectionPath,
  { fivetran, connections, clock }: ReadSyncDependencies,
): Promise<void> {
  const tables =
    (await fivetran.schemas.selectedTables(connection.id)) ?? (await connections.read(connection.id))?.tables;
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
    destination: path.destination,
    tables: tables ?? [],
    recordedAt: clock.now().toISOString(),
  });
}

function handled(connectionId: string): BeginResult {
  return {
    outcome: 'handled',
    summary: `Another execution handles this sync of ${connectionId}.`,
    connection: { connectionId, name: '', groupId: '', updateMethod: '' },
    source: '',
    serviceId: '',
    endpointId: '',
    privateLinkId: '',
    needsTest: false,
    lastSuccessAt: null,
    sync: null,
    following: null,
    waitSeconds: 0,
  };
}
