import { readFile, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type LocalPostgres } from '../../local/postgres/postgres.ts';
import { createPostgres } from '../../shared/clients/postgres/session.ts';
import type { Secrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock, type Clock } from '../../shared/clock.ts';
import type { Finding } from '../../shared/contracts/finding.ts';
import type { MarkHeader } from '../../shared/contracts/mark.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { checkOf, named, type AlteredWorld } from '../../tests/increment/check.ts';
import { createIncrement, secretsOf, selected } from '../../tests/increment/harness.ts';
import { createMemoryDestination } from '../../tests/increment/memory-destination.ts';

let postgres: LocalPostgres;
let admin: pg.Client;
let access: string;
const tables = ['actor', 'film', 'rental', 'payment', 'film_actor'];

beforeAll(async () => {
  postgres = await startPostgres();
  admin = new pg.Client({
    connectionString: postgres.connectionString('admin'),
    ssl: { ca: postgres.caPem },
  });
  await admin.connect();
  access = await readFile(postgres.accessFile, 'utf8');
});

afterAll(async () => {
  await admin.end();
  await postgres.stop();
});

/** What a test broke is mended by these, last one first. */
const mends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const mend of mends.splice(0).reverse()) await mend();
});

async function breakBy(sql: string, mend: string): Promise<void> {
  mends.push(() => admin.query(mend));
  await admin.query(sql);
}

async function admit(change: (rules: string) => string): Promise<void> {
  const put = async (rules: string): Promise<void> => {
    await writeFile(postgres.accessFile, rules);
    await admin.query('SELECT pg_reload_conf()');
    await new Promise((resolve) => setTimeout(resolve, 150));
  };
  mends.push(() => put(access));
  await put(change(access));
}

interface World extends AlteredWorld {
  updateMethod?: string;
  between?: () => Promise<unknown>;
}

/** All findings after a mark was taken and something was done in between. */
async function findings({ updateMethod, between, ...altered }: World = {}): Promise<Finding[]> {
  const increment = createIncrement({
    postgres,
    destination: createMemoryDestination().destination,
    tables: tables.map((table) => selected(table)),
    ...(updateMethod === undefined ? {} : { updateMethod }),
  });
  await increment.mark();
  await between?.();
  return checkOf(postgres, increment, altered);
}

describe('a sound source', () => {
  it('has no finding that is a warning or blocks, and says why it skipped what it may not see', async () => {
    const found = await findings();
    expect(found.filter(({ status }) => status === 'warning' || status === 'blocking')).toEqual([]);
    const skipped = found.filter(({ status }) => status === 'skipped');
    expect(skipped.map(({ check }) => check)).toEqual(['source.pg-hba', 'source.long-transactions']);
    expect(skipped.every(({ remedy }) => remedy?.includes('GRANT') === true)).toBe(true);
  });

  it('shows everything once the role has the two grants that the remedies name', async () => {
    const skipped = (await findings()).flatMap(({ status, remedy }) =>
      status === 'skipped' ? [remedy ?? ''] : [],
    );
    mends.push(() =>
      admin.query(
        'REVOKE pg_read_all_stats FROM privatelink_checks; REVOKE ALL ON pg_hba_file_rules FROM privatelink_checks; REVOKE ALL ON FUNCTION pg_hba_file_rules() FROM privatelink_checks',
      ),
    );
    for (const grant of skipped) await admin.query(grant);
    expect((await findings()).filter(({ status }) => status !== 'ok')).toEqual([]);
  });
});

