import * as z from 'zod/mini';
import type { SelectedTable } from '../../contracts/connection-record.ts';
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
}

export function schemasOf(http: FivetranHttp, isNotCaptured: (error: unknown) => boolean): Schemas {
  return {
    async selectedTables(connectionId) {
      try {
        const { data } = await http.send({
          method: 'GET',
          path: `/v1/connections/${encodeURIComponent(connectionId)}/schemas`,
          data: Wire,
          repeatable: true,
        });
        return tablesOf(data);
      } catch (error) {
        if (isNotCaptured(error)) return undefined;
        throw error;
      }
    },
  };
}

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
