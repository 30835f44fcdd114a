import { DestinationQueryError } from '../../errors.ts';
import type { StatementExecution } from './statement-execution.ts';
import {
  columnsStatement,
  liveKeysStatement,
  rowsStatement,
  type ComparedColumn,
  type Liveness,
  type TableName,
} from './statements.ts';

/** Rows by key, in one statement at most this many. */
const keysPerStatement = 1_000;

/** What a verification asks of the destination. */
export interface Destination {
  /** Names of the table's columns; `undefined` when there is no such table. */
  columns(table: TableName): Promise<string[] | undefined>;
  /** The live rows with these keys: key values first, then the columns', as the destination writes them. */
  rows(options: {
    table: TableName;
    keyColumns: readonly ComparedColumn[];
    columns: readonly ComparedColumn[];
    liveness: Liveness;
    keys: readonly (readonly string[])[];
  }): Promise<(string | null)[][]>;
  /** Keys of all live rows, each followed by when Fivetran wrote it; `undefined` when there are more than `limit`. */
  liveKeys(options: {
    table: TableName;
    keyColumns: readonly ComparedColumn[];
    liveness: Liveness;
    limit: number;
  }): Promise<(string | null)[][] | undefined>;
}

/** Error classes of a table, schema or catalog that is not there. */
const absent = new Set(['TABLE_OR_VIEW_NOT_FOUND', 'SCHEMA_NOT_FOUND', 'NO_SUCH_CATALOG_EXCEPTION']);

export function createDestination(execution: StatementExecution): Destination {
  return {
    async columns(table) {
      try {
        return (await execution.run(columnsStatement(table))).columns;
      } catch (error) {
        if (error instanceof DestinationQueryError && absent.has(error.code)) return undefined;
        throw error;
      }
    },
    async rows({ keys, ...rest }) {
      const rows: (string | null)[][] = [];
      for (let start = 0; start < keys.length; start += keysPerStatement) {
        const batch = keys.slice(start, start + keysPerStatement);
        rows.push(...(await execution.run(rowsStatement({ ...rest, keys: batch }))).rows);
      }
      return rows;
    },
    async liveKeys({ limit, ...rest }) {
      const { rows } = await execution.run(liveKeysStatement({ ...rest, limit: limit + 1 }));
      return rows.length > limit ? undefined : rows;
    },
  };
}
