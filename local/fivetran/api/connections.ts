import * as z from 'zod/mini';
import type { Clock } from '../../../shared/clock.ts';
import { toJson, type JsonObject } from '../../json.ts';
import type { Faults } from '../faults.ts';
import { services, type Account, type Connection } from '../model.ts';
import type { Happening } from '../webhooks.ts';
import { ConnectionCreation, ConnectionUpdate, testControls } from './connection-requests.ts';
import { page } from './paging.ts';
import { ApiError, bodyOf, invalid, notFound, type Answer, type Route } from './router.ts';
import { showConnection } from './show-connection.ts';

/** What the API of connections makes happen. */
export interface ConnectionActions {
  account: Account;
  clock: Clock;
  faults: Faults;
  newId: () => string;
  test: (connection: Connection, options: { trustCertificates: boolean }) => Promise<void>;
  /** Starts a sync unless one runs; with `force` the running one is cancelled first. */
  sync: (connection: Connection, force: boolean) => Promise<void>;
  forget: (connection: Connection) => void;
  tell: (happening: Happening) => void;
}

/** A connection by the id in a path. */
export function findConnection(account: Account, id = ''): Connection {
  const connection = account.connections.get(id);
  if (connection === undefined) throw notFound('Connection', id);
  return connection;
}

/** `/v1/connections` and the actions on one connection. */
export function connectionRoutes(actions: ConnectionActions): Route[] {
  const { account, clock } = actions;
  const find = (id?: string): Connection => findConnection(account, id);
  const now = (): { now: Date; minuteMs: number } => ({ now: clock.now(), minuteMs: account.minuteMs });
  const show = (connection: Connection): JsonObject => showConnection(connection, now());
  const details = (connection: Connection, message: string, tested: boolean): Answer => ({
    message,
    data: showConnection(connection, now(), tested),
  });
  return [
    {
      method: 'GET',
      path: 'connections',
      version: 2,
      run: (call) => {
        const [group, schema] = [call.query.get('group_id'), call.query.get('schema')];
        const connections = [...account.connections.values()].filter(
          ({ groupId, name }) =>
            (group === null || groupId === group) && (schema === null || name === schema),
        );
        return {
          message: 'Connections list retrieved successfully',
          data: page(connections, ({ id }) => id, show, call),
        };
      },
    },
    {
      method: 'POST',
      path: 'connections',
      version: 2,
      run: async ({ body }) => {
        const wanted = bodyOf(ConnectionCreation, body);
        const connection = newConnection(wanted, actions);
        account.connections.set(connection.id, connection);
        const tested = wanted.run_setup_tests ?? true;
        if (tested) await actions.test(connection, { trustCertificates: wanted.trust_certificates ?? false });
        actions.tell({ event: 'create_connector', connection });
        return { ...details(connection, 'Connection has been created', tested), status: 201 };
      },
    },
    {
      method: 'GET',
      path: 'connections/:id',
      version: 2,
      run: ({ params }) => details(find(params[0]), 'Connection details retrieved successfully', false),
    },
    {
      method: 'PATCH',
      path: 'connections/:id',
      version: 2,
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        const wanted = bodyOf(ConnectionUpdate, body);
        await update(connection, wanted, actions);
        const tested = (wanted.run_setup_tests ?? true) && touchesSetup(wanted);
        if (tested) await actions.test(connection, { trustCertificates: wanted.trust_certificates ?? false });
        return details(connection, 'Connection has been updated', tested);
      },
    },
    {
      method: 'DELETE',
      path: 'connections/:id',
      version: 2,
      run: ({ params }) => {
        const connection = find(params[0]);
        connection.running?.cancel.abort(new Error('The connection is deleted.'));
        account.connections.delete(connection.id);
        actions.forget(connection);
        actions.tell({ event: 'delete_connector', connection });
        return { message: `Connection with id '${connection.id}' has been deleted` };
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/sync',
      version: 2,
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        const { force } = bodyOf(z.strictObject({ force: z.optional(z.boolean()) }), body ?? {});
        await actions.sync(connection, force ?? false);
        return { message: `Sync has been successfully triggered for connection with id '${connection.id}'` };
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/resync',
      version: 2,
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        const { scope } = bodyOf(z.strictObject({ scope: z.optional(TableScope) }), body ?? {});
        if (connection.running !== undefined) await connection.running.ended;
        if (scope === undefined) connection.isHistoricalSync = true;
        else markForResync(connection, scope);
        await actions.sync(connection, false);
        return { message: `Sync has been successfully triggered for connection with id '${connection.id}'` };
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/schemas/tables/resync',
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        markForResync(connection, bodyOf(TableScope, body));
        await actions.sync(connection, false);
        return { message: 'Re-sync has been triggered successfully' };
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/test',
      version: 2,
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        const options = bodyOf(
          z.strictObject({
            trust_certificates: z.optional(z.boolean()),
            trust_fingerprints: z.optional(z.boolean()),
          }),
          body,
        );
        await actions.test(connection, { trustCertificates: options.trust_certificates ?? false });
        return details(connection, 'Setup tests have been completed', true);
      },
    },
    ...(['GET', 'PATCH'] as const).map((method): Route => ({
      method,
      path: 'connections/:id/state',
      version: 2,
      run: ({ params }) => {
        find(params[0]);
        throw new ApiError(
          405,
          'MethodNotAllowed',
          'Only Function and Connection SDK connections have a state',
        );
      },
    })),
  ];
}

