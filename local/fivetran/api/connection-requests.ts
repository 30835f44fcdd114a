import * as z from 'zod/mini';
import { networkingMethods } from '../model.ts';

const frequencies = [1, 5, 15, 30, 60, 120, 180, 360, 480, 720, 1440] as const;

/** What create and update have in common, as Fivetran's API description lists it. */
const settings = {
  trust_certificates: z.optional(z.boolean()),
  trust_fingerprints: z.optional(z.boolean()),
  run_setup_tests: z.optional(z.boolean()),
  paused: z.optional(z.boolean()),
  pause_after_trial: z.optional(z.boolean()),
  sync_frequency: z.optional(
    z.union(
      [z.literal(frequencies), z.literal(frequencies.map(String))],
      `must be one of ${frequencies.join(', ')}`,
    ),
  ),
  daily_sync_time: z.optional(z.string().check(z.regex(/^([01]\d|2[0-3]):00$/, 'must have the form HH:00'))),
  schedule_type: z.optional(z.enum(['auto', 'manual'])),
  data_delay_sensitivity: z.optional(z.enum(['LOW', 'NORMAL', 'HIGH', 'CUSTOM', 'SYNC_FREQUENCY'])),
  data_delay_threshold: z.optional(z.int()),
  networking_method: z.optional(z.enum(networkingMethods)),
  private_link_id: z.optional(z.string()),
  proxy_agent_id: z.optional(z.string()),
  hybrid_deployment_agent_id: z.optional(z.string()),
  destination_configuration: z.optional(z.record(z.string(), z.unknown())),
  external_secrets_manager_id: z.optional(z.string()),
};

/** Fields of a PostgreSQL source's config; `schema_prefix` only when it is created. */
const config = {
  host: z.optional(z.string()),
  port: z.optional(z.int().check(z.minimum(1), z.maximum(65_535))),
  database: z.optional(z.string()),
  user: z.optional(z.string()),
  password: z.optional(z.string()),
  auth_method: z.optional(z.enum(['PASSWORD', 'AWS_IAM', 'CLIENT_CERTIFICATE', 'ENTRA_ID'])),
  client_public_certificate: z.optional(z.string()),
  client_private_key: z.optional(z.string()),
  connection_type: z.optional(z.enum(networkingMethods)),
  always_encrypted: z.optional(z.boolean()),
  update_method: z.optional(z.enum(['QUERY_BASED', 'WAL_PGOUTPUT', 'TELEPORT'])),
  delete_capture_enabled: z.optional(z.boolean()),
  replication_slot: z.optional(z.string()),
  publication_name: z.optional(z.string()),
  tunnel_host: z.optional(z.string()),
  tunnel_port: z.optional(z.int()),
  tunnel_user: z.optional(z.string()),
  entra_app_id: z.optional(z.string()),
  entra_tenant_id: z.optional(z.string()),
};

/** `POST /v1/connections` */
export const ConnectionCreation = z.strictObject({
  ...settings,
  group_id: z.string().check(z.minLength(1)),
  service: z.string().check(z.minLength(1)),
  destination_schema_names: z.optional(z.enum(['FIVETRAN_NAMING', 'SOURCE_NAMING'])),
  connect_card_config: z.optional(z.record(z.string(), z.unknown())),
  auth: z.optional(z.record(z.string(), z.unknown())),
  config: z.strictObject({
    ...config,
    schema_prefix: z
      .string()
      .check(z.regex(/^[a-z_][a-z0-9_]*$/, 'only lower-case letters, digits and underscores')),
  }),
});
export type ConnectionCreation = z.output<typeof ConnectionCreation>;

/** `PATCH /v1/connections/{id}` */
export const ConnectionUpdate = z.strictObject({
  ...settings,
  schema_status: z.optional(z.enum(['blocked_on_capture', 'ready'])),
  is_historical_sync: z.optional(z.boolean()),
  auth: z.optional(z.record(z.string(), z.unknown())),
  external_secrets_keys_config: z.optional(z.record(z.string(), z.unknown())),
  config: z.optional(z.strictObject(config)),
});
export type ConnectionUpdate = z.output<typeof ConnectionUpdate>;

/** Fields that steer the tests of one request and are not kept. */
export const testControls = ['trust_certificates', 'trust_fingerprints', 'run_setup_tests'];
