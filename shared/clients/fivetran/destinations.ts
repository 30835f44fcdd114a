import * as z from 'zod/mini';
import type { Destination } from '../../contracts/fivetran.ts';
import type { FivetranHttp } from './http.ts';

const Wire = z.pipe(
  z.object({
    id: z.string(),
    service: z._default(z.string(), ''),
    setup_status: z._default(z.string(), ''),
    config: z.nullish(z.object({ catalog: z.nullish(z.string()) })),
  }),
  z.transform((wire): Destination => ({
    id: wire.id,
    service: wire.service,
    setupStatus: wire.setup_status,
    catalog: wire.config?.catalog ?? '',
  })),
);

/** `/v1/destinations`: https://fivetran.com/docs/rest-api/api-reference/destinations */
export interface Destinations {
  /** @throws NotFoundError when the group has no destination */
  get(groupId: string): Promise<Destination>;
}

export function destinationsOf(http: FivetranHttp): Destinations {
  return {
    async get(groupId) {
      const { data } = await http.send({
        method: 'GET',
        path: `/v1/destinations/${encodeURIComponent(groupId)}`,
        version: 2,
        data: Wire,
        repeatable: true,
      });
      return data;
    },
  };
}
