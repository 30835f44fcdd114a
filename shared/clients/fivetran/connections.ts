import * as z from 'zod/mini';
import type { Connection, ConnectionNow } from '../../contracts/fivetran.ts';
import { hideSecrets } from '../../rules/clean-text.ts';
import type { FivetranHttp } from './http.ts';
import { pagesOf } from './paging.ts';

/** Characters. */
const mostDetails = 1_000;
const text = z._default(z.string(), '');
/** Fivetran quotes what failed: a row, a password in a connection string. None of it comes any further. */
const quoting = z.pipe(text, z.transform(hideSecrets));
/** Text by the API's description; anything else is kept as the JSON that it is. */
const details = z.pipe(
  z.unknown(),
  z.transform((value) => {
    if (value === undefined || value === null || value === '') return undefined;
    return hideSecrets(typeof value === 'string' ? value : JSON.stringify(value)).slice(0, mostDetails);
  }),
);
const AlertWire = z.object({ code: text, message: quoting, details: z.optional(details) });
const SetupTestWire = z.object({ title: text, status: text, message: z.nullish(quoting) });

const Wire = z.pipe(
  z.object({
    id: z.string(),
    service: text,
    schema: text,
    group_id: text,
    paused: z._default(z.boolean(), false),
    sync_frequency: z.nullish(z.union([z.number(), z.string()])),
    schedule_type: text,
    created_at: text,
    succeeded_at: z.nullish(z.string()),
    failed_at: z.nullish(z.string()),
    networking_method: z.nullish(z.string()),
    private_link_id: z.nullish(z.string()),
    config: z.nullish(
      z.object({
        update_method: z.nullish(z.string()),
        host: z.nullish(z.string()),
        port: z.nullish(z.union([z.number(), z.string()])),
        database: z.nullish(z.string()),
        user: z.nullish(z.string()),
      }),
    ),
    status: z.object({
      setup_state: text,
      sync_state: text,
      update_state: text,
      is_historical_sync: z._default(z.boolean(), false),
      rescheduled_for: z.nullish(z.string()),
      tasks: z.nullish(z.array(AlertWire)),
      warnings: z.nullish(z.array(AlertWire)),
    }),
    setup_tests: z.nullish(z.array(SetupTestWire)),
  }),
  z.transform((wire): Connection => ({
    id: wire.id,
    service: wire.service,
    name: wire.schema,
    groupId: wire.group_id,
    paused: wire.paused,
    syncFrequency: Number(wire.sync_frequency ?? 0),
    scheduleType: wire.schedule_type,
    createdAt: wire.created_at,
    succeededAt: wire.succeeded_at ?? null,
    failedAt: wire.failed_at ?? null,
    networkingMethod: wire.networking_method ?? '',
    privateLinkId: wire.private_link_id ?? null,
    updateMethod: wire.config?.update_method ?? '',
    host: wire.config?.host ?? '',
    port: numberOrNull(wire.config?.port),
    database: wire.config?.database ?? '',
    user: wire.config?.user ?? '',
    setupState: wire.status.setup_state,
    syncState: wire.status.sync_state,
    updateState: wire.status.update_state,
    isHistoricalSync: wire.status.is_historical_sync,
    rescheduledFor: wire.status.rescheduled_for ?? null,
    tasks: wire.status.tasks ?? [],
    warnings: wire.status.warnings ?? [],
    setupTests: (wire.setup_tests ?? []).map(({ title, status, message }) => ({
      title,
      status,
      message: message ?? '',
    })),
  })),
);

function numberOrNull(value: number | string | null | undefined): number | null {
  const number = Number(value ?? Number.NaN);
  return Number.isFinite(number) ? number : null;
}

/** Fields that PrivateLink needs; Fivetran refuses one without the other, so there is no way to send just one. */
export interface PrivateNetworking {
  privateLinkId: string;
}

/** A PostgreSQL connection as we create it: through a private link, over required TLS, paused. */
export interface NewConnection extends PrivateNetworking {
  groupId: string;
  /** `postgres`, `postgres_rds` or `aurora_postgres`. */
  service: string;
  schemaPrefix: string;
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  updateMethod: string;
  destinationSchemaNames: 'FIVETRAN_NAMING' | 'SOURCE_NAMING';
  /** Minutes. */
  syncFrequency?: number;
  scheduleType?: 'auto' | 'manual';
}

/** What may be changed on a connection; networking is sent with every change of its config. */
export interface ConnectionChange {
  paused?: boolean;
  scheduleType?: 'auto' | 'manual';
  /** Minutes. */
  syncFrequency?: number;
  networking?: PrivateNetworking;
  config?: { host?: string; port?: number; database?: string; user?: string; password?: string };
}

