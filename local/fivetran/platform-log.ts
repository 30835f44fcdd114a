import { randomUUID } from 'node:crypto';
import { literal, quote, withConnection, type Warehouse } from '../databricks/warehouse.ts';
import type { Json } from '../json.ts';
import type { Changes } from './sync/changes.ts';

/** The Fivetran Platform Connector's LOG table at the destination: https://fivetran.com/docs/logs/fivetran-platform */
export interface PlatformLog {
  write: (entry: {
    connectionId: string;
    syncId: string;
    at: Date;
    level: 'INFO' | 'WARNING' | 'SEVERE';
    event: string;
    data: Json;
  }) => Promise<void>;
}

export async function createPlatformLog(warehouse: Warehouse): Promise<PlatformLog> {
  const table = `${quote(warehouse.catalog)}.fivetran_metadata.log`;
  await withConnection(warehouse, async (connection) => {
    await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quote(warehouse.catalog)}.fivetran_metadata`);
    await connection.run(
      `CREATE TABLE IF NOT EXISTS ${table} (id VARCHAR, time_stamp TIMESTAMP WITH TIME ZONE, connection_id VARCHAR,
        sync_id VARCHAR, event VARCHAR, message_event VARCHAR, message_data VARCHAR)`,
    );
  });
  return {
    write: ({ connectionId, syncId, at, level, event, data }) =>
      withConnection(warehouse, async (connection) => {
        const values = [
          randomUUID(),
          at.toISOString(),
          connectionId,
          syncId,
          level,
          event,
          JSON.stringify(data),
        ];
        await connection.run(`INSERT INTO ${table} VALUES (${values.map(literal).join(', ')})`);
      }),
  };
}

/** What a sync did to one table, one entry for each operation, as `records_modified` has it. */
export function recordsModified(schema: string, table: string, changes: Changes): Json[] {
  const operations = [
    ['REPLACED_OR_INSERTED', changes.inserted],
    ['UPDATED', changes.updated],
    ['DELETED', changes.deleted],
  ] as const;
  return operations
    .filter(([, count]) => count > 0)
    .map(([operationType, count]) => ({ schema, table, operationType, count }));
}