describe('one broken thing is named, with the remedy', () => {
  it.each([
    [
      "a grant that Fivetran's role lost",
      'REVOKE SELECT ON film FROM fivetran',
      'GRANT SELECT ON film TO fivetran',
      'source.read-access',
      'blocking',
      /fivetran may not read public\.film/,
      /GRANT SELECT ON public\.film TO fivetran;/,
    ],
    [
      'a grant that our own role lost',
      'REVOKE SELECT ON film FROM privatelink_checks',
      'GRANT SELECT ON film TO privatelink_checks',
      'source.read-access',
      'warning',
      /privatelink_checks may not read public\.film/,
      /GRANT SELECT ON public\.film TO privatelink_checks;/,
    ],
    [
      'a schema that may not be used',
      'REVOKE USAGE ON SCHEMA public FROM PUBLIC, fivetran',
      'GRANT USAGE ON SCHEMA public TO PUBLIC, fivetran',
      'source.read-access',
      'blocking',
      /fivetran may not use the schema/,
      /GRANT USAGE ON SCHEMA public TO fivetran;/,
    ],
    [
      'columns that may not be read',
      'REVOKE SELECT ON actor FROM fivetran; GRANT SELECT (actor_id, last_name) ON actor TO fivetran',
      'REVOKE SELECT (actor_id, last_name) ON actor FROM fivetran; GRANT SELECT ON actor TO fivetran',
      'source.read-access',
      'warning',
      /only some columns of public\.actor/,
      /GRANT SELECT ON public\.actor/,
    ],
    [
      'a right to write',
      'GRANT DELETE ON rental TO fivetran',
      'REVOKE DELETE ON rental FROM fivetran',
      'source.write-access',
      'warning',
      /fivetran may write to public\.rental/,
      /REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public\.rental FROM fivetran;/,
    ],
    [
      'a right to create',
      'GRANT CREATE ON SCHEMA public TO fivetran',
      'REVOKE CREATE ON SCHEMA public FROM fivetran',
      'source.read-only-role',
      'warning',
      /may create objects in schema public/,
      /REVOKE CREATE ON SCHEMA public/,
    ],
    [
      'a superuser',
      'ALTER ROLE fivetran SUPERUSER',
      'ALTER ROLE fivetran NOSUPERUSER',
      'source.read-only-role',
      'warning',
      /fivetran is a superuser/,
      /NOSUPERUSER/,
    ],
    [
      'row-level security without a policy',
      'ALTER TABLE payment ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE payment DISABLE ROW LEVEL SECURITY',
      'source.row-level-security',
      'warning',
      /shows privatelink_checks no row of public\.payment/,
      /BYPASSRLS/,
    ],
    [
      'a policy',
      'ALTER TABLE payment ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON payment FOR SELECT USING (payment_id < 10)',
      'DROP POLICY few ON payment; ALTER TABLE payment DISABLE ROW LEVEL SECURITY',
      'source.row-level-security',
      'warning',
      /only what its policies admit of public\.payment/,
      /CREATE POLICY/,
    ],
    [
      'a key that was dropped',
      'ALTER TABLE film_actor DROP CONSTRAINT film_actor_pkey',
      'ALTER TABLE film_actor ADD CONSTRAINT film_actor_pkey PRIMARY KEY (actor_id, film_id)',
      'source.primary-key',
      'warning',
      /no primary key: public\.film_actor/,
      /ADD PRIMARY KEY/,
    ],
  ])('%s', async (_, breaking, mending, check, status, summary, remedy) => {
    await breakBy(breaking, mending);
    const found = named(
      (await findings()).filter((finding) => finding.status !== 'ok'),
      check,
    );
    expect(found?.status).toBe(status);
    expect(found?.summary).toMatch(summary);
    expect(found?.remedy).toMatch(remedy);
  });

  it('a table that is gone', async () => {
    await breakBy('ALTER TABLE film RENAME TO film_old', 'ALTER TABLE film_old RENAME TO film');
    expect(named(await findings(), 'source.tables')).toMatchObject({
      status: 'warning',
      summary: 'Selected tables are not at the source: public.film.',
    });
  });

  it('sessions that are admitted without TLS', async () => {
    await admit((rules) => rules.replaceAll('hostssl', 'host'));
    const found = named(await findings(), 'source.tls');
    expect(found).toMatchObject({ status: 'warning' });
    expect(found?.remedy).toContain('hostssl');
  });

  it('pg_hba.conf that admits everybody, and a password that is not proved by SCRAM', async () => {
    mends.push(() =>
      admin.query(
        'REVOKE ALL ON pg_hba_file_rules FROM privatelink_checks; REVOKE ALL ON FUNCTION pg_hba_file_rules() FROM privatelink_checks',
      ),
    );
    await admin.query(
      'GRANT SELECT ON pg_hba_file_rules TO privatelink_checks; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO privatelink_checks',
    );
    await admit((rules) => `hostssl all all 0.0.0.0/0 password\n${rules}`);
    const found = await findings();
    expect(named(found, 'source.pg-hba')?.summary).toMatch(/from every address, by password/);
    expect(named(found, 'source.scram')).toMatchObject({ status: 'warning' });
  });

  it('a transaction that stays open', async () => {
    await breakBy(
      'GRANT pg_read_all_stats TO privatelink_checks',
      'REVOKE pg_read_all_stats FROM privatelink_checks',
    );
    const longTransactions = [
      { pid: '4711', user: 'batch', state: 'idle in transaction', seconds: 7_200, application: '' },
    ];
    expect(named(await findings({ server: { longTransactions } }), 'source.long-transactions')).toMatchObject(
      {
        status: 'warning',
        summary: expect.stringContaining('pid 4711 of batch (idle in transaction, 120 min)') as unknown,
      },
    );
  });

  it.each([
    ['another encoding', { encoding: 'LATIN1' }, 'source.encoding', 'blocking'],
    ['an old server', { versionNumber: 90_624 }, 'source.version', 'blocking'],
    ['a server that is too new to be known', { versionNumber: 190_000 }, 'source.version', 'warning'],
    ['transaction ids that run out', { databaseFrozenAge: 1_900_000_000 }, 'source.vacuum', 'blocking'],
    [
      'a slot that holds vacuum back',
      { vacuumHolder: { age: 90_000_000, what: 'replication slot old' } },
      'source.vacuum',
      'warning',
    ],
  ])('%s', async (_, server, check, status) => {
    expect(named(await findings({ server }), check)?.status).toBe(status);
  });
});