/** `/v1/connections`: https://fivetran.com/docs/rest-api/api-reference/connections */
export interface Connections {
  /** @throws NotFoundError */
  get(connectionId: string): Promise<ConnectionNow>;
  /** Page by page, a thousand connections each; `schema` matches exactly. */
  list(filter?: {
    groupId?: string;
    schema?: string;
  }): AsyncIterable<{ items: Connection[]; serverTime: Date }>;
  /** Creates it paused and without running setup tests: those are a step of their own. */
  create(connection: NewConnection): Promise<ConnectionNow>;
  update(connectionId: string, change: ConnectionChange): Promise<ConnectionNow>;
  /** Asks for a sync unless one is running; Fivetran names no sync id, so the caller reads the state again. */
  sync(connectionId: string): Promise<void>;
  /** Runs the setup tests and answers with their results; takes up to a minute. Runs no sync. */
  test(connectionId: string): Promise<ConnectionNow>;
}

const path = '/v1/connections';
const pathOf = (connectionId: string): string => `${path}/${encodeURIComponent(connectionId)}`;
/** Setup tests log in to the database and may wait for it. */
const testTimeoutMs = 75_000;

export function connectionsOf(http: FivetranHttp): Connections {
  return {
    async get(connectionId) {
      const { data, serverTime } = await http.send({
        method: 'GET',
        path: pathOf(connectionId),
        version: 2,
        data: Wire,
        repeatable: true,
      });
      return { ...data, serverTime };
    },

    list: ({ groupId, schema } = {}) =>
      pagesOf(http, { path, version: 2, query: { group_id: groupId, schema } }, Wire),

    async create(connection) {
      const { data, serverTime } = await http.send({
        method: 'POST',
        path,
        version: 2,
        body: bodyOfNew(connection),
        data: Wire,
        repeatable: false,
      });
      return { ...data, serverTime };
    },

    async update(connectionId, change) {
      const { data, serverTime } = await http.send({
        method: 'PATCH',
        path: pathOf(connectionId),
        version: 2,
        body: bodyOfChange(change),
        data: Wire,
        repeatable: true,
      });
      return { ...data, serverTime };
    },

    async sync(connectionId) {
      await http.send({
        method: 'POST',
        path: `${pathOf(connectionId)}/sync`,
        version: 2,
        // force would stop a sync that is running.
        body: { force: false },
        data: z.optional(z.unknown()),
        repeatable: true,
      });
    },

    async test(connectionId) {
      const { data, serverTime } = await http.send({
        method: 'POST',
        path: `${pathOf(connectionId)}/test`,
        version: 2,
        // An omitted body is answered 400.
        body: {},
        data: Wire,
        repeatable: true,
        timeoutMs: testTimeoutMs,
      });
      return { ...data, serverTime };
    },
  };
}

function networkingFields({ privateLinkId }: PrivateNetworking): Record<string, unknown> {
  return { networking_method: 'PrivateLink', private_link_id: privateLinkId };
}

function bodyOfNew(connection: NewConnection): Record<string, unknown> {
  return {
    group_id: connection.groupId,
    service: connection.service,
    paused: true,
    run_setup_tests: false,
    destination_schema_names: connection.destinationSchemaNames,
    ...(connection.syncFrequency === undefined ? {} : { sync_frequency: connection.syncFrequency }),
    ...(connection.scheduleType === undefined ? {} : { schedule_type: connection.scheduleType }),
    ...networkingFields(connection),
    config: {
      schema_prefix: connection.schemaPrefix,
      host: connection.host,
      port: connection.port,
      database: connection.database,
      user: connection.user,
      password: connection.password,
      auth_method: 'PASSWORD',
      connection_type: 'PrivateLink',
      // Without it Fivetran falls back to clear text when TLS does not work.
      always_encrypted: true,
      update_method: connection.updateMethod,
    },
  };
}

function bodyOfChange({
  paused,
  scheduleType,
  syncFrequency,
  networking,
  config,
}: ConnectionChange): Record<string, unknown> {
  return {
    ...(paused === undefined ? {} : { paused }),
    ...(scheduleType === undefined ? {} : { schedule_type: scheduleType }),
    ...(syncFrequency === undefined ? {} : { sync_frequency: syncFrequency }),
    ...(networking === undefined ? {} : networkingFields(networking)),
    ...(config === undefined && networking === undefined
      ? {}
      : { config: { ...config, ...(networking === undefined ? {} : { connection_type: 'PrivateLink' }) } }),
    // Setup tests are a step of their own, whose result is looked at.
    ...(config === undefined && networking === undefined ? {} : { run_setup_tests: false }),
  };
}
