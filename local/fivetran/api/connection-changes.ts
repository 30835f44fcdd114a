import { toJson } from '../../json.ts';
import type { Faults } from '../faults.ts';
import { services, type Account, type Connection } from '../model.ts';
import type { ConnectionActions } from './connection-actions.ts';
import { testControls, type ConnectionCreation, type ConnectionUpdate } from './connection-requests.ts';
import { ApiError, invalid, notFound } from './router.ts';

/**
 * The connection that was asked for, before its first setup tests.
 *
 * @throws ApiError where Fivetran would refuse it
 */
export function newConnection(wanted: ConnectionCreation, actions: ConnectionActions): Connection {
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

/**
 * Makes the connection as asked, and what follows of it happen.
 *
 * @throws ApiError where Fivetran would refuse it; nothing is changed then
 */
export async function updateConnection(
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
