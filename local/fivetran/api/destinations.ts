import * as z from 'zod/mini';
import { toJson, type Json, type JsonObject } from '../../json.ts';
import type { Account, Destination, SetupTest } from '../model.ts';
import { page } from './paging.ts';
import { ApiError, bodyOf, invalid, notFound, type Route } from './router.ts';
import { showTest } from './show-connection.ts';

const offsets = [
  '0',
  ...Array.from({ length: 12 }, (_, n) => `+${n + 1}`),
  ...Array.from({ length: 11 }, (_, n) => `-${n + 1}`),
];
const settings = {
  region: z.optional(z.string().check(z.regex(/^(GCP|AWS|AZURE)_[A-Z0-9_]+$/, 'is not a Fivetran region'))),
  trust_certificates: z.optional(z.boolean()),
  trust_fingerprints: z.optional(z.boolean()),
  run_setup_tests: z.optional(z.boolean()),
  daylight_saving_time_enabled: z.optional(z.boolean()),
  networking_method: z.optional(z.enum(['Directly', 'PrivateLink', 'SshTunnel', 'ProxyAgent'])),
  private_link_id: z.optional(z.string()),
  hybrid_deployment_agent_id: z.optional(z.string()),
  proxy_agent_id: z.optional(z.string()),
  external_secrets_manager_id: z.optional(z.string()),
  config: z.optional(z.record(z.string(), z.unknown())),
};
const Creation = z.strictObject({
  ...settings,
  group_id: z.string().check(z.minLength(1)),
  service: z.string().check(z.minLength(1)),
  time_zone_offset: z.enum(offsets),
});
const Update = z.strictObject({ ...settings, time_zone_offset: z.enum(offsets) });

/** `/v1/destinations`; `test` tries the destination for real. */
export function destinationRoutes(
  account: Account,
  test: (destination: Destination) => Promise<SetupTest[]>,
): Route[] {
  const find = (id = ''): Destination => {
    const destination = account.destinations.get(id);
    if (destination === undefined) throw notFound('Destination', id);
    return destination;
  };
  const tested = async (destination: Destination): Promise<JsonObject> => {
    const tests = await test(destination);
    return { ...show(destination), setup_tests: tests.map(showTest) };
  };
  return [
    {
      method: 'GET',
      path: 'destinations',
      version: 2,
      run: (call) => ({
        message: 'Destinations retrieved successfully',
        data: page([...account.destinations.values()], ({ id }) => id, show, call),
      }),
    },
    {
      method: 'POST',
      path: 'destinations',
      version: 2,
      run: async ({ body }) => {
        const wanted = bodyOf(Creation, body);
        if (wanted.service !== 'databricks') throw invalid(`Unsupported service '${wanted.service}'`);
        if (!account.groups.has(wanted.group_id)) throw notFound('Destination', wanted.group_id);
        if (account.destinations.has(wanted.group_id)) {
          throw new ApiError(409, 'Conflict', `Group ${wanted.group_id} already has a destination`);
        }
        const destination: Destination = {
          id: wanted.group_id,
          service: wanted.service,
          region: wanted.region ?? 'AWS_US_EAST_1',
          timeZoneOffset: wanted.time_zone_offset,
          daylightSavingTimeEnabled: wanted.daylight_saving_time_enabled ?? false,
          setupStatus: 'INCOMPLETE',
          config: objectOf(wanted.config),
        };
        account.destinations.set(destination.id, destination);
        return {
          status: 201,
          message: 'Destination has been created',
          data: wanted.run_setup_tests === false ? show(destination) : await tested(destination),
        };
      },
    },
    {
      method: 'GET',
      path: 'destinations/:id',
      version: 2,
      run: ({ params }) => ({
        message: 'Destination details retrieved successfully',
        data: show(find(params[0])),
      }),
    },
    {
      method: 'PATCH',
      path: 'destinations/:id',
      version: 2,
      run: async ({ params, body }) => {
        const destination = find(params[0]);
        const wanted = bodyOf(Update, body);
        destination.timeZoneOffset = wanted.time_zone_offset;
        destination.region = wanted.region ?? destination.region;
        destination.daylightSavingTimeEnabled =
          wanted.daylight_saving_time_enabled ?? destination.daylightSavingTimeEnabled;
        Object.assign(destination.config, objectOf(wanted.config));
        return {
          message: 'Destination has been updated',
          data: wanted.run_setup_tests === false ? show(destination) : await tested(destination),
        };
      },
    },
    {
      method: 'DELETE',
      path: 'destinations/:id',
      version: 2,
      run: ({ params }) => {
        const destination = find(params[0]);
        if ([...account.connections.values()].some(({ groupId }) => groupId === destination.id)) {
          throw new ApiError(
            409,
            'Conflict',
            `Destination with id '${destination.id}' still has connections`,
          );
        }
        account.destinations.delete(destination.id);
        return { message: `Destination with id '${destination.id}' has been deleted` };
      },
    },
    {
      method: 'POST',
      path: 'destinations/:id/test',
      version: 2,
      run: async ({ params, body }) => {
        const destination = find(params[0]);
        bodyOf(
          z.strictObject({
            trust_certificates: z.optional(z.boolean()),
            trust_fingerprints: z.optional(z.boolean()),
          }),
          body ?? {},
        );
        return { message: 'Setup tests have been completed', data: await tested(destination) };
      },
    },
  ];
}

const secretFields = [
  'personal_access_token',
  'oauth2_secret',
  'aws_secret_access_key',
  'storage_account_key',
];

function show(destination: Destination): JsonObject {
  return {
    id: destination.id,
    group_id: destination.id,
    service: destination.service,
    region: destination.region,
    time_zone_offset: destination.timeZoneOffset,
    daylight_saving_time_enabled: destination.daylightSavingTimeEnabled,
    setup_status: destination.setupStatus,
    networking_method: 'Directly',
    private_link_id: null,
    config: Object.fromEntries(
      Object.entries(destination.config).map(([name, value]) => [
        name,
        secretFields.includes(name) ? '******' : value,
      ]),
    ),
  };
}

function objectOf(value: object | undefined): Record<string, Json> {
  const json = toJson(value ?? {});
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
}