const TableScope = z
  .record(z.string(), z.array(z.string()).check(z.minLength(1, 'must name at least one table')))
  .check(z.refine((scope) => Object.keys(scope).length > 0, 'must name at least one schema'));

function markForResync(connection: Connection, scope: z.output<typeof TableScope>): void {
  const configs = Object.entries(scope).flatMap(([schema, tables]) =>
    tables.map((table) => {
      const config = connection.schemas.get(schema)?.tables.get(table);
      if (config === undefined) throw new ApiError(404, 'NotFound', `Table ${schema}.${table} not found`);
      return config;
    }),
  );
  for (const config of configs) config.resync = true;
}

function newConnection(wanted: ConnectionCreation, actions: ConnectionActions): Connection {
  const { account, clock, faults } = actions;
  if (!services.some((service) => service === wanted.service)) {
    throw invalid(`Unsupported service '${wanted.service}'`);
  }
  if (!account.groups.has(wanted.group_id)) throw notFound('Group', wanted.group_id);
  checkNetworking(wanted, account);
  checkUpdateMethod(wanted.config, faults);
  const { schema_prefix: name, ...config } = wanted.config;
  const taken = [...account.connections.values()].some(
    (other) => other.groupId === wanted.group_id && other.name === name,
  );
  if (taken) {
    throw new ApiError(
      409,
      'Conflict',
      `Connection with schema '${name}' already exists in this destination`,
    );
  }
  const now = clock.now();
  return {
    id: actions.newId(),
    service: wanted.service,
    name,
    groupId: wanted.group_id,
    createdAt: now,
    paused: wanted.paused ?? false,
    pauseAfterTrial: wanted.pause_after_trial ?? false,
    syncFrequency: Number(wanted.sync_frequency ?? 360),
    ...dailySyncTime(wanted, Number(wanted.sync_frequency ?? 360)),
    scheduleType: wanted.schedule_type ?? 'auto',
    dataDelaySensitivity: wanted.data_delay_sensitivity ?? 'NORMAL',
    dataDelayThreshold: wanted.data_delay_threshold ?? 0,
    networkingMethod: wanted.networking_method ?? 'Directly',
    ...(wanted.private_link_id === undefined ? {} : { privateLinkId: wanted.private_link_id }),
    destinationSchemaNames: wanted.destination_schema_names ?? 'FIVETRAN_NAMING',
    config: {
      ...jsonObject(config),
      schema_prefix: name,
      update_method: config.update_method ?? 'QUERY_BASED',
    },
    setupState: 'incomplete',
    setupTests: [],
    isHistoricalSync: true,
    dueAt: now,
    tasks: [],
    warnings: [],
    certificates: new Map(),
    schemaChangeHandling: 'ALLOW_ALL',
    schemas: new Map(),
    syncs: [],
  };
}

