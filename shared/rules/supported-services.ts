/** Fivetran's services whose source is a PostgreSQL of ours: https://fivetran.com/docs/connectors/databases/postgresql */
export const postgresServices: ReadonlySet<string> = new Set(['postgres', 'postgres_rds', 'aurora_postgres']);
