import * as z from 'zod/mini';
import type { Json, JsonObject } from '../../json.ts';
import type { Account, Connection, SchemaConfig, TableConfig } from '../model.ts';
import type { SourceTable } from '../source/tables.ts';
import { nameInDestination } from '../sync/names.ts';
import { captureSchema } from '../sync/schema.ts';
import { updateSchemas, SchemasUpdate, TableUpdate, ColumnUpdate } from '../sync/schema-update.ts';
import { findConnection } from './connections.ts';
import { ApiError, bodyOf, invalid, notFound, type Answer, type Route } from './router.ts';

const Plan = z.strictObject({ ...SchemasUpdate.shape, schemas: z.nonoptional(SchemasUpdate.shape.schemas) });
const Reload = z.strictObject({ exclude_mode: z.optional(z.enum(['PRESERVE', 'INCLUDE', 'EXCLUDE'])) });

/** `/v1/connections/{id}/schemas`; `readSource` lists the source's tables as the connection's user sees them. */
export function schemaRoutes(
  account: Account,
  readSource: (connection: Connection) => Promise<SourceTable[]>,
): Route[] {
  const connected = (id?: string): Connection => {
    const connection = findConnection(account, id);
    if (connection.setupState !== 'connected') {
      throw invalid(
        `We expected the connector's setup state ('status.setup_state') to be 'connected', but it was '${connection.setupState}'.`,
      );
    }
    return connection;
  };
  const captured = async (id?: string): Promise<Connection> => {
    const connection = connected(id);
    if (connection.schemas.size === 0) captureSchema(connection, await readSource(connection));
    return connection;
  };
  const modified = (connection: Connection, message = 'Schema configuration has been modified'): Answer => ({
    message,
    data: showSchemas(connection),
  });
  return [
    {
      method: 'GET',
      path: 'connections/:id/schemas',
      run: async ({ params }) => {
        const connection = connected(params[0]);
        if (connection.schemas.size === 0) {
          // The schema appears with the first capture: an initial sync or a reload.
          throw new ApiError(
            404,
            'NotFound_SchemaConfig',
            `Connection with id '${connection.id}' doesn't have schema config`,
          );
        }
        return Promise.resolve(modified(connection, 'Schema configuration retrieved successfully'));
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/schemas',
      run: ({ params, body }) => {
        const connection = findConnection(account, params[0]);
        if (connection.schemas.size > 0) throw invalid('The schema has been captured already; use PATCH');
        const plan = bodyOf(Plan, body);
        connection.plannedSchemas = body ?? null;
        connection.schemaChangeHandling = plan.schema_change_handling ?? connection.schemaChangeHandling;
        return {
          message: 'Schema configuration pre-created successfully',
          ...(body === undefined ? {} : { data: body }),
        };
      },
    },
    {
      method: 'PATCH',
      path: 'connections/:id/schemas',
      run: async ({ params, body }) => {
        const connection = await captured(params[0]);
        updateSchemas(connection, bodyOf(SchemasUpdate, body));
        return modified(connection);
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/schemas/reload',
      run: async ({ params, body }) => {
        const connection = connected(params[0]);
        const { exclude_mode: mode } = bodyOf(Reload, body ?? {});
        captureSchema(connection, await readSource(connection));
        if (mode === 'EXCLUDE') {
          for (const schema of connection.schemas.values()) {
            for (const table of schema.tables.values()) table.enabled = false;
          }
        }
        return modified(connection, 'Schema configuration has been reloaded');
      },
    },
    {
      method: 'PATCH',
      path: 'connections/:id/schemas/:schema',
      run: async ({ params, body }) => {
        const connection = await captured(params[0]);
        const { shape } = SchemasUpdate;
        const wanted = bodyOf(z.strictObject({ schemas: z.nonoptional(shape.schemas) }), {
          schemas: { [params[1] ?? '']: body ?? {} },
        });
        updateSchemas(connection, wanted);
        return modified(connection);
      },
    },
    {
      method: 'PATCH',
      path: 'connections/:id/schemas/:schema/tables/:table',
      run: async ({ params, body }) => {
        const connection = await captured(params[0]);
        const [, schema = '', table = ''] = params;
        updateSchemas(connection, {
          schemas: { [schema]: { tables: { [table]: bodyOf(TableUpdate, body) } } },
        });
        return modified(connection);
      },
    },
    {
      method: 'PATCH',
      path: 'connections/:id/schemas/:schema/tables/:table/columns/:column',
      run: async ({ params, body }) => {
        const connection = await captured(params[0]);
        const [, schema = '', table = '', column = ''] = params;
        updateSchemas(connection, {
          schemas: {
            [schema]: { tables: { [table]: { columns: { [column]: bodyOf(ColumnUpdate, body) } } } },
          },
        });
        return modified(connection);
      },
    },
    {
      method: 'GET',
      path: 'connections/:id/schemas/:schema/tables/:table/columns',
      run: async ({ params }) => {
        const connection = await captured(params[0]);
        const [, schema = '', table = ''] = params;
        const found = (await readSource(connection)).find(
          (candidate) => candidate.schema === schema && candidate.name === table,
        );
        const config = connection.schemas.get(schema)?.tables.get(table);
        if (found === undefined || config === undefined) throw notFound('Table', `${schema}.${table}`);
        return {
          message: 'Column configuration retrieved successfully',
          data: {
            columns: Object.fromEntries(
              found.columns.map(({ name, keyPosition }) => [
                name,
                showColumn(connection, config, name, keyPosition > 0),
              ]),
            ),
          },
        };
      },
    },
  ];
}

function showSchemas(connection: Connection): JsonObject {
  return {
    enable_new_by_default: connection.schemaChangeHandling === 'ALLOW_ALL',
    schema_change_handling: connection.schemaChangeHandling,
    schemas: Object.fromEntries(
      [...connection.schemas].map(([name, schema]) => [name, showSchema(connection, schema)]),
    ),
  };
}

function showSchema(connection: Connection, schema: SchemaConfig): Json {
  return {
    name_in_destination: schema.nameInDestination,
    enabled: schema.enabled,
    tables: Object.fromEntries(
      [...schema.tables].map(([name, table]) => [name, showTable(connection, table)]),
    ),
  };
}

function showTable(connection: Connection, table: TableConfig): Json {
  return {
    name_in_destination: table.nameInDestination,
    enabled: table.enabled && table.excluded === undefined,
    sync_mode: table.syncMode,
    supports_columns_config: true,
    supports_history_mode: true,
    enabled_patch_settings:
      table.excluded === undefined
        ? { allowed: true }
        : { allowed: false, reason: table.excluded.reason, reason_code: table.excluded.code },
    columns: Object.fromEntries(
      [...table.columns.keys()].map((name) => [name, showColumn(connection, table, name)]),
    ),
  };
}

function showColumn(connection: Connection, table: TableConfig, name: string, isKey?: boolean): Json {
  const { enabled, hashed } = table.columns.get(name) ?? { enabled: true, hashed: false };
  return {
    name_in_destination: nameInDestination(connection, name),
    enabled,
    hashed,
    enabled_patch_settings:
      isKey === true
        ? { allowed: false, reason_code: 'SYSTEM_COLUMN', reason: 'The column is part of the primary key' }
        : { allowed: true },
    ...(isKey === undefined ? {} : { is_primary_key: isKey }),
  };
}
