import * as z from 'zod/mini';
import type { Group } from '../../contracts/fivetran.ts';
import type { FivetranHttp } from './http.ts';
import { allOf, pagesOf } from './paging.ts';

const Wire = z.pipe(
  z.object({ id: z.string(), name: z._default(z.string(), '') }),
  z.transform((wire): Group => wire),
);

/** `/v1/groups`: https://fivetran.com/docs/rest-api/api-reference/groups */
export interface Groups {
  list(): Promise<Group[]>;
  /** @throws NotFoundError */
  get(groupId: string): Promise<Group>;
}

const path = '/v1/groups';

export function groupsOf(http: FivetranHttp): Groups {
  return {
    list: () => allOf(pagesOf(http, { path }, Wire)),
    async get(groupId) {
      const { data } = await http.send({
        method: 'GET',
        path: `${path}/${encodeURIComponent(groupId)}`,
        data: Wire,
        repeatable: true,
      });
      return data;
    },
  };
}