async function update(
  connection: Connection,
  wanted: ConnectionUpdate,
  actions: ConnectionActions,
): Promise<void> {
  const persistent = Object.keys(wanted).filter((name) => !testControls.includes(name));
  if (persistent.length === 0) throw invalid('At least one connection parameter must be specified');
  checkNetworking(wanted, actions.account);
  checkUpdateMethod(wanted.config ?? {}, actions.faults);
  const daily = dailySyncTime(wanted, Number(wanted.sync_frequency ?? connection.syncFrequency));
  if (wanted.config !== undefined) Object.assign(connection.config, jsonObject(wanted.config));
  if (wanted.networking_method !== undefined) connection.networkingMethod = wanted.networking_method;
  if (wanted.private_link_id !== undefined) connection.privateLinkId = wanted.private_link_id;
  if (wanted.networking_method !== undefined && wanted.networking_method !== 'PrivateLink') {
    delete connection.privateLinkId;
  }
  if (wanted.sync_frequency !== undefined) connection.syncFrequency = Number(wanted.sync_frequency);
  Object.assign(connection, daily);
  connection.scheduleType = wanted.schedule_type ?? connection.scheduleType;
  connection.dataDelaySensitivity = wanted.data_delay_sensitivity ?? connection.dataDelaySensitivity;
  connection.dataDelayThreshold = wanted.data_delay_threshold ?? connection.dataDelayThreshold;
  connection.pauseAfterTrial = wanted.pause_after_trial ?? connection.pauseAfterTrial;
  const edited = persistent.some((name) => name !== 'paused');
  if (edited) actions.tell({ event: 'edit_connector', connection });
  if (wanted.paused !== undefined && wanted.paused !== connection.paused) {
    connection.paused = wanted.paused;
    actions.tell({ event: wanted.paused ? 'pause_connector' : 'resume_connector', connection });
  }
  if (wanted.is_historical_sync === true) {
    connection.isHistoricalSync = true;
    if (connection.running !== undefined) await actions.sync(connection, true);
    connection.dueAt = actions.clock.now();
  }
}

const touchesSetup = (wanted: ConnectionUpdate): boolean =>
  wanted.config !== undefined ||
  wanted.networking_method !== undefined ||
  wanted.private_link_id !== undefined;

interface Networking {
  networking_method?: string | undefined;
  private_link_id?: string | undefined;
  config?: { connection_type?: string | undefined } | undefined;
}

/** https://github.com/fivetran/terraform-provider-fivetran/issues/433 and /316: neither goes without the other. */
function checkNetworking(wanted: Networking, account: Account): void {
  const { networking_method: method, private_link_id: link, config } = wanted;
  if (link !== undefined && method !== 'PrivateLink') {
    throw invalid('Networking method must be PrivateLink in order to set private_link_id');
  }
  if ((method === 'PrivateLink' || config?.connection_type === 'PrivateLink') && link === undefined) {
    throw invalid("Field 'private_link_id' is required");
  }
  if (link !== undefined && !account.privateLinks.has(link)) throw notFound('Private link', link);
}

interface Replication {
  update_method?: string | undefined;
  replication_slot?: string | undefined;
  publication_name?: string | undefined;
}

function checkUpdateMethod(config: Replication, faults: Faults): void {
  if (config.update_method === 'TELEPORT' && faults.take('refuse-teleport') !== undefined) {
    throw invalid("Field 'config.update_method' must be one of: QUERY_BASED, WAL_PGOUTPUT");
  }
  const logical = config.update_method === 'WAL_PGOUTPUT';
  if (config.update_method !== undefined && !logical) {
    for (const name of ['replication_slot', 'publication_name'] as const) {
      if (config[name] !== undefined) throw invalid(`Field 'config.${name}' is only for WAL_PGOUTPUT`);
    }
  }
}

function dailySyncTime(
  wanted: { daily_sync_time?: string | undefined },
  frequency: number,
): { dailySyncTime?: string } {
  if (wanted.daily_sync_time === undefined) return {};
  if (frequency !== 1440) throw invalid("Field 'daily_sync_time' needs a sync_frequency of 1440");
  return { dailySyncTime: wanted.daily_sync_time };
}

function jsonObject(value: object): Connection['config'] {
  const json = toJson(value);
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
}
