/** A name as it stands in SQL that a person is told to run. */
export const sqlIdentifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** A table's qualified name as it stands in SQL that a person is told to run. */
export const sqlTable = ({ schema, table }: { schema: string; table: string }): string =>
  `${sqlIdentifier(schema)}.${sqlIdentifier(table)}`;
