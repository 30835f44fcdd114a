import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../local/postgres/postgres.ts';
import { startStack, type LocalStack } from '../../local/stack.ts';
import { connectSource, type SourceRuns } from '../support/source-run.ts';

// What people get wrong, through the whole of run-sync: a finding or an error by name, with its remedy, in the
// execution and in Slack; nothing hangs, and no name becomes SQL.

let stack: LocalStack;
let runSync: SourceRuns['sync'];

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
  runSync = (await connectSource(stack)).sync;
});

afterAll(() => stack.stop());

/** What a test broke is mended by these, last one first. */
const mends: (() => unknown)[] = [];
afterEach(async () => {
  for (const mend of mends.splice(0).reverse()) await mend();
});

const sql = (text: string): Promise<{ rows: unknown[] }> =>
  withClient(stack.postgres, 'admin', (client) => client.query(text));

const slack = (): string => JSON.stringify(stack.slack.messages());

/** The secret of the checks' role, as a person puts it in by hand. */
function putSecret(change: Record<string, unknown> = {}): void {
  const { users, name: host, port, database: dbname, caPem: ca } = stack.postgres;
  const { name: username, password } = users.checks;
  const prefix = stack.provisioned.parameters.get('SecretPrefix') as string;
  stack.secrets.put(`${prefix}/source/postgres`, { username, password, host, port, dbname, ca, ...change });
}

async function admit(line: string): Promise<void> {
  const { accessFile } = stack.postgres;
  const before = await readFile(accessFile, 'utf8');
  const put = async (text: string): Promise<void> => {
    await writeFile(accessFile, text);
    await sql('SELECT pg_reload_conf()');
  };
  mends.push(() => put(before));
  await put(`${before}${line}\n`);
}

describe('a secret that is wrong fails the run with the finding that names it', () => {
  const wrong: {
    what: string;
    change: Record<string, unknown>;
    check: string;
    says: string;
    remedy: string;
  }[] = [
    {
      what: 'password',
      change: { password: 'wrong' },
      check: 'source.authentication',
      says: 'PostgreSQL refused the password of privatelink_checks, also after the secret was read again.',
      remedy: 'ALTER ROLE privatelink_checks PASSWORD',
    },
    {
      what: 'database',
      change: { dbname: 'nowhere' },
      check: 'source.authentication',
      says: 'There is no database nowhere on database.internal',
      remedy: 'SELECT datname FROM pg_database',
    },
    {
      what: 'port',
      change: { port: 1 },
      check: 'source.reachable',
      says: 'Nothing accepts connections at database.internal:1.',
      remedy: 'listen_addresses',
    },
    {
      what: 'authority',
      change: { ca: undefined },
      check: 'source.tls',
      says: 'is not signed by a trusted authority',
      remedy: 'Put the PEM of the authority that signed it',
    },
  ];

  test.each(wrong)('$what', async ({ change, check, says, remedy }) => {
    await admit('hostssl nowhere privatelink_checks 127.0.0.1/32 scram-sha-256');
    mends.push(putSecret);
    putSecret(change);
    const ended = await runSync();
    expect(ended.status).toBe('FAILED');
    expect(ended.found).toMatchObject([{ check, status: 'blocking' }]);
    expect(ended.found[0]?.summary).toContain(says);
    expect(ended.found[0]?.remedy).toContain(remedy);
    expect(ended.output).not.toContain(stack.postgres.users.checks.password);
    await expect.poll(slack, { timeout: 30_000 }).toContain(says);
    putSecret();
    const mended = await runSync();
    expect(mended.status, mended.output).toBe('SUCCEEDED');
  });
});

test('a password that was rotated a moment ago is read anew, and the increment is verified', async () => {
  const { name, password } = stack.postgres.users.checks;
  mends.push(() => sql(`ALTER ROLE ${name} PASSWORD '${password}'`), putSecret);
  await sql(
    `ALTER ROLE ${name} PASSWORD 'rotated'; INSERT INTO actor (first_name, last_name) VALUES ('ro', 'ta')`,
  );
  putSecret({ password: 'rotated' });
  const ended = await runSync();
  expect(ended.status, ended.output).toBe('SUCCEEDED');
  expect(ended.verification).toMatchObject({ verdict: 'verified', rows: 1 });
});

