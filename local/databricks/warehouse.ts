import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

/** The destination's data: DuckDB in memory, seen by the local Databricks as one Unity Catalog. */
export interface Warehouse {
  /** Name of the catalog, the first part of every table's name. */
  catalog: string;
  /** Name of a second catalog that only the local Fivetran sees, for what it remembers between syncs. */
  privateCatalog: string;
  /** A connection of its own: statements of different connections run side by side. Close it after use. */
  connect(): Promise<DuckDBConnection>;
  stop: () => void;
}

/** Opens an empty warehouse. Nothing in it can read or write files or the network. */
export async function startWarehouse(options: { catalog?: string } = {}): Promise<Warehouse> {
  const catalog = options.catalog ?? 'workspace';
  const privateCatalog = '__fivetran';
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const setUp = await instance.connect();
  for (const name of [catalog, privateCatalog]) await setUp.run(`ATTACH ':memory:' AS ${quote(name)}`);
  await setUp.run(`SET GLOBAL TimeZone = 'UTC'`);
  await setUp.run(`SET enable_external_access = false`);
  await setUp.run(`SET lock_configuration = true`);
  setUp.closeSync();
  return {
    catalog,
    privateCatalog,
    connect: () => instance.connect(),
    stop: () => instance.closeSync(),
  };
}

/** A DuckDB identifier. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A DuckDB text literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Runs `work` with a connection of its own and closes it. */
export async function withConnection<Result>(
  warehouse: Pick<Warehouse, 'connect'>,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await warehouse.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}
