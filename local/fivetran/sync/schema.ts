import type { SourceTable } from '../source/tables.ts';
import type { Connection, TableConfig } from '../model.ts';
import { nameInDestination, schemaInDestination } from './names.ts';

/**
 * Brings the connection's schema config up to what the source shows now: new tables that the user may read are
 * selected unless the connection blocks them, tables that are gone stay listed as deleted.
 */
export function captureSchema(connection: Connection, tables: readonly SourceTable[]): void {
  const first = connection.schemas.size === 0;
  const seen = new Set<TableConfig>();
  for (const { schema, name, readable } of tables) {
    if (!readable && tableConfig(connection, schema, name) === undefined) continue;
    const config = connection.schemas.get(schema) ?? {
      nameInDestination: schemaInDestination(connection, schema),
      enabled: first || connection.schemaChangeHandling === 'ALLOW_ALL',
      tables: new Map<string, TableConfig>(),
    };
    connection.schemas.set(schema, config);
    const table = config.tables.get(name) ?? {
      nameInDestination: nameInDestination(connection, name),
      enabled: first || connection.schemaChangeHandling === 'ALLOW_ALL',
      syncMode: 'SOFT_DELETE',
      columns: new Map<string, { enabled: boolean; hashed: boolean }>(),
      resync: false,
    };
    if (table.excluded?.code === 'DELETED') delete table.excluded;
    config.tables.set(name, table);
    seen.add(table);
  }
  for (const schema of connection.schemas.values()) {
    for (const table of schema.tables.values()) {
      if (!seen.has(table) && table.excluded === undefined) {
        table.excluded = {
          code: 'DELETED',
          reason: 'The table does not exist at the source any more.',
        };
      }
    }
  }
}

/** The config of one table; undefined when the connection does not know it. */
export function tableConfig(connection: Connection, schema: string, table: string): TableConfig | undefined {
  return connection.schemas.get(schema)?.tables.get(table);
}

/** Whether a table is copied. */
export function isSelected(connection: Connection, schema: string, table: string): boolean {
  const config = connection.schemas.get(schema);
  const own = config?.tables.get(table);
  return config?.enabled === true && own?.enabled === true && own.excluded === undefined;
}
