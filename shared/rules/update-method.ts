/**
 * What to ask for when Fivetran has refused a method. Teleport Sync and XMIN were replaced by Query-Based for new
 * PostgreSQL connections (https://fivetran.com/docs/databases/postgresql/changelog, October 2025); for logical
 * replication there is no substitute, because it needs a slot of its own.
 */
export function fallbackOf(updateMethod: string): string | undefined {
  return updateMethod === 'TELEPORT' || updateMethod === 'XMIN' ? 'QUERY_BASED' : undefined;
}

/** Whether a refusal is about the update method and not about some other field. */
export function refusesUpdateMethod(status: number, message: string): boolean {
  return status === 400 && /update[ _-]?method|teleport|xmin/i.test(message);
}
