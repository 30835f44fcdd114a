import type pg from 'pg';

export interface SourceColumn {
  name: string;
  /** `pg_type.typname`; domains are resolved to their base type. */
  type: string;
  /** One letter of `pg_type.typcategory`: A array, B boolean, N numeric … */
  category: string;
  /** `pg_attribute.atttypmod`. */
  modifier: number;
  /** Position in the primary key from 1, or 0. */
  keyPosition: number;
}

export interface SourceTable {
  schema: string;
  name: string;
  /** Changes when the table is rewritten. */
  relfilenode: string;
  /** Whether the session's role may read it. */
  readable: boolean;
  columns: SourceColumn[];
}

/** All tables of the database with their columns, in the order of their names. */
export async function readTables(client: pg.Client): Promise<SourceTable[]> {
  const { rows } = await client.query<Record<string, string>>(`
    SELECT n.nspname AS schema, c.relname AS table, pg_relation_filenode(c.oid) AS relfilenode, a.attname AS column,
      coalesce(b.typname, t.typname) AS type, coalesce(b.typcategory, t.typcategory) AS category,
      CASE WHEN t.typbasetype <> 0 THEN t.typtypmod ELSE a.atttypmod END AS modifier,
      coalesce(array_position(i.indkey::int2[], a.attnum), -1) + 1 AS key_position,
      has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type b ON b.oid = t.typbasetype AND t.typbasetype <> 0
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY n.nspname, c.relname, a.attnum`);
  const tables = new Map<string, SourceTable>();
  for (const row of rows) {
    const { schema = '', table = '', relfilenode = '', column = '', type = '', category = '' } = row;
    const id = JSON.stringify([schema, table]);
    const known = tables.get(id) ?? {
      schema,
      name: table,
      relfilenode,
      readable: row.readable === 't',
      columns: [],
    };
    known.columns.push({
      name: column,
      type,
      category,
      modifier: Number(row.modifier),
      keyPosition: Number(row.key_position),
    });
    tables.set(id, known);
  }
  return [...tables.values()];
}

/** The columns of the primary key, in its order; empty when there is none. */
export function keyColumns(table: SourceTable): SourceColumn[] {
  return table.columns
    .filter(({ keyPosition }) => keyPosition > 0)
    .sort((one, other) => one.keyPosition - other.keyPosition);
}
