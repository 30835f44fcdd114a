import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SourceFault } from '../../local/postgres/faults.ts';
import { withClient } from '../../local/postgres/postgres.ts';
import { startStack, type LocalStack } from '../../local/stack.ts';
import type { Finding } from '../../shared/contracts/finding.ts';
import { connectSource, type SourceRuns } from '../support/source-run.ts';

// What a person does on `npm run local`: break one thing at the source with its lever, start run-sync, and read what
// was found, in the execution and in Slack.

let stack: LocalStack;
let runSync: SourceRuns['sync'];

const sql = (text: string): Promise<unknown> =>
  withClient(stack.postgres, 'admin', (client) => client.query(text));

/** The lever as curl would pull it. */
async function lever(method: string, fault?: object): Promise<Response> {
  return fetch(stack.info.postgres.faultsUrl, {
    method,
    ...(fault === undefined ? {} : { body: JSON.stringify(fault) }),
  });
}

const slack = (): string => JSON.stringify(stack.slack.messages());

async function invoke(folder: string): Promise<unknown> {
  return stack.lambda.invoke(stack.info.functions[folder] ?? '', {});
}

/** Targets of the load balancer, with their states. */
const targets = (): string[] =>
  [...stack.provisioned.resources.values()]
    .filter(({ type }) => type === 'AWS::ElasticLoadBalancingV2::LoadBalancer')
    .flatMap(({ ref }) => stack.elbv2.routes(ref))
    .flatMap((route) => route.targets.map(({ address, state }) => `${address} ${state}`))
    .sort();

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
  runSync = (await connectSource(stack)).sync;
});

afterEach(async () => {
  expect((await lever('DELETE')).status).toBe(200);
});

afterAll(() => stack.stop());

describe('one thing is broken with its lever, and run-sync names it', () => {
  const broken: {
    what: string;
    fault: SourceFault;
    status: 'SUCCEEDED' | 'FAILED';
    finding: Pick<Finding, 'check' | 'status'>;
    says: string;
    remedy: string;
    /** What Slack says; nothing where nobody has to act. */
    told?: string;
  }[] = [
    {
      what: 'a grant that was revoked',
      fault: { kind: 'revoke-grant', table: 'film' },
      status: 'FAILED',
      finding: { check: 'source.read-access', status: 'blocking' },
      says: 'fivetran may not read public.film.',
      remedy: 'GRANT SELECT ON public.film TO fivetran;',
      told: 'GRANT SELECT ON public.film TO fivetran;',
    },
    {
      what: 'TLS that was switched off',
      fault: { kind: 'tls-off' },
      status: 'FAILED',
      finding: { check: 'source.tls', status: 'blocking' },
      says: 'does not offer TLS',
      remedy: "ALTER SYSTEM SET ssl = 'on'",
      told: 'does not offer TLS',
    },
    {
      what: 'a key that was dropped',
      fault: { kind: 'drop-key', table: 'film_actor' },
      status: 'SUCCEEDED',
      finding: { check: 'source.key-change', status: 'warning' },
      says: 'public.film_actor (was actor_id, film_id; now none)',
      remedy: 'ALTER TABLE public.film_actor ADD PRIMARY KEY (actor_id, film_id);',
      told: 'public.film_actor (was actor_id, film_id; now none)',
    },
    {
      what: 'a VACUUM FULL',
      fault: { kind: 'vacuum-full', table: 'film' },
      status: 'SUCCEEDED',
      finding: { check: 'source.table-rewrite', status: 'warning' },
      says: 'public.film',
      remedy: 'pg_repack',
      told: 'Tables were rewritten since',
    },
    {
      what: 'a fail-over to another address',
      fault: { kind: 'move-host', addresses: ['127.0.0.2'] },
      status: 'SUCCEEDED',
      finding: { check: 'source.address', status: 'warning' },
      says: 'moved from 127.0.0.1',
      remedy: 'refresh-targets registers 127.0.0.2',
    },
    {
      what: 'a name that leads nowhere',
      fault: { kind: 'move-host', addresses: [] },
      status: 'FAILED',
      finding: { check: 'source.reachable', status: 'blocking' },
      says: 'The name database.internal does not resolve.',
      remedy: 'Compare \\"host\\" in the secret',
      told: 'does not resolve',
    },
  ];

  test.each(broken)('$what', async ({ fault, status, finding, says, remedy, told }) => {
    const pulled = await lever('POST', fault);
    expect(pulled.status, await pulled.text()).toBe(200);
    const ended = await runSync();
    const named = ended.found.find(({ check }) => check === finding.check);
    expect(named, JSON.stringify(ended.found)).toMatchObject(finding);
    expect(named?.summary).toContain(says);
    expect(JSON.stringify(named?.remedy)).toContain(remedy);
    expect(ended.status, ended.output).toBe(status);
    if (told !== undefined) await expect.poll(slack, { timeout: 30_000 }).toContain(told);
    // Mended, the same sync goes through, and the same thing is not found again.
    await lever('DELETE');
    const again = await runSync();
    expect(again.status, again.output).toBe('SUCCEEDED');
    const next = await runSync();
    expect(
      next.found.filter(({ check, status: found }) => check === finding.check && found !== 'ok'),
    ).toEqual([]);
  });
});

test('after a fail-over the new address is added, the old one is removed once the new one is healthy, and people are told', async () => {
  await expect.poll(targets, { timeout: 30_000 }).toEqual(['127.0.0.1 healthy']);
  await stack.sourceFaults.set({ kind: 'move-host', addresses: ['127.0.0.2'] });
  // As RDS tells of it; without this event the schedule would find out within a minute.
  stack.eventBridge.put({
    source: 'aws.rds',
    detailType: 'RDS DB Cluster Event',
    resources: [],
    detail: { EventCategories: ['failover'] },
  });
  await stack.idle();
  expect(targets().map((target) => target.split(' ')[0])).toEqual(['127.0.0.1', '127.0.0.2']);
  await expect.poll(targets, { timeout: 30_000 }).toContain('127.0.0.2 healthy');
  await invoke('refresh-targets');
  await expect.poll(targets, { timeout: 30_000 }).toEqual(['127.0.0.2 healthy']);
  await expect.poll(slack, { timeout: 30_000 }).toContain('127.0.0.2 was registered');
  const { status, output } = await runSync();
  expect(status, output).toBe('SUCCEEDED');
  await stack.sourceFaults.clear();
  await invoke('refresh-targets');
  await expect.poll(targets, { timeout: 30_000 }).toContain('127.0.0.1 healthy');
  await invoke('refresh-targets');
  await expect.poll(targets, { timeout: 30_000 }).toEqual(['127.0.0.1 healthy']);
});

describe('the levers', () => {
  test.each([
    [{ kind: 'flood' }, 400, /kind/],
    [{ kind: 'drop-key' }, 400, /table/],
    [{ kind: 'drop-key', table: 'no_such_table' }, 409, /no_such_table/],
    [{ kind: 'revoke-grant', table: '"; DROP TABLE actor; --' }, 409, /does not exist/],
    [{ kind: 'move-host', addresses: ['192.0.2.1'] }, 409, /does not answer at 192\.0\.2\.1/],
  ])('refuse %o', async (fault, status, message) => {
    const response = await lever('POST', fault);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { message: string }).message).toMatch(message);
    expect(stack.sourceFaults.list()).toEqual([]);
    await sql('SELECT FROM actor');
  });

  test('answer nothing else', async () => {
    const response = await fetch(new URL('/', stack.info.postgres.faultsUrl));
    expect(response.status).toBe(404);
  });
});
