import type { Finding } from '../contracts/finding.ts';
import type { TableFacts, TableRights } from '../contracts/source-facts.ts';
import { nameList } from './name-list.ts';
import { sqlIdentifier, sqlTable } from './sql-identifier.ts';

const nameOf = ({ schema, table }: TableFacts): string => `${schema}.${table}`;
const names = (tables: readonly TableFacts[]): string => nameList(tables.map(nameOf));

interface RoleAndTables {
  role: string;
  tables: TableFacts[];
}

/**
 * Findings about the selected tables, one for each kind of trouble, which names the tables.
 *
 * @param roles the checks' own role first, then Fivetran's where it is known
 */
export function tableFindings(tables: readonly TableFacts[], roles: readonly string[]): Finding[] {
  if (tables.length === 0) {
    return [
      {
        check: 'source.tables',
        status: 'skipped',
        summary: 'No table is known to be selected, so none was checked.',
      },
    ];
  }
  const there = tables.filter(({ kind }) => kind === 'r' || kind === 'p');
  return [
    ...exist(tables),
    ...readable(there, roles),
    ...writable(there, roles),
    ...rowSecurity(there, roles),
    ...primaryKeys(there),
    ...bloat(there),
  ];
}

function exist(tables: readonly TableFacts[]): Finding[] {
  const check = 'source.tables';
  const gone = tables.filter(({ kind }) => kind === null);
  const other = tables.filter(({ kind }) => kind !== null && kind !== 'r' && kind !== 'p');
  const found: Finding[] = [];
  if (gone.length > 0) {
    found.push({
      check,
      status: 'warning',
      summary: `Selected tables are not at the source: ${names(gone)}.`,
      remedy: 'Restore or rename them back, or deselect them in Fivetran and reload its schema.',
    });
  }
  if (other.length > 0) {
    found.push({
      check,
      status: 'warning',
      summary: `Selected relations are not tables: ${names(other)}.`,
      remedy: 'Deselect them in Fivetran; it replicates tables.',
    });
  }
  return found.length > 0
    ? found
    : [{ check, status: 'ok', summary: `All ${String(tables.length)} selected tables are at the source.` }];
}

/** For each role the tables for which `test` holds, roles without such a table left out. */
function byRole(
  tables: readonly TableFacts[],
  roles: readonly string[],
  test: (rights: TableRights) => boolean,
): RoleAndTables[] {
  return roles
    .map((role) => ({
      role,
      tables: tables.filter((table) => table.rights.some((rights) => rights.role === role && test(rights))),
    }))
    .filter((found) => found.tables.length > 0);
}

const schemasOf = (tables: readonly TableFacts[]): string[] => [
  ...new Set(tables.map(({ schema }) => schema)),
];

const mostInSql = 20;

/** The tables as GRANT and REVOKE take them; more than one statement can name become all of their schemas. */
const inSql = (tables: readonly TableFacts[]): string =>
  tables.length > mostInSql
    ? `ALL TABLES IN SCHEMA ${schemasOf(tables).map(sqlIdentifier).join(', ')}`
    : tables.map(sqlTable).join(', ');

/**
 * Fivetran's role has to read everything; where it is not known, ours stands for it. What only our own role may not
 * read cannot be verified, but is replicated all the same.
 */
function readable(tables: readonly TableFacts[], roles: readonly string[]): Finding[] {
  const check = 'source.read-access';
  const statusFor = (role: string): 'blocking' | 'warning' =>
    role === roles.at(-1) ? 'blocking' : 'warning';
  const missingRoles = roles.filter(
    (role) => tables.length > 0 && !tables.some(({ rights }) => rights.some((right) => right.role === role)),
  );
  const noUsage = byRole(tables, roles, ({ usage }) => !usage);
  const noSelect = byRole(
    tables,
    roles,
    ({ usage, select, hiddenColumns }) => usage && !select && hiddenColumns.length === 0,
  );
  const someColumns = byRole(
    tables,
    roles,
    ({ usage, select, hiddenColumns }) => usage && !select && hiddenColumns.length > 0,
  );
  const found: Finding[] = [
    ...missingRoles.map((role): Finding => ({
      check,
      status: 'blocking',
      summary: `The role ${role} does not exist on this server.`,
      remedy: `Compare the user in Fivetran's connection with SELECT rolname FROM pg_roles, or create it: CREATE ROLE ${sqlIdentifier(role)} LOGIN PASSWORD '…';`,
    })),
    ...noUsage.map(({ role, tables: hidden }): Finding => ({
      check,
      status: statusFor(role),
      summary: `${role} may not use the schema of ${names(hidden)}.`,
      remedy: schemasOf(hidden)
        .map((schema) => `GRANT USAGE ON SCHEMA ${sqlIdentifier(schema)} TO ${sqlIdentifier(role)};`)
        .join(' '),
    })),
    ...noSelect.map(({ role, tables: hidden }): Finding => ({
      check,
      status: statusFor(role),
      summary: `${role} may not read ${names(hidden)}.`,
      remedy: `GRANT SELECT ON ${inSql(hidden)} TO ${sqlIdentifier(role)};`,
    })),
    ...someColumns.map(({ role, tables: partly }): Finding => ({
      check,
      status: 'warning',
      summary: `${role} may read only some columns of ${names(partly)}.`,
      remedy: `GRANT SELECT ON ${inSql(partly)} TO ${sqlIdentifier(role)}; or deselect the hidden columns in Fivetran.`,
    })),
  ];
  return found.length > 0
    ? found
    : [{ check, status: 'ok', summary: `${roles.join(' and ')} may read all selected tables.` }];
}