// What sets these servers apart, on a PostgreSQL that answers so:
// rds.* settings   https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
// aurora_version() https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.VersionPolicy.Versioning.html
// rds_superuser    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html
// rds.force_ssl    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
describe.each([
  { server: 'Amazon RDS', group: 'parameter group', more: [] },
  {
    server: 'Amazon Aurora',
    group: 'cluster parameter group',
    more: [
      [
        `CREATE FUNCTION aurora_version() RETURNS text LANGUAGE sql AS $$ SELECT '15.4.0' $$`,
        'DROP FUNCTION aurora_version()',
      ] as const,
    ],
  },
])('on $server', ({ server, group, more }) => {
  beforeEach(async () => {
    await breakBy(
      `ALTER DATABASE dvdrental SET rds.extensions = 'pgcrypto'`,
      'ALTER DATABASE dvdrental RESET rds.extensions',
    );
    for (const [change, mend] of more) await breakBy(change, mend);
  });

  it('is named, and is not asked for what AWS manages', async () => {
    const found = await findings();
    expect(named(found, 'source.version')?.summary).toContain(`(${server}) is supported`);
    expect(named(found, 'source.pg-hba')).toMatchObject({
      status: 'skipped',
      summary: expect.stringContaining('AWS manages pg_hba.conf') as unknown,
    });
    expect(named(found, 'source.pg-hba')?.remedy).toBeUndefined();
  });

  it('has remedies that can be carried out there', async () => {
    await admit((rules) => rules.replaceAll('hostssl', 'host'));
    await breakBy(
      'CREATE ROLE rds_superuser; GRANT rds_superuser TO fivetran',
      'REVOKE rds_superuser FROM fivetran; DROP ROLE rds_superuser',
    );
    const found = await findings({ updateMethod: 'WAL_PGOUTPUT' });
    expect(named(found, 'source.tls')?.remedy).toContain('rds.force_ssl = 1');
    expect(named(found, 'source.tls')?.remedy).toContain(group);
    expect(named(found, 'source.read-only-role')?.remedy).toContain('REVOKE rds_superuser FROM fivetran;');
    expect(named(found, 'source.update-method')?.remedy).toContain('rds.logical_replication = 1');
  });
});

describe('without a session', () => {
  it.each([
    ['a wrong password', { password: 'wrong' }, 'source.authentication', /refused the password/],
    [
      'no such database',
      { dbname: 'nowhere' },
      'source.authentication',
      /pg_hba\.conf does not admit|no database/,
    ],
    ['a name that does not resolve', { host: 'nobody.invalid' }, 'source.reachable', /does not resolve/],
    ['a port where nobody listens', { port: 1 }, 'source.reachable', /Nothing accepts connections/],
    ['an authority that did not sign', { ca: undefined }, 'source.tls', /not signed by a trusted authority/],
  ])('%s is one blocking finding', async (_, secret, check, summary) => {
    const found = await findings({ secret });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ check, status: 'blocking' });
    expect(found[0]?.summary).toMatch(summary);
    expect(JSON.stringify(found)).not.toContain(postgres.users.checks.password);
  });

  it('an expired certificate is named as such', async () => {
    const ca = await postgres.replaceCertificates({
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2021-01-01'),
    });
    mends.push(() => postgres.replaceCertificates());
    expect(ca).toBe(postgres.caPem);
    const connected = await createPostgres({
      secrets: secretsOf(postgres),
      sourceSecretPrefix: 'test/source/',
      applicationName: 'check-source',
    }).connect('rental');
    expect(connected).toMatchObject({ outcome: 'failed', fault: { kind: 'tls-expired' } });
  });

  it('reads the secret anew, once, when the password was rotated', async () => {
    const asked: boolean[] = [];
    const secrets: Secrets = {
      ...secretsOf(postgres),
      read: async (secretId, schema, options) => {
        asked.push(options?.fresh === true);
        const secret: unknown = await secretsOf(postgres).read(secretId, schema);
        return parse(
          schema,
          Object.assign({}, secret, options?.fresh === true ? {} : { password: 'old' }),
          '',
        );
      },
    };
    const connected = await createPostgres({
      secrets,
      sourceSecretPrefix: 'test/source/',
      applicationName: 'check-source',
    }).connect('rental');
    expect(connected.outcome).toBe('connected');
    if (connected.outcome === 'connected') await connected.session.close();
    expect(asked).toEqual([false, true]);
  });
});

