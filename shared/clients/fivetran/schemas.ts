import * as z from 'zod/mini';
import type { SelectedTable } from '../../contracts/connection-record.ts';
import { FivetranRequestError, NotFoundError } from '../../errors.ts';
import type { FivetranHttp } from './http.ts';

const Wire = z.object({
  schemas: z.nullish(
    z.record(
      z.string(),
      z.object({
        name_in_destination: z.nullish(z.string()),
        enabled: z._default(z.boolean(), true),
        tables: z.nullish(
          z.record(
            z.string(),
            z.object({
              name_in_destination: z.nullish(z.string()),
              enabled: z._default(z.boolean(), true),
              sync_mode: z.nullish(z.string()),
              columns: z.nullish(
                z.record(
                  z.string(),
                  z.object({
                    name_in_destination: z.nullish(z.string()),
                    enabled: z._default(z.boolean(), true),
                    hashed: z._default(z.nullable(z.boolean()), false),
                  }),
                ),
              ),
            }),
          ),
        ),
      }),
    ),
  ),
});

/** `/v1/connections/{id}/schemas`: https://fivetran.com/docs/rest-api/api-reference/connection-schema */
export interface Schemas {
  /**
   * The tables that the connection replicates, with their names at both ends; `undefined` before Fivetran has
   * captured a schema (it refuses until the connection is set up).
   */
  selectedTables(connectionId: string): Promise<SelectedTable[] | undefined>;
  /**
   * The same after Fivetran has read the schema from the source anew, which it otherwise does in the first sync.
   * Keeps what is selected. The connection must be set up.
   */
  reload(connectionId: string): Promise<SelectedTable[]>;
}

const pathOf = (connectionId: string): string =>
  `/v1/connections/${encodeURIComponent(connectionId)}/schemas`;
/** Fivetran reads every table and column of the source first. */
const reloadTimeoutMs = 45_000;

export function schemasOf(http: FivetranHttp): Schemas {
  return {
    async selectedTables(connectionId) {
      try {
        const { data } = await http.send({
          method: 'GET',
          path: pathOf(connectionId),
          data: Wire,
          repeatable: true,
        });
        return tablesOf(data);
      } catch (error) {
        if (isNotCaptured(error)) return undefined;
        throw error;
      }
    },

    async reload(connectionId) {
      const { data } = await http.send({
        method: 'POST',
        path: `${pathOf(connectionId)}/reload`,
        body: { exclude_mode: 'PRESERVE' },
        data: Wire,
        // It is a burden to the source, and its caller can do without.
        repeatable: false,
        timeoutMs: reloadTimeoutMs,
      });
      return tablesOf(data);
    },
  };
}

/** 400 or 404 for a connection that has no schema yet; the connection itself was read before. */
const isNotCaptured = (error: unknown): boolean =>
  error instanceof NotFoundError || (error instanceof FivetranRequestError && error.status === 400);

function tablesOf({ schemas }: z.output<typeof Wire>): SelectedTable[] {
  return Object.entries(schemas ?? {}).flatMap(([schema, schemaConfig]) =>
    schemaConfig.enabled
      ? Object.entries(schemaConfig.tables ?? {})
          .filter(([, table]) => table.enabled)
          .map(([table, config]) => ({
            schema,
            table,
            destinationSchema: schemaConfig.name_in_destination ?? schema,
            destinationTable: config.name_in_destination ?? table,
            syncMode: syncModeOf(config.sync_mode),
            columns: Object.entries(config.columns ?? {}).map(([name, column]) => ({
              name,
              destinationName: column.name_in_destination ?? name,
              enabled: column.enabled,
              hashed: column.hashed ?? false,
            })),
          }))
      : [],
  );
}

/** A table without a word about it is in Fivetran's default mode, which marks deleted rows. */
function syncModeOf(word: string | null | undefined): SelectedTable['syncMode'] {
  return word === 'HISTORY' || word === 'LIVE' ? word : 'SOFT_DELETE';
}
