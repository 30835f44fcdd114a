import type { Json, JsonObject } from '../../json.ts';
import { instant, type Alert, type Connection, type SetupTest } from '../model.ts';

const secretFields = ['password', 'client_private_key', 'client_public_certificate'];
const mask = '******';

/** A connection as the API shows it; `setup_tests` only after they ran in the same request. */
export function showConnection(
  connection: Connection,
  time: { now: Date; minuteMs: number },
  withTests = false,
): JsonObject {
  return {
    id: connection.id,
    service: connection.service,
    service_version: 1,
    schema: connection.name,
    group_id: connection.groupId,
    connected_by: 'local_user',
    created_at: instant(connection.createdAt),
    succeeded_at: connection.succeededAt === undefined ? null : instant(connection.succeededAt),
    failed_at: connection.failedAt === undefined ? null : instant(connection.failedAt),
    paused: connection.paused,
    pause_after_trial: connection.pauseAfterTrial,
    sync_frequency: connection.syncFrequency,
    ...(connection.dailySyncTime === undefined ? {} : { daily_sync_time: connection.dailySyncTime }),
    schedule_type: connection.scheduleType,
    data_delay_sensitivity: connection.dataDelaySensitivity,
    data_delay_threshold: connection.dataDelayThreshold,
    networking_method: connection.networkingMethod,
    private_link_id: connection.privateLinkId ?? null,
    proxy_agent_id: null,
    hybrid_deployment_agent_id: null,
    destination_schema_names: connection.destinationSchemaNames,
    source_sync_details: null,
    config: masked(connection.config),
    status: {
      setup_state: connection.setupState,
      schema_status: 'ready',
      sync_state: syncState(connection),
      update_state: isDelayed(connection, time) ? 'delayed' : 'on_schedule',
      is_historical_sync: connection.isHistoricalSync,
      rescheduled_for: connection.rescheduledFor === undefined ? null : instant(connection.rescheduledFor),
      tasks: connection.tasks.map(showAlert),
      warnings: connection.warnings.map(showAlert),
    },
    ...(withTests ? { setup_tests: connection.setupTests.map(showTest) } : {}),
  };
}

function syncState(connection: Connection): string {
  if (connection.running !== undefined) return 'syncing';
  if (connection.paused) return 'paused';
  return connection.rescheduledFor === undefined ? 'scheduled' : 'rescheduled';
}

/** Late by more than one whole interval: the exact rule behind `data_delay_sensitivity` is not documented. */
function isDelayed(connection: Connection, { now, minuteMs }: { now: Date; minuteMs: number }): boolean {
  if (connection.paused || connection.setupState === 'incomplete') return false;
  const last = connection.succeededAt ?? connection.createdAt;
  const allowedMinutes = 2 * connection.syncFrequency + connection.dataDelayThreshold;
  return now.getTime() - last.getTime() > allowedMinutes * minuteMs;
}

/** The config without its secrets. */
function masked(config: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, secretFields.includes(name) ? mask : value]),
  );
}

export function showTest({ title, status, message, details }: SetupTest): Json {
  return { title, status, message, ...(details === undefined ? {} : { details }) };
}

function showAlert({ code, message, details }: Alert): Json {
  return { code, message, details: details ?? '' };
}
