import type { Finding } from '../contracts/finding.ts';
import type { AccessRule, ServerFacts } from '../contracts/server-facts.ts';
import { nameList } from './name-list.ts';
import { sqlIdentifier } from './sql-identifier.ts';

/** What the server did with somebody who asked for a session without TLS. */
export type PlainOutcome =
  { answer: 'admitted' } | { answer: 'refused'; sqlState: string } | { answer: 'unknown'; detail: string };

/** Versions that Fivetran reads: https://www.fivetran.com/docs/databases/postgresql */
const oldestVersion = 10;
const newestVersion = 18;
/** Our own queries need partition functions of this version. */
export const oldestCheckedVersion = 12;

/** Findings about the server as a whole, each fact a finding of its own. */
export function serverFindings(
  facts: ServerFacts,
  plain: PlainOutcome,
  database: string,
  longTransactionSeconds: number,
): Finding[] {
  return [
    version(facts),
    tls(facts, plain),
    scram(facts),
    accessRules(facts, database),
    readOnly(facts),
    standby(facts),
    encoding(facts),
    longTransactions(facts, longTransactionSeconds),
    vacuum(facts),
  ];
}

function version({ versionNumber, version: text, flavour }: ServerFacts): Finding {
  const check = 'source.version';
  const major = Math.floor(versionNumber / 10_000);
  const name = `PostgreSQL ${text}${flavour === 'self-managed' ? '' : ` (${flavour === 'rds' ? 'Amazon RDS' : 'Amazon Aurora'})`}`;
  if (major < oldestVersion) {
    return {
      check,
      status: 'blocking',
      summary: `${name} is older than what Fivetran reads (${String(oldestVersion)} to ${String(newestVersion)}).`,
      remedy: 'Upgrade PostgreSQL.',
    };
  }
  if (major < oldestCheckedVersion) {
    return {
      check,
      status: 'warning',
      summary: `${name} is too old for the checks of tables and for marks, which need ${String(oldestCheckedVersion)}.`,
      remedy: 'Upgrade PostgreSQL; this version gets no security fixes any more.',
    };
  }
  if (major > newestVersion) {
    return {
      check,
      status: 'warning',
      summary: `${name} is newer than what Fivetran is known to read (up to ${String(newestVersion)}).`,
      remedy: "Look up Fivetran's supported versions before you rely on it.",
    };
  }
  return { check, status: 'ok', summary: `${name} is supported.` };
}

const tlsOnlyRemedy: Record<ServerFacts['flavour'], string> = {
  rds: 'Set rds.force_ssl = 1 in the parameter group and reboot if it asks for it.',
  aurora: 'Set rds.force_ssl = 1 in the cluster parameter group.',
  'self-managed':
    'In pg_hba.conf replace every "host" by "hostssl" (and remove "hostnossl"), then SELECT pg_reload_conf().',
};

function tls({ tls: session, flavour }: ServerFacts, plain: PlainOutcome): Finding {
  const check = 'source.tls';
  const protocol = session.protocol === '' ? 'TLS' : session.protocol.replace('TLSv', 'TLS ');
  if (plain.answer === 'admitted') {
    return {
      check,
      status: 'warning',
      summary: `The server talks ${protocol}, but it also admits sessions without encryption; Fivetran falls back to them when "Require TLS" is off.`,
      remedy: tlsOnlyRemedy[flavour],
    };
  }
  if (plain.answer === 'unknown') {
    return {
      check,
      status: 'skipped',
      summary: `The server talks ${protocol}; whether it refuses sessions without encryption could not be seen (${plain.detail}).`,
    };
  }
  return { check, status: 'ok', summary: `The server talks ${protocol} and refuses sessions without it.` };
}

function scram({ authentication }: ServerFacts): Finding {
  const check = 'source.scram';
  if (authentication === 'scram-sha-256') {
    return { check, status: 'ok', summary: 'The password is proved by SCRAM-SHA-256.' };
  }
  if (authentication === 'none') {
    return {
      check,
      status: 'warning',
      summary: 'The server asked for no password at all (trust or a client certificate).',
      remedy: 'Use scram-sha-256 in pg_hba.conf for these roles, then SELECT pg_reload_conf().',
    };
  }
  return {
    check,
    status: 'warning',
    summary: `The password is proved by ${authentication}, not by SCRAM-SHA-256.`,
    remedy:
      "Set password_encryption = 'scram-sha-256', set the roles' passwords anew (ALTER ROLE … PASSWORD …), and use scram-sha-256 in pg_hba.conf (on RDS and Aurora: rds.accepted_password_auth_method = scram in the parameter group).",
  };
}

