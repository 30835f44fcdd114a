import * as z from 'zod/mini';
import type { PastSync } from '../../contracts/fivetran.ts';
import { AccessDeniedError, FivetranRequestError, NotFoundError } from '../../errors.ts';
import type { FivetranHttp } from './http.ts';

/**
 * The names of an item's fields are not documented, apart from `sync_id` and `reason`: whatever reads like what is
 * looked for is taken, and what is missing stays empty.
 */
const Wire = z.pipe(
  z.record(z.string(), z.unknown()),
  z.transform((wire): PastSync => {
    const fields = flatten(wire);
    return {
      syncId: textOf(fields, /^(sync_?)?id$/i),
      startedAt: timeOf(fields, /start/i),
      endedAt: timeOf(fields, /end|complet|finish/i),
      status: textOf(fields, /status$/i),
      reason: textOf(fields, /^reason$/i),
      figures: Object.fromEntries(
        fields.filter(isFigure).map(([name, value]) => [name.replaceAll('_', ' '), value]),
      ),
    };
  }),
);

/** `/v1/connections/{id}/sync-history`, which is new and not in Fivetran's API description. */
export interface SyncHistory {
  /**
   * Syncs that began in a window of at most seven days; undefined where Fivetran does not offer their history.
   * https://fivetran.com/docs/rest-api/api-reference/connections/retrieve-connection-sync-history
   */
  list(connectionId: string, window: { from: Date; to: Date }): Promise<PastSync[] | undefined>;
}

export function syncHistoryOf(http: FivetranHttp): SyncHistory {
  return {
    async list(connectionId, { from, to }) {
      try {
        const { data } = await http.send({
          method: 'GET',
          path: `/v1/connections/${encodeURIComponent(connectionId)}/sync-history`,
          version: 2,
          query: { start_time: from.toISOString(), end_time: to.toISOString(), limit: 1000 },
          data: z.object({ items: z._default(z.array(Wire), []) }),
          repeatable: true,
        });
        return data.items;
      } catch (error) {
        if (isNotOffered(error)) return undefined;
        throw error;
      }
    },
  };
}

/** The connection was read before, so it is the history that is not there, or not allowed by the plan. */
const isNotOffered = (error: unknown): boolean =>
  error instanceof NotFoundError ||
  error instanceof AccessDeniedError ||
  (error instanceof FivetranRequestError && [405, 406].includes(error.status));

type Field = [name: string, value: unknown];

/** Fields of objects inside go by both names, for instance `extract.rows`. */
function flatten(wire: Record<string, unknown>, prefix = ''): Field[] {
  return Object.entries(wire).flatMap(([name, value]): Field[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? flatten({ ...value }, `${prefix}${name}.`)
      : [[`${prefix}${name}`, value]],
  );
}

function textOf(fields: readonly Field[], form: RegExp): string {
  const value = fields.find(([name, each]) => form.test(name) && typeof each === 'string')?.[1];
  return typeof value === 'string' ? value : '';
}

function timeOf(fields: readonly Field[], form: RegExp): string | null {
  const times = fields.flatMap(([name, value]) =>
    form.test(name) && typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? [value] : [],
  );
  return times[0] ?? null;
}

const isFigure = (field: Field): field is [string, number] =>
  /row|record|volume|bytes|_mb$/i.test(field[0]) && Number.isFinite(field[1]);
