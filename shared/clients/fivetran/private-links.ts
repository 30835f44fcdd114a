import * as z from 'zod/mini';
import type { PrivateLink } from '../../contracts/fivetran.ts';
import type { FivetranHttp } from './http.ts';
import { allOf, pagesOf } from './paging.ts';

const Wire = z.pipe(
  z.object({
    id: z.string(),
    name: z._default(z.string(), ''),
    region: z._default(z.string(), ''),
    service: z._default(z.string(), ''),
    state: z._default(z.string(), ''),
    state_summary: z.nullish(z.string()),
    host: z.nullish(z.string()),
    created_at: z._default(z.string(), ''),
    config: z.nullish(z.object({ connection_service_name: z.nullish(z.string()) })),
  }),
  z.transform((wire): PrivateLink => {
    const serviceName = wire.config?.connection_service_name ?? '';
    return {
      id: wire.id,
      name: wire.name,
      region: wire.region,
      service: wire.service,
      state: wire.state,
      stateSummary: wire.state_summary ?? '',
      createdAt: wire.created_at,
      ...(wire.host === undefined || wire.host === null || wire.host === '' ? {} : { host: wire.host }),
      ...(serviceName === '' ? {} : { serviceName }),
    };
  }),
);

export interface NewPrivateLink {
  /** Letters, digits and underscores, starting with a letter or underscore, at most 23 characters. */
  name: string;
  region: string;
  serviceName: string;
}

/** `/v1/private-links`: https://fivetran.com/docs/rest-api/api-reference/private-links */
export interface PrivateLinks {
  list(): Promise<PrivateLink[]>;
  /** @throws NotFoundError */
  get(privateLinkId: string): Promise<PrivateLink>;
  /** Creates a link of the source kind to an endpoint service of ours. Answers at once, in state `CREATING`. */
  create(link: NewPrivateLink): Promise<PrivateLink>;
}

const path = '/v1/private-links';

export function privateLinksOf(http: FivetranHttp): PrivateLinks {
  return {
    list: () => allOf(pagesOf(http, { path }, Wire)),
    async get(privateLinkId) {
      const { data } = await http.send({
        method: 'GET',
        path: `${path}/${encodeURIComponent(privateLinkId)}`,
        data: Wire,
        repeatable: true,
      });
      return data;
    },
    async create({ name, region, serviceName }) {
      const { data } = await http.send({
        method: 'POST',
        path,
        body: { name, region, service: 'SOURCE_AWS', config: { connection_service_name: serviceName } },
        data: Wire,
        repeatable: false,
      });
      return data;
    },
  };
}