test('a checks role without grants is a warning, and the verification says why it was skipped', async () => {
  mends.push(() => sql('GRANT SELECT ON ALL TABLES IN SCHEMA public TO privatelink_checks'));
  await sql('REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM privatelink_checks');
  const ended = await runSync();
  expect(ended.status, ended.output).toBe('SUCCEEDED');
  const finding = ended.found.find(({ check }) => check === 'source.read-access');
  expect(finding).toMatchObject({ status: 'warning' });
  expect(finding?.remedy).toMatch(/^GRANT SELECT ON public\.actor, .* TO privatelink_checks;$/);
  expect(ended.verification).toMatchObject({
    verdict: 'skipped',
    reason: 'the role privatelink_checks may not read it',
  });
});

describe('a warehouse that', () => {
  test('is gone is told with what to look at, and the increment is verified once it is back', async () => {
    mends.push(() => {
      stack.databricks.setFault({ kind: 'removed', removed: false });
    });
    await sql(`INSERT INTO actor (first_name, last_name) VALUES ('wa', 'it')`);
    stack.databricks.setFault({ kind: 'removed', removed: true });
    const ended = await runSync();
    expect(ended.status, ended.output).toBe('FAILED');
    expect(ended.output).toContain('check that the SQL warehouse starts');
    await expect.poll(slack, { timeout: 30_000 }).toContain('Databricks cannot be used');
    stack.databricks.setFault({ kind: 'removed', removed: false });
    const back = await runSync();
    expect(back.verification, back.output).toMatchObject({ verdict: 'verified', rows: 1 });
  });

  test('is stopped is waited for', async () => {
    stack.databricks.setFault({ kind: 'stopped', startMs: 2_000 });
    await sql(`INSERT INTO actor (first_name, last_name) VALUES ('sle', 'ep')`);
    const ended = await runSync();
    expect(ended.verification, ended.output).toMatchObject({ verdict: 'verified' });
  });
});

test('tables and columns whose names would break SQL are copied, verified, and missed when a row is lost', async () => {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const key = quoted(`c"l; DROP TABLE actor; -- \`x\``);
  const names = [
    `a"; DROP TABLE actor; --`,
    '`t` ${x} $(y) {{z}} :table ?',
    `${'ж'.repeat(31)}a`,
    'SELECT',
    `o'brien \\ '); --`,
  ];
  const ofEach = (statement: (table: string) => string): Promise<unknown> =>
    sql(names.map((name) => statement(`public.${quoted(name)}`)).join('; '));
  mends.push(() => ofEach((table) => `DROP TABLE ${table}`));
  await ofEach(
    (table) =>
      `CREATE TABLE ${table} (${key} text PRIMARY KEY, "значение" text); INSERT INTO ${table} VALUES ('one', '1')`,
  );
  // Fivetran finds the tables with the first, and from the second on changes of them count.
  for (const first of [await runSync(), await runSync()]) {
    expect(first.status, first.output).toBe('SUCCEEDED');
  }
  await ofEach((table) => `INSERT INTO ${table} VALUES ('two', $q$'; DROP TABLE actor; --$q$)`);
  const second = await runSync();
  expect(second.verification, second.output).toMatchObject({ verdict: 'verified', rows: names.length });
  for (const table of names) stack.fivetran.faults.set({ kind: 'lose-rows', table, count: 1 });
  await ofEach((table) => `INSERT INTO ${table} VALUES ('three', '3')`);
  const lost = await runSync();
  expect(lost.verification).toMatchObject({ verdict: 'short' });
  for (const name of names) expect(lost.verification?.summary).toContain(`public.${name} (1 row)`);
  expect((await sql('SELECT FROM actor LIMIT 1')).rows).toHaveLength(1);
});

test('an expired certificate fails the run with the finding that names it', async () => {
  const ca = await stack.postgres.replaceCertificates({
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2021-01-01'),
  });
  putSecret({ ca });
  const ended = await runSync();
  expect(ended.status).toBe('FAILED');
  expect(ended.found).toMatchObject([{ check: 'source.tls', status: 'blocking' }]);
  expect(ended.found[0]?.summary).toContain('is expired or not valid yet');
  expect(ended.found[0]?.remedy).toContain('--ca-certificate-identifier');
  await expect.poll(slack, { timeout: 30_000 }).toContain('is expired or not valid yet');
});
