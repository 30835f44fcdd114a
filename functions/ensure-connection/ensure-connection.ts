import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Connection } from '../../shared/contracts/fivetran.ts';
import type {
  ConnectSourceRequest,
  EnsureConnectionInput,
  EnsuredConnection,
} from '../../shared/contracts/setup.ts';
import { FivetranRequestError, InvalidInputError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { fallbackOf, refusesUpdateMethod } from '../../shared/rules/update-method.ts';
import type { FivetranRole } from '../../shared/clients/secrets/fivetran-role.ts';

export interface EnsureConnectionDependencies {
  fivetran: Fivetran;
  syncs: Pick<Syncs, 'state' | 'change'>;
  /** The role that Fivetran logs in with, read anew. */
  roleOf: (source: string) => Promise<FivetranRole>;
  log: Log;
}

type EnsureInput = Extract<EnsureConnectionInput, { mode: 'ensure' }>;

const defaultPort = 5432;
const defaultDatabase = 'postgres';

/**
 * The Fivetran connection of a source. ensure: found by its name, created when there is none, never twice, and
 * brought back to its private link and role when they differ; credentials: carries a rotated password over.
 *
 * @throws InvalidInputError, ConfigError with the input field or secret to change; FivetranRequestError
 */
export function ensureConnection(
  input: EnsureConnectionInput,
  dependencies: EnsureConnectionDependencies,
): Promise<EnsuredConnection> {
  switch (input.mode) {
    case 'ensure':
      return ensure(input, dependencies);
    case 'credentials':
      return carryOver(input.connectionId, input.source, dependencies);
  }
}

async function ensure(
  input: EnsureInput,
  dependencies: EnsureConnectionDependencies,
): Promise<EnsuredConnection> {
  const { fivetran, roleOf } = dependencies;
  const { request } = input;
  const role = await roleOf(request.source);
  const existing = await find(request, fivetran);
  return existing === undefined
    ? create(input, role, dependencies)
    : repair(existing, input, role, dependencies);
}

async function find(
  { groupId, schemaPrefix }: ConnectSourceRequest,
  fivetran: Fivetran,
): Promise<Connection | undefined> {
  for await (const { items } of fivetran.connections.list({ groupId, schema: schemaPrefix })) {
    const found = items.find(({ name }) => name === schemaPrefix);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function create(
  { request, privateLinkId, host }: EnsureInput,
  role: FivetranRole,
  { fivetran, syncs, log }: EnsureConnectionDependencies,
): Promise<EnsuredConnection> {
  const make = (updateMethod: string) =>
    fivetran.connections.create({
      groupId: request.groupId,
      service: request.service,
      schemaPrefix: request.schemaPrefix,
      privateLinkId,
      host: hostOf(request, host),
      port: request.port ?? role.port ?? defaultPort,
      database: request.database ?? role.database ?? defaultDatabase,
      user: role.user,
      password: role.password,
      updateMethod,
      destinationSchemaNames: request.destinationSchemaNames,
      ...(request.syncFrequency === undefined ? {} : { syncFrequency: request.syncFrequency }),
      ...(request.scheduleType === undefined ? {} : { scheduleType: request.scheduleType }),
    });
  const connection = await make(request.updateMethod).catch((error: unknown) => {
    const fallback = fallbackOf(request.updateMethod);
    if (fallback === undefined || !isRefusedMethod(error)) throw error;
    log.warn('UPDATE_METHOD_FALLBACK', 'Fivetran refused the update method; another one is asked for.', {
      refused: request.updateMethod,
      fallback,
    });
    return make(fallback);
  });
  await noteSent(connection.id, request.source, role, syncs);
  const fellBack = connection.updateMethod !== '' && connection.updateMethod !== request.updateMethod;
  return {
    outcome: 'created',
    connectionId: connection.id,
    name: connection.name,
    updateMethod: connection.updateMethod,
    fellBack,
    summary: fellBack
      ? `The connection ${connection.name} was created with update method ${connection.updateMethod}, because Fivetran no longer takes ${request.updateMethod} for new connections.`
      : `The connection ${connection.name} was created with update method ${connection.updateMethod}.`,
  };
}

function isRefusedMethod(error: unknown): boolean {
  return error instanceof FivetranRequestError && refusesUpdateMethod(error.status, error.message);
}

/**
 * Brings a connection that exists back to its private link, role and password. Its host is not compared: Fivetran
 * rewrites it. Its update method is never changed: that would cost a historical sync.
 */
async function repair(
  existing: Connection,
  { request, privateLinkId, host }: EnsureInput,
  role: FivetranRole,
  { fivetran, syncs }: EnsureConnectionDependencies,
): Promise<EnsuredConnection> {
  if (existing.service !== request.service) {
    throw new InvalidInputError(
      `The group ${request.groupId} already has a connection named ${existing.name}, of service ${existing.service} and not ${request.service}: choose another schemaPrefix, or correct service.`,
    );
  }
  const moved = existing.privateLinkId !== privateLinkId || existing.networkingMethod === 'Directly';
  const sent = (await syncs.state(existing.id)).sentRole?.versionId;
  const answer = {
    connectionId: existing.id,
    name: existing.name,
    updateMethod: existing.updateMethod,
    fellBack: false,
  };
  if (!moved && sent === role.versionId) {
    return { ...answer, outcome: 'found', summary: `The connection ${existing.name} is there already.` };
  }
  await fivetran.connections.update(existing.id, {
    networking: { privateLinkId },
    config: {
      ...(moved ? { host: hostOf(request, host) } : {}),
      user: role.user,
      password: role.password,
    },
  });
  await noteSent(existing.id, request.source, role, syncs);
  return {
    ...answer,
    outcome: 'updated',
    summary: `The connection ${existing.name} was there already and has been given its ${moved ? 'private link and role' : 'role'} anew.`,
  };
}

function hostOf(request: ConnectSourceRequest, linkHost: string): string {
  const host = request.host ?? linkHost;
  if (host !== '') return host;
  throw new InvalidInputError(
    'Fivetran names no host for the private link: give host, the name by which Fivetran reaches the database.',
  );
}

async function carryOver(
  connectionId: string,
  source: string,
  { fivetran, syncs, roleOf, log }: EnsureConnectionDependencies,
): Promise<EnsuredConnection> {
  const sent = (await syncs.state(connectionId)).sentRole?.versionId;
  if (sent === undefined) {
    return {
      outcome: 'unmanaged',
      connectionId,
      summary: 'The user and password of this connection were not set by us.',
    };
  }
  const role = await roleOf(source);
  if (role.versionId === sent) {
    return { outcome: 'current', connectionId, summary: 'Fivetran has the present user and password.' };
  }
  const connection = await fivetran.connections.get(connectionId);
  await fivetran.connections.update(connectionId, {
    ...(connection.privateLinkId === null ? {} : { networking: { privateLinkId: connection.privateLinkId } }),
    config: { user: role.user, password: role.password },
  });
  await noteSent(connectionId, source, role, syncs);
  log.info('CREDENTIALS_SENT', 'Fivetran was given the rotated user and password.', { connectionId });
  return { outcome: 'sent', connectionId, summary: 'Fivetran was given the rotated user and password.' };
}

function noteSent(
  connectionId: string,
  source: string,
  { versionId }: FivetranRole,
  syncs: EnsureConnectionDependencies['syncs'],
): Promise<void> {
  return syncs.change(connectionId, { sentRole: { source, versionId } });
}