function accessRules({ accessRules: rules, flavour, roles }: ServerFacts, database: string): Finding {
  const check = 'source.pg-hba';
  if (rules === null) {
    return flavour === 'self-managed'
      ? {
          check,
          status: 'skipped',
          summary: 'pg_hba.conf may not be read by the role of the checks.',
          remedy: `GRANT SELECT ON pg_hba_file_rules TO ${sqlIdentifier(roles[0]?.name ?? 'the_role')}; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO ${sqlIdentifier(roles[0]?.name ?? 'the_role')};`,
        }
      : {
          check,
          status: 'skipped',
          summary: 'AWS manages pg_hba.conf here; who may connect is decided by the security group.',
        };
  }
  const names = new Set(roles.map(({ name }) => name));
  const faults = rules
    .filter((rule) => rule.method !== 'reject' && concerns(rule, names, database))
    .flatMap((rule) => {
      const reasons = [
        ...(isEverywhere(rule) ? ['from every address'] : []),
        ...(rule.type === 'host' || rule.type === 'hostnossl' ? ['without TLS'] : []),
        ...(['trust', 'password', 'md5'].includes(rule.method) ? [`by ${rule.method}`] : []),
      ];
      const text = [
        rule.type,
        rule.databases.join(','),
        rule.users.join(','),
        rule.address,
        rule.method,
      ].join(' ');
      return reasons.length === 0 ? [] : [`"${text}" admits ${reasons.join(', ')}`];
    });
  if (faults.length === 0) {
    return { check, status: 'ok', summary: 'pg_hba.conf admits these roles no wider than needed.' };
  }
  return {
    check,
    status: 'warning',
    summary: `pg_hba.conf is wider than needed: ${nameList(faults, 3)}.`,
    remedy: `Narrow each line to the load balancer's and the functions' subnets, for instance: hostssl ${database} ${[...names].join(',')} <subnet> scram-sha-256; then SELECT pg_reload_conf().`,
  };
}

function concerns(rule: AccessRule, roles: ReadonlySet<string>, database: string): boolean {
  if (!rule.type.startsWith('host')) return false;
  const forUs = rule.users.some((user) => user === 'all' || user.startsWith('+') || roles.has(user));
  return forUs && rule.databases.some((name) => name === 'all' || name === 'sameuser' || name === database);
}

const isEverywhere = ({ address, netmask }: AccessRule): boolean =>
  address === 'all' ||
  (['0.0.0.0', '::'].includes(address) && ['0.0.0.0', '::'].includes(netmask)) ||
  address.endsWith('/0');

function readOnly({ roles }: ServerFacts): Finding {
  const check = 'source.read-only-role';
  const strong = roles.flatMap(({ name, superuser, powers, createSchemas }) => [
    ...(superuser ? [`${name} is a superuser`] : []),
    ...(powers.length > 0 ? [`${name} is a member of ${powers.join(', ')}`] : []),
    ...(createSchemas.length > 0
      ? [`${name} may create objects in schema ${nameList(createSchemas, 3)}`]
      : []),
  ]);
  if (strong.length === 0) {
    return { check, status: 'ok', summary: `${nameList(roles.map(({ name }) => name))} may only read.` };
  }
  return {
    check,
    status: 'warning',
    summary: `A role that only reads should not be able to do more: ${strong.join('; ')}.`,
    remedy: roles
      .flatMap(({ name, superuser, powers, createSchemas }) => [
        ...(superuser ? [`ALTER ROLE ${sqlIdentifier(name)} NOSUPERUSER;`] : []),
        ...powers.map((power) => `REVOKE ${sqlIdentifier(power)} FROM ${sqlIdentifier(name)};`),
        ...createSchemas.map(
          (schema) => `REVOKE CREATE ON SCHEMA ${sqlIdentifier(schema)} FROM PUBLIC, ${sqlIdentifier(name)};`,
        ),
      ])
      .join(' ')
      .concat(
        roles.some(({ createSchemas }) => createSchemas.length > 0)
          ? ' What PUBLIC loses, every role loses that has it no other way: GRANT CREATE again to those that make tables.'
          : '',
      ),
  };
}

