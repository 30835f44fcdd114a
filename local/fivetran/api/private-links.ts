import * as z from 'zod/mini';
import type { Clock } from '../../../shared/clock.ts';
import type { Json } from '../../json.ts';
import { instant, type Account, type PrivateLink } from '../model.ts';
import type { PrivateLinkKeeper } from '../private-links.ts';
import { page } from './paging.ts';
import { ApiError, bodyOf, invalid, notFound, type Route } from './router.ts';

const regions = [
  'US_EAST_1',
  'US_EAST_2',
  'US_WEST_2',
  'AP_NORTHEAST_1',
  'AP_SOUTHEAST_1',
  'AP_SOUTHEAST_2',
  'EU_CENTRAL_1',
  'EU_WEST_1',
  'EU_WEST_2',
  'AP_SOUTH_1',
  'CA_CENTRAL_1',
  'US_GOV_WEST_1',
].map((region) => `AWS_${region}`);

const config = z.strictObject({
  connection_service_name: z
    .string()
    .check(
      z.regex(
        /^com\.amazonaws\.vpce\.[a-z0-9-]+\.vpce-svc-[0-9a-f]+$/,
        'not the name of an endpoint service',
      ),
    ),
});
const Creation = z.strictObject({
  // https://registry.terraform.io/providers/fivetran/fivetran/latest/docs/resources/private_link
  name: z
    .string()
    .check(
      z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'only letters, digits and underscores, not beginning with a digit'),
      z.maxLength(23, 'longer than 23 characters'),
    ),
  region: z.enum(regions),
  service: z.enum(['SOURCE_AWS', 'DATABRICKS_AWS']),
  config,
});
const Update = z.strictObject({ config });

/** `/v1/private-links` */
export function privateLinkRoutes(
  account: Account,
  keeper: PrivateLinkKeeper,
  clock: Clock,
  newId: () => string,
): Route[] {
  const find = (id = ''): PrivateLink => {
    const link = account.privateLinks.get(id);
    if (link === undefined) throw notFound('Private link', id);
    return link;
  };
  return [
    {
      method: 'GET',
      path: 'private-links',
      run: (call) => ({
        message: 'Private links retrieved successfully',
        data: page([...account.privateLinks.values()], ({ id }) => id, show, call),
      }),
    },
    {
      method: 'POST',
      path: 'private-links',
      run: ({ body }) => {
        const wanted = bodyOf(Creation, body);
        if ([...account.privateLinks.values()].some(({ name }) => name === wanted.name)) {
          throw new ApiError(409, 'Conflict', `Private link with name ${wanted.name} already exists`);
        }
        const link: PrivateLink = {
          id: newId(),
          ...wanted,
          config: { ...wanted.config },
          state: 'CREATING',
          stateSummary: 'The private link is being created',
          createdAt: clock.now(),
        };
        account.privateLinks.set(link.id, link);
        keeper.create(link);
        return { status: 201, message: 'Private link has been created', data: show(link) };
      },
    },
    {
      method: 'GET',
      path: 'private-links/:id',
      run: ({ params }) => ({
        message: 'Private link details retrieved successfully',
        data: show(find(params[0])),
      }),
    },
    {
      method: 'PATCH',
      path: 'private-links/:id',
      run: ({ params, body }) => {
        const link = find(params[0]);
        const { config: wanted } = bodyOf(Update, body);
        if (wanted.connection_service_name !== link.config.connection_service_name) {
          throw invalid('The service of a private link cannot be changed while it has an endpoint');
        }
        return { message: 'Private link has been updated', data: show(link) };
      },
    },
    {
      method: 'DELETE',
      path: 'private-links/:id',
      run: async ({ params }) => {
        const link = find(params[0]);
        const user = [...account.connections.values()].find(({ privateLinkId }) => privateLinkId === link.id);
        if (user !== undefined) {
          throw new ApiError(409, 'Conflict', `Private link is used by connection ${user.id}`);
        }
        await keeper.destroy(link);
        return { message: `Private link with id '${link.id}' is marked for deletion` };
      },
    },
  ];
}

function show(link: PrivateLink): Json {
  return {
    id: link.id,
    name: link.name,
    region: link.region,
    service: link.service,
    cloud_provider: 'AWS',
    state: link.state,
    state_summary: link.stateSummary,
    ...(link.host === undefined ? {} : { host: link.host }),
    ...(link.upstreamStatus === undefined ? {} : { resource_upstream_status: link.upstreamStatus }),
    created_at: instant(link.createdAt),
    created_by: 'local_user',
    config: link.config,
  };
}
