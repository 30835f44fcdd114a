import * as z from 'zod/mini';
import { ApiError } from '../api/router.ts';
import { syncModes, type Connection, type SchemaConfig, type TableConfig } from '../model.ts';

export const ColumnUpdate = z.strictObject({
  enabled: z.optional(z.boolean()),
  hashed: z.optional(z.boolean()),
  is_primary_key: z.optional(z.boolean()),
});
export const TableUpdate = z.strictObject({
  enabled: z.optional(z.boolean()),
  sync_mode: z.optional(z.enum(syncModes)),
  columns: z.optional(z.record(z.string(), ColumnUpdate)),
});
const SchemaUpdate = z.strictObject({
  enabled: z.optional(z.boolean()),
  tables: z.optional(z.record(z.string(), TableUpdate)),
});
/** `PATCH /v1/connections/{id}/schemas` */
export const SchemasUpdate = z.strictObject({
  schema_change_handling: z.optional(z.enum(['ALLOW_ALL', 'ALLOW_COLUMNS', 'BLOCK_ALL'])),
  is_type_locked: z.optional(z.boolean()),
  schemas: z.optional(z.record(z.string(), SchemaUpdate)),
});
export type SchemasUpdate = z.output<typeof SchemasUpdate>;

/**
 * Changes which schemas, tables and columns a connection copies. Names are case-sensitive.
 *
 * @throws ApiError 404 for a name that the connection does not know, 400 for a table that cannot be selected
 */
export function updateSchemas(connection: Connection, update: SchemasUpdate): void {
  connection.schemaChangeHandling = update.schema_change_handling ?? connection.schemaChangeHandling;
  for (const [schemaName, schemaUpdate] of Object.entries(update.schemas ?? {})) {
    const schema = known(connection.schemas, schemaName, 'Schema');
    schema.enabled = schemaUpdate.enabled ?? schema.enabled;
    for (const [tableName, tableUpdate] of Object.entries(schemaUpdate.tables ?? {})) {
      updateTable(known(schema.tables, tableName, 'Table'), tableUpdate, tableName);
    }
  }
}

function updateTable(table: TableConfig, update: z.output<typeof TableUpdate>, name: string): void {
  if (update.enabled === true && table.excluded !== undefined) {
    throw new ApiError(400, 'InvalidInput', `Table ${name} cannot be enabled: ${table.excluded.reason}`);
  }
  const selectedAgain = update.enabled === true && !table.enabled;
  table.enabled = update.enabled ?? table.enabled;
  table.syncMode = update.sync_mode ?? table.syncMode;
  if (selectedAgain) table.resync = true;
  for (const [column, { enabled = true, hashed = false }] of Object.entries(update.columns ?? {})) {
    table.columns.set(column, { enabled, hashed });
  }
}

function known<Value extends SchemaConfig | TableConfig>(
  map: ReadonlyMap<string, Value>,
  name: string,
  what: string,
): Value {
  const value = map.get(name);
  if (value === undefined) throw new ApiError(404, 'NotFound', `${what} with name '${name}' not found`);
  return value;
}

/** Applies settings that were given before the source was read; what does not exist there is ignored. */
export function applyPlan(connection: Connection): void {
  const plan = z.safeParse(SchemasUpdate, connection.plannedSchemas);
  if (!plan.success) return;
  for (const [schemaName, schemaUpdate] of Object.entries(plan.data.schemas ?? {})) {
    const schema = connection.schemas.get(schemaName);
    if (schema === undefined) continue;
    schema.enabled = schemaUpdate.enabled ?? schema.enabled;
    for (const [tableName, tableUpdate] of Object.entries(schemaUpdate.tables ?? {})) {
      const table = schema.tables.get(tableName);
      if (table?.excluded === undefined && table !== undefined) updateTable(table, tableUpdate, tableName);
    }
  }
  delete connection.plannedSchemas;
}