function standby({ identity }: ServerFacts): Finding {
  const check = 'source.standby';
  if (!identity.standby) return { check, status: 'ok', summary: 'The server is a primary.' };
  return {
    check,
    status: 'warning',
    summary:
      'The server is a standby: queries may be cancelled by recovery, its statistics say nothing of changes, and its promotion forces Fivetran to sync everything again.',
    remedy:
      'Set hot_standby_feedback = on, or max_standby_streaming_delay to the length of a sync, and plan fail-overs together with a re-sync.',
  };
}

function encoding({ encoding: name }: ServerFacts): Finding {
  const check = 'source.encoding';
  if (name === 'UTF8') return { check, status: 'ok', summary: 'The database is encoded in UTF-8.' };
  return {
    check,
    status: 'blocking',
    summary: `The database is encoded in ${name}; Fivetran reads UTF-8 only.`,
    remedy:
      "Copy it into a database with UTF-8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0; then dump and restore.",
  };
}

function longTransactions({ longTransactions: sessions, roles }: ServerFacts, limit: number): Finding {
  const check = 'source.long-transactions';
  if (sessions === null) {
    return {
      check,
      status: 'skipped',
      summary: 'Transactions of other sessions may not be seen by the role of the checks.',
      remedy: `GRANT pg_read_all_stats TO ${sqlIdentifier(roles[0]?.name ?? 'the_role')};`,
    };
  }
  if (sessions.length === 0) {
    return { check, status: 'ok', summary: `No transaction is older than ${String(limit / 60)} minutes.` };
  }
  const told = sessions.map(
    ({ pid, user, state, seconds }) =>
      `pid ${pid} of ${user} (${state}, ${String(Math.round(seconds / 60))} min)`,
  );
  return {
    check,
    status: 'warning',
    summary: `Long transactions keep vacuum from cleaning and changes from being seen: ${nameList(told, 3)}.`,
    remedy: `Ask the owner, or end it: SELECT pg_terminate_backend(${sessions[0]?.pid ?? ''}); and set idle_in_transaction_session_timeout.`,
  };
}

/** PostgreSQL stops accepting writes about three million transactions before this age. */
const wraparoundAge = 2 ** 31;

function vacuum(facts: ServerFacts): Finding {
  const check = 'source.vacuum';
  const { databaseFrozenAge: age, freezeMaxAge, vacuumHolder } = facts;
  if (age > wraparoundAge * 0.75) {
    return {
      check,
      status: 'blocking',
      summary: `The oldest row of the database is ${age.toLocaleString('en')} transactions old; at 2,146,000,000 the server stops to write.`,
      remedy: `${holderRemedy(vacuumHolder)}Then VACUUM (FREEZE, VERBOSE) the tables with the highest age(relfrozenxid).`,
    };
  }
  if (age > freezeMaxAge * 2 || (vacuumHolder?.age ?? 0) > 10_000_000) {
    return {
      check,
      status: 'warning',
      summary: `Vacuum does not keep up: the oldest row is ${age.toLocaleString('en')} transactions old${vacuumHolder === null || vacuumHolder.what === '' ? '' : `, held back most by ${vacuumHolder.what} (${vacuumHolder.age.toLocaleString('en')} transactions)`}.`,
      remedy: `${holderRemedy(vacuumHolder)}Look at pg_stat_progress_vacuum and autovacuum's settings.`,
    };
  }
  return { check, status: 'ok', summary: 'Vacuum keeps up.' };
}

function holderRemedy(holder: ServerFacts['vacuumHolder']): string {
  if (holder === null || holder.what === '') return '';
  if (holder.what.startsWith('replication slot')) return `Drop or advance the ${holder.what}. `;
  if (holder.what.startsWith('prepared')) return `COMMIT PREPARED or ROLLBACK PREPARED the ${holder.what}. `;
  return `End the transaction of ${holder.what}. `;
}
