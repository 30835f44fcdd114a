import { quote, type Warehouse } from '../../databricks/warehouse.ts';
import type { Connection, TableConfig } from '../model.ts';
import { keyColumns, type SourceTable } from '../source/tables.ts';
import { hashed, transferOf, type Transfer } from '../source/types.ts';
import { nameInDestination } from './names.ts';

/** One column as it is copied. */
export interface CopiedColumn {
  source: string;
  destination: string;
  transfer: Transfer;
  isKey: boolean;
}

/** Everything that copying one table needs to know. */
export interface CopyPlan {
  table: SourceTable;
  /** Quoted name of the schema at the destination. */
  schema: string;
  /** Quoted name at the destination. */
  target: string;
  /** Quoted name of what Fivetran remembers of the table: one row a key. */
  memory: string;
  columns: CopiedColumn[];
  /** No primary key: rows are known by a hash of all their columns. */
  keyless: boolean;
  syncMode: TableConfig['syncMode'];
}

/** How a table is copied by what the connection says of it now. */
export function planCopy(
  connection: Connection,
  table: SourceTable,
  config: TableConfig,
  warehouse: Pick<Warehouse, 'catalog' | 'privateCatalog'>,
): CopyPlan {
  const schema = `${quote(warehouse.catalog)}.${quote(
    connection.schemas.get(table.schema)?.nameInDestination ?? table.schema,
  )}`;
  return {
    table,
    schema,
    target: `${schema}.${quote(config.nameInDestination)}`,
    memory: `${quote(warehouse.privateCatalog)}.main.${quote(`${connection.id} ${sourceName(table)}`)}`,
    columns: columnsOf(connection, table, config),
    keyless: keyColumns(table).length === 0,
    syncMode: config.syncMode,
  };
}

/** What the copy looks like: another set of columns or another mode means to load the table again. */
export const shapeOf = ({ syncMode, columns }: CopyPlan): string =>
  JSON.stringify([syncMode, columns.map(({ source, transfer, isKey }) => [source, transfer.type, isKey])]);

/** A table's name as messages give it. */
export const sourceName = ({ schema, name }: SourceTable): string => `"${schema}"."${name}"`;

/** Which columns of a table are copied, and how; the columns of its key always are. */
function columnsOf(connection: Connection, table: SourceTable, config: TableConfig): CopiedColumn[] {
  return table.columns
    .filter(({ name, keyPosition }) => keyPosition > 0 || config.columns.get(name)?.enabled !== false)
    .map((column) => ({
      source: column.name,
      destination: nameInDestination(connection, column.name),
      transfer: config.columns.get(column.name)?.hashed === true ? hashed : transferOf(column),
      isKey: column.keyPosition > 0,
    }));
}
