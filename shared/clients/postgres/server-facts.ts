import * as z from 'zod/mini';
import { parse } from '../../contracts/parse.ts';
import type { AccessRule, ServerFacts } from '../../contracts/server-facts.ts';
import type { PostgresSession } from './session.ts';
import { optional, readIdentity } from './source-facts.ts';

const Roles = z.array(
  z.object({
    name: z.string(),
    superuser: z.boolean(),
    powers: z.array(z.string()),
    createSchemas: z.array(z.string()),
  }),
);

/** Reads what the server tells a read-only role about itself. A view that it may not read becomes null. */
export async function readServer(
  session: PostgresSession,
  options: { roles: readonly string[]; longTransactionSeconds: number },
): Promise<ServerFacts> {
  const identity = await readIdentity(session);
  const [basics] = await session.query(
    `SELECT current_setting('server_version_num') AS version_number,
            current_setting('server_version') AS version,
            current_setting('wal_level') AS wal_level,
            current_setting('autovacuum_freeze_max_age') AS freeze_max_age,
            current_setting('rds.extensions', true) IS NOT NULL AS rds,
            EXISTS (SELECT FROM pg_proc WHERE proname = 'aurora_version') AS aurora,
            pg_encoding_to_char(d.encoding) AS encoding,
            age(d.datfrozenxid) AS frozen_age,
            coalesce(s.ssl, false) AS tls,
            coalesce(s.version, '') AS tls_protocol
     FROM pg_database d LEFT JOIN pg_stat_ssl s ON s.pid = pg_backend_pid()
     WHERE d.datname = current_database()`,
  );
  const [roles] = await session.query(
    `SELECT coalesce(json_agg(json_build_object(
        'name', r.rolname,
        'superuser', r.rolsuper,
        'powers', (SELECT coalesce(json_agg(p.rolname ORDER BY p.rolname), '[]') FROM pg_roles p
            WHERE p.rolname IN ('pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files', 'rds_superuser')
              AND p.oid <> r.oid AND NOT r.rolsuper AND pg_has_role(r.oid, p.oid, 'USAGE')),
        'createSchemas', (SELECT coalesce(json_agg(n.nspname ORDER BY n.nspname), '[]') FROM pg_namespace n
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT r.rolsuper
              AND has_schema_privilege(r.oid, n.oid, 'CREATE'))
     ) ORDER BY (r.rolname = current_user) DESC), '[]') AS roles
     FROM pg_roles r WHERE r.rolname IN (SELECT json_array_elements_text($1::json))`,
    [JSON.stringify([...new Set(options.roles)])],
  );
  return {
    identity,
    versionNumber: Number(basics?.version_number ?? 0),
    version: basics?.version ?? '',
    flavour: basics?.aurora === 't' ? 'aurora' : basics?.rds === 't' ? 'rds' : 'self-managed',
    encoding: basics?.encoding ?? '',
    tls: { inUse: basics?.tls === 't', protocol: basics?.tls_protocol ?? '' },
    authentication: session.authentication,
    walLevel: basics?.wal_level ?? '',
    roles: parse(Roles, JSON.parse(roles?.roles ?? '[]'), 'The roles of the source'),
    ...(await readActivity(session, options.longTransactionSeconds)),
    databaseFrozenAge: Number(basics?.frozen_age ?? 0),
    freezeMaxAge: Number(basics?.freeze_max_age ?? 0),
    accessRules: await readAccessRules(session),
  };
}

/** Without pg_read_all_stats, the sessions of other roles show neither their state nor their transactions. */
async function readActivity(
  session: PostgresSession,
  longTransactionSeconds: number,
): Promise<Pick<ServerFacts, 'longTransactions' | 'vacuumHolder'>> {
  const [may] = await session.query(`SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS may`);
  if (may?.may !== 't') return { longTransactions: null, vacuumHolder: null };
  const sessions = await session.query(
    `SELECT pid, usename, coalesce(state, '') AS state, application_name,
            extract(epoch FROM now() - xact_start)::bigint AS seconds
     FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
       AND xact_start < now() - make_interval(secs => $1::int)
     ORDER BY xact_start LIMIT 5`,
    [longTransactionSeconds],
  );
  const [holder] = await session.query(
    `SELECT h.age, h.what FROM (
       SELECT age(backend_xmin) AS age, 'session ' || pid || ' of ' || coalesce(usename, '?') AS what
         FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
       UNION ALL SELECT age(xmin), 'replication slot ' || slot_name FROM pg_replication_slots WHERE xmin IS NOT NULL
       UNION ALL SELECT age(catalog_xmin), 'replication slot ' || slot_name FROM pg_replication_slots WHERE catalog_xmin IS NOT NULL
       UNION ALL SELECT age(transaction), 'prepared transaction ' || gid FROM pg_prepared_xacts
     ) h ORDER BY h.age DESC LIMIT 1`,
  );
  return {
    longTransactions: sessions.map((row) => ({
      pid: row.pid ?? '',
      user: row.usename ?? '',
      state: row.state ?? '',
      application: row.application_name ?? '',
      seconds: Number(row.seconds ?? 0),
    })),
    vacuumHolder:
      holder === undefined ? { age: 0, what: '' } : { age: Number(holder.age ?? 0), what: holder.what ?? '' },
  };
}

const Rules = z.array(
  z.object({
    type: z.string(),
    databases: z.array(z.string()),
    users: z.array(z.string()),
    address: z.string(),
    netmask: z.string(),
    method: z.string(),
  }),
);

async function readAccessRules(session: PostgresSession): Promise<AccessRule[] | null> {
  const rows = await optional(session, () =>
    session.query(
      `SELECT coalesce(json_agg(json_build_object(
          'type', type, 'databases', to_json(database), 'users', to_json(user_name),
          'address', coalesce(address, ''), 'netmask', coalesce(netmask, ''), 'method', auth_method
       ) ORDER BY line_number), '[]') AS rules
       FROM pg_hba_file_rules WHERE error IS NULL`,
    ),
  );
  if (rows === undefined) return null;
  return parse(Rules, JSON.parse(rows[0]?.rules ?? '[]'), 'The access rules of the source');
}
