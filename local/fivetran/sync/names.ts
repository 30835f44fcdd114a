import type { Connection } from '../model.ts';

/**
 * A source name under Fivetran's naming rules: lower case with underscores between words, nothing but letters,
 * digits and underscores. https://fivetran.com/docs/core-concepts (naming conventions)
 */
function fivetranName(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_]/gu, '_');
  return /^\d/.test(words) ? `_${words}` : words;
}

/** A table's or a column's name at the destination. */
export function nameInDestination(connection: Connection, name: string): string {
  return connection.destinationSchemaNames === 'SOURCE_NAMING' ? name : fivetranName(name);
}

/** A source schema's name at the destination: the connection's prefix before it. */
export function schemaInDestination(connection: Connection, schema: string): string {
  return `${connection.name}_${nameInDestination(connection, schema)}`;
}
