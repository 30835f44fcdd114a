import type { ColumnKind } from '../../rules/column-kind.ts';

/*
 * Every statement that we send to Databricks. There are three forms, built from nothing but the quoting function
 * below and the closed list of casts; all data travel as named parameters.
 *
 *   columns    SELECT * FROM IDENTIFIER(:table) LIMIT 0
 *
 *   rows       SELECT CAST(t.`id` AS STRING) AS k0, CAST(t.`name` AS STRING) AS c0,
 *                CAST(unix_micros(CAST(t.`changed` AS TIMESTAMP)) AS STRING) AS c1
 *              FROM IDENTIFIER(:table) AS t
 *              JOIN (SELECT DISTINCT k.k0 AS k0
 *                FROM (SELECT explode(from_json(:keys, 'ARRAY<STRUCT<k0: STRING>>')) AS k)) AS w
 *                ON t.`id` = CAST(w.k0 AS BIGINT)
 *              WHERE coalesce(t.`_fivetran_deleted`, false) = false
 *
 *   live keys  SELECT CAST(t.`id` AS STRING) AS k0,
 *                CAST(unix_micros(CAST(t.`_fivetran_synced` AS TIMESTAMP)) AS STRING) AS synced
 *              FROM IDENTIFIER(:table) AS t
 *              WHERE coalesce(t.`_fivetran_deleted`, false) = false
 *              LIMIT :limit
 *
 * Rows and live keys of a HISTORY table say `coalesce(t.`_fivetran_active`, true) = true` instead; a table without
 * either column has no WHERE. Composite keys have k0, k1 … and one `AND` for each. Parameters: `table` (STRING, each
 * part of the name in backquotes), `keys` (STRING: a JSON array of objects whose values are all strings),
 * `limit` (INT).
 */

/** One typed parameter of a statement. */
export interface Parameter {
  name: string;
  value: string;
  type: 'STRING' | 'INT';
}

export interface Statement {
  sql: string;
  parameters: Parameter[];
}

/** A table at the destination; `catalog` is empty where the workspace has no Unity Catalog. */
export interface TableName {
  catalog: string;
  schema: string;
  table: string;
}

/** A destination column and the kind of the source's column that it copies. */
export interface ComparedColumn {
  name: string;
  kind: ColumnKind;
  /** Digits after the point, where kind is `numeric`. */
  scale?: number;
}

/** How a live row is told from a deleted or superseded one. */
export type Liveness = 'not-deleted' | 'active' | 'every-row';

/** The one quoting function: https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-identifiers */
const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** Answers no row; its manifest names the columns. */
export function columnsStatement(table: TableName): Statement {
  return { sql: 'SELECT * FROM IDENTIFIER(:table) LIMIT 0', parameters: [tableParameter(table)] };
}

/**
 * Reads the live rows with these keys: first the key columns (k0 …), then the compared ones (c0 …), each as text.
 *
 * @param keys canonical key values, at most 1,000, so that one statement stays small
 */
export function rowsStatement(options: {
  table: TableName;
  keyColumns: readonly ComparedColumn[];
  columns: readonly ComparedColumn[];
  liveness: Liveness;
  keys: readonly (readonly string[])[];
}): Statement {
  const { table, keyColumns, columns, liveness, keys } = options;
  const names = keyColumns.map((_, index) => `k${String(index)}`);
  const selected = [
    ...keyColumns.map((column, index) => `${asText(column)} AS k${String(index)}`),
    ...columns.map((column, index) => `${asText(column)} AS c${String(index)}`),
  ];
  const wanted = [
    `SELECT DISTINCT ${names.map((name) => `k.${name} AS ${name}`).join(', ')}`,
    `FROM (SELECT explode(from_json(:keys, 'ARRAY<STRUCT<${names.map((name) => `${name}: STRING`).join(', ')}>>')) AS k)`,
  ].join(' ');
  const matches = keyColumns.map((column, index) => equals(column, `w.k${String(index)}`));
  return {
    sql: [
      `SELECT ${selected.join(', ')}`,
      'FROM IDENTIFIER(:table) AS t',
      `JOIN (${wanted}) AS w`,
      `ON ${matches.join(' AND ')}`,
      ...where(liveness),
    ].join(' '),
    parameters: [
      tableParameter(table),
      {
        name: 'keys',
        type: 'STRING',
        value: JSON.stringify(
          keys.map((key) => Object.fromEntries(names.map((name, index) => [name, key[index]]))),
        ),
      },
    ],
  };
}

/** Reads the keys of all live rows (k0 …) and when Fivetran wrote them (`synced`, microseconds since 1970). */
export function liveKeysStatement(options: {
  table: TableName;
  keyColumns: readonly ComparedColumn[];
  liveness: Liveness;
  limit: number;
}): Statement {
  const { table, keyColumns, liveness, limit } = options;
  const selected = [
    ...keyColumns.map((column, index) => `${asText(column)} AS k${String(index)}`),
    `${asText({ name: '_fivetran_synced', kind: 'timestamp' })} AS synced`,
  ];
  return {
    sql: [
      `SELECT ${selected.join(', ')}`,
      'FROM IDENTIFIER(:table) AS t',
      ...where(liveness),
      'LIMIT :limit',
    ].join(' '),
    parameters: [tableParameter(table), { name: 'limit', type: 'INT', value: String(limit) }],
  };
}

function tableParameter({ catalog, schema, table }: TableName): Parameter {
  const parts = catalog === '' ? [schema, table] : [catalog, schema, table];
  return { name: 'table', type: 'STRING', value: parts.map(quote).join('.') };
}

function asText({ name, kind }: ComparedColumn): string {
  const column = `t.${quote(name)}`;
  return kind === 'timestamp'
    ? `CAST(unix_micros(CAST(${column} AS TIMESTAMP)) AS STRING)`
    : `CAST(${column} AS STRING)`;
}

/** The cast is on the parameter's side, so that Delta can still skip files by the key column. */
function equals({ name, kind, scale = 0 }: ComparedColumn, text: string): string {
  const column = `t.${quote(name)}`;
  switch (kind) {
    case 'integer':
      return `${column} = CAST(${text} AS BIGINT)`;
    case 'numeric':
      return `${column} = CAST(${text} AS DECIMAL(38, ${String(scale)}))`;
    case 'text':
    case 'uuid':
      return `${column} = ${text}`;
    case 'padded-text':
      return `rtrim(${column}) = ${text}`;
    case 'boolean':
      return `${column} = CAST(${text} AS BOOLEAN)`;
    case 'date':
      return `${column} = CAST(${text} AS DATE)`;
    case 'timestamp':
      return `CAST(${column} AS TIMESTAMP) = timestamp_micros(CAST(${text} AS BIGINT))`;
  }
}

function where(liveness: Liveness): string[] {
  switch (liveness) {
    case 'not-deleted':
      return [`WHERE coalesce(t.${quote('_fivetran_deleted')}, false) = false`];
    case 'active':
      return [`WHERE coalesce(t.${quote('_fivetran_active')}, true) = true`];
    case 'every-row':
      return [];
  }
}