function writable(tables: readonly TableFacts[], roles: readonly string[]): Finding[] {
  const check = 'source.write-access';
  const found = byRole(tables, roles, ({ writes }) => writes.length > 0).map(
    ({ role, tables: open }): Finding => ({
      check,
      status: 'warning',
      summary: `${role} may write to ${names(open)}, though it only has to read.`,
      remedy: `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ${inSql(open)} FROM ${sqlIdentifier(role)}; and see whether PUBLIC or another role of its membership holds them.`,
    }),
  );
  return found.length > 0
    ? found
    : [{ check, status: 'ok', summary: `${roles.join(' and ')} may not write to the selected tables.` }];
}

/** Rows that a policy hides are missing at the destination without any error. */
function rowSecurity(tables: readonly TableFacts[], roles: readonly string[]): Finding[] {
  const check = 'source.row-level-security';
  const found = [
    ...byRole(tables, roles, (rights) => rights.rowSecurity === 'nothing-admitted').map(
      ({ role, tables: hidden }): Finding => ({
        check,
        status: role === roles.at(-1) ? 'blocking' : 'warning',
        summary: `Row-level security shows ${role} no row of ${names(hidden)}, without any error.`,
        remedy: rowSecurityRemedy(role, hidden),
      }),
    ),
    ...byRole(tables, roles, (rights) => rights.rowSecurity === 'policies').map(
      ({ role, tables: partly }): Finding => ({
        check,
        status: 'warning',
        summary: `Row-level security shows ${role} only what its policies admit of ${names(partly)}; other rows are missing without any error.`,
        remedy: rowSecurityRemedy(role, partly),
      }),
    ),
  ];
  return found.length > 0
    ? found
    : [{ check, status: 'ok', summary: 'No row-level security hides rows of the selected tables.' }];
}

const rowSecurityRemedy = (role: string, tables: readonly TableFacts[]): string =>
  `ALTER ROLE ${sqlIdentifier(role)} BYPASSRLS; or a policy for each: ${tables
    .slice(0, 3)
    .map(
      (table) =>
        `CREATE POLICY ${sqlIdentifier(`${role}_reads`)} ON ${sqlTable(table)} FOR SELECT TO ${sqlIdentifier(role)} USING (true);`,
    )
    .join(' ')} Then re-sync these tables in Fivetran.`;

function primaryKeys(tables: readonly TableFacts[]): Finding[] {
  const check = 'source.primary-key';
  const without = tables.filter(({ primaryKey }) => primaryKey.length === 0);
  if (without.length === 0) {
    return [{ check, status: 'ok', summary: 'Every selected table has a primary key.' }];
  }
  return [
    {
      check,
      status: 'warning',
      summary: `Selected tables have no primary key: ${names(without)}. Fivetran keys them by a hash of the row, and increments of them cannot be verified.`,
      remedy: `${without
        .slice(0, 3)
        .map((table) => `ALTER TABLE ${sqlTable(table)} ADD PRIMARY KEY (…);`)
        .join(
          ' ',
        )} Then drop the table at the destination and re-sync it, because its old rows would stay as duplicates.`,
    },
  ];
}

const noticeableDeadRows = 100_000;

function bloat(tables: readonly TableFacts[]): Finding[] {
  const check = 'source.dead-rows';
  const full = tables.filter(
    ({ deadRows, liveRows }) => deadRows > noticeableDeadRows && deadRows > liveRows * 0.5,
  );
  if (full.length === 0) {
    return [{ check, status: 'ok', summary: 'No selected table is full of dead rows.' }];
  }
  return [
    {
      check,
      status: 'warning',
      summary: `Dead rows slow down every scan of ${names(full)}.`,
      remedy: `${full
        .slice(0, 3)
        .map((table) => `VACUUM (ANALYZE) ${sqlTable(table)};`)
        .join(
          ' ',
        )} Do not VACUUM FULL: it rewrites the table, and Fivetran then syncs it again from the start.`,
    },
  ];
}