describe('what is remembered from the last mark', () => {
  const server =
    (change: Partial<MarkHeader['server']>) =>
    (mark: MarkHeader): MarkHeader => ({
      ...mark,
      server: { ...mark.server, ...change },
    });

  it('tells a rewritten table, and what Fivetran will do', async () => {
    const found = named(
      await findings({ between: () => admin.query('VACUUM FULL film') }),
      'source.table-rewrite',
    );
    expect(found).toMatchObject({ status: 'warning' });
    expect(found?.summary).toMatch(/public\.film\. Fivetran syncs them again from the start/);
  });

  it.each([
    [
      'a transaction id that moved backwards',
      server({ nextTransactionId: '99999999' }),
      /moved backwards.*restored copy/,
    ],
    [
      'a database restored to an earlier point',
      server({ nextTransactionId: '99999999', timeline: 7 }),
      /restored to an earlier point.*\(timeline 7/,
    ],
    ['another database system', server({ systemIdentifier: '42' }), /another database system/],
    ['a promoted standby', server({ standby: true }), /The standby that Fivetran read was promoted/],
  ])('tells %s', async (_, mark, summary) => {
    const found = named(await findings({ mark }), 'source.transaction-id');
    expect(found?.status).toBe('warning');
    expect(found?.summary).toMatch(summary);
  });

  it('does not warn of a fail-over after which the transaction id went on', async () => {
    const found = named(await findings({ mark: server({ timeline: 7 }) }), 'source.transaction-id');
    expect(found).toMatchObject({ status: 'ok' });
    expect(found?.summary).toContain('failed over');
  });

  it("counts a table's changes exactly and warns before Teleport's limit", async () => {
    const found = named(
      await findings({
        between: () => admin.query('UPDATE rental SET last_update = last_update WHERE rental_id <= 12000'),
      }),
      'source.teleport-headroom',
    );
    expect(found).toMatchObject({ status: 'warning' });
    expect(found?.summary).toMatch(
      /public\.rental: 1[12],\d{3} rows \(exact\) changed since .* near the 15,000/,
    );
    expect(found?.remedy).toMatch(/sync frequency/);
  });

  it('leaves to the counters what there is no time to count', async () => {
    let looks = 0;
    const hurried: Clock = { ...systemClock, now: () => new Date(Date.now() + 10_000 * looks++) };
    const found = named(await findings({ clock: hurried }), 'source.teleport-headroom');
    expect(found?.summary).not.toContain('exact');
  });

  it('bounds the changes of a large table by its counters, and says so when they were reset', async () => {
    const update = 'UPDATE rental SET last_update = last_update WHERE rental_id <= 12000';
    const flush = async (): Promise<void> => {
      await admin.query('SELECT pg_stat_force_next_flush()');
      await admin.query('SELECT 1');
    };
    const flushed = async (): Promise<void> => {
      await admin.query(update);
      await flush();
    };
    // What was changed before the mark must not be counted after it.
    await flush();
    const pages = 1_000_000;
    const bounded = named(await findings({ pages, between: flushed }), 'source.teleport-headroom');
    expect(bounded?.summary).toMatch(/public\.rental: at most 1[12],\d{3} rows \(an upper bound\)/);
    const reset = async (): Promise<void> => {
      await flushed();
      await admin.query('SELECT pg_stat_reset()');
    };
    const lost = await findings({ pages, between: reset });
    expect(named(lost, 'source.teleport-headroom')).toMatchObject({
      status: 'skipped',
      summary: expect.stringContaining('the statistics were reset since the last mark') as unknown,
    });
    const counted = named(await findings({ between: reset }), 'source.teleport-headroom');
    expect(counted?.summary).toMatch(
      /public\.rental: at least 1[12],\d{3} rows \(deletions could not be counted\)/,
    );
  });

  it('says nothing of Teleport for another method, but of what that method needs', async () => {
    const found = await findings({ updateMethod: 'WAL_PGOUTPUT' });
    expect(named(found, 'source.teleport-headroom')).toBeUndefined();
    expect(named(found, 'source.table-rewrite')).toBeUndefined();
    expect(named(found, 'source.update-method')).toMatchObject({ status: 'blocking' });
  });
});
