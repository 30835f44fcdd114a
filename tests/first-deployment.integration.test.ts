import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startStack, type LocalStack } from '../local/stack.ts';
import { createOperator, type Operator } from './support/operator.ts';

/** Until a person fills them in, the stack's secrets are empty; then they are filled one after another. */
const prefix = 'fivetran-privatelink/dev';
let stack: LocalStack;
let operator: Operator;
const failures: string[] = [];

// Every command is a process of its own.
vi.setConfig({ testTimeout: 300_000 });

beforeAll(async () => {
  stack = await startStack({ schedules: 'off', secrets: 'empty' });
  operator = createOperator(stack.info);
  stack.observer.subscribe((event) => {
    if (event.kind === 'invocation-ended' && event.error !== undefined) {
      failures.push(`${event.invocation.function}: ${event.error.errorType}`);
    }
  });
});
afterAll(() => stack.stop());

/** Everything that runs by the clock runs once, with the retries of what fails. */
async function tick(): Promise<string[]> {
  failures.length = 0;
  for (const { name } of stack.scheduler.schedules()) stack.scheduler.trigger(name);
  await stack.idle();
  return [...new Set(failures)];
}

/** The checks that the doctor calls broken. */
async function broken(): Promise<string[]> {
  const { output, code } = await operator.run('doctor');
  const found = [...output.matchAll(/^BROKEN +(\S+)/gm)].map(([, check]) => check ?? '');
  expect(code).toBe(found.length === 0 ? 0 : 1);
  return found;
}

const messages = (): string => JSON.stringify(stack.slack.messages());

/** The headlines that are about Fivetran's API key. */
const toldOfTheKey = (): string[] =>
  stack.slack
    .messages()
    .map(({ text }) => text)
    .filter((text) => text.includes(`The secret ${prefix}/fivetran `));

it('with nothing filled in, the doctor names each secret, and nothing that runs by the clock fails', async () => {
  await vi.waitFor(async () => expect((await operator.run('doctor')).output).toContain('1 of 1 targets'), {
    timeout: 60_000,
    interval: 500,
  });
  expect(await broken()).toEqual([
    'secret.fivetran',
    'secret.databricks',
    'secret.slack',
    'secret.source.postgres',
    'fivetran.api',
  ]);
  expect(await tick()).toEqual([]);
  expect(stack.sqs.messages('fivetran-privatelink-dev-failed-invocations')).toEqual([]);
});

it('the webhook is refused politely, and a person who is too early is told what is missing', async () => {
  const { Payload } = await stack.lambda
    .invoke(stack.info.functions['on-fivetran-webhook']!, {
      headers: { 'x-fivetran-signature-256': 'abc' },
      body: '{}',
      isBase64Encoded: false,
    })
    .then((answer) => ({ Payload: JSON.stringify(answer) }));
  expect(Payload).toContain('401');
  const { code, output } = await operator.run('connect', 'postgres', '--group', 'g', '--prefix', 'demo');
  expect(output).toContain('a setting or a secret is missing');
  expect(code).toBe(1);
  expect(await tick()).toEqual([]);
  expect(stack.slack.messages()).toEqual([]);
});

it('once Slack is filled in, what could not be told before is told', async () => {
  stack.secrets.put(`${prefix}/slack`, { botToken: stack.slack.botToken });
  // A minute after Slack was last refused, it is asked again.
  stack.lambda.letTimePass(60_000);
  expect(await tick()).toEqual([]);
  expect(messages()).toMatch(/could not be connected.*The secret \S+ does not exist or has no value yet/);
  expect(toldOfTheKey()).toHaveLength(1);
  expect(toldOfTheKey()[0]).toMatch(/^🟠 The secret \S+\/fivetran does not exist or has no value yet/);
  expect(await broken()).toEqual([
    'secret.fivetran',
    'secret.databricks',
    'secret.source.postgres',
    'fivetran.api',
  ]);
});

it('with the rest filled in, without a deployment, all of it works', async () => {
  const { fivetran, postgres, databricks } = stack;
  stack.secrets.put(`${prefix}/fivetran`, { apiKey: fivetran.apiKey, apiSecret: fivetran.apiSecret });
  expect(await tick()).toEqual([]);
  expect(toldOfTheKey()[0]).toMatch(/^✅ Resolved after .* The secret \S+\/fivetran/);
  const { name: host, port, database: dbname, caPem: ca } = postgres;
  const { checks, fivetran: role } = postgres.users;
  stack.secrets.put(`${prefix}/source/postgres`, {
    ...{ username: checks.name, password: checks.password },
    ...{ host, port, dbname, ca },
  });
  stack.secrets.put(`${prefix}/source/postgres/fivetran`, {
    ...{ username: role.name, password: role.password },
    ...{ port, dbname },
  });
  expect(await broken()).toEqual(['secret.databricks']);
  stack.secrets.put(`${prefix}/databricks`, {
    host: databricks.url,
    warehouseId: databricks.warehouseId,
    token: databricks.token,
  });
  expect(await broken()).toEqual([]);

  expect((await operator.run('webhook')).output).toMatch(/^The webhook to \S+ was created/);
  const response = await fetch(`${fivetran.url}/v1/groups`, {
    headers: { authorization: `Basic ${btoa(`${fivetran.apiKey}:${fivetran.apiSecret}`)}` },
  });
  const { data } = (await response.json()) as { data: { items: { id: string }[] } };
  const group = data.items[0]!.id;
  const { code, output } = await operator.run('connect', 'postgres', '--group', group, '--prefix', 'demo');
  expect(output).toMatch(/^Done\. 44820 rows found at the destination \(15 tables compared\)\./);
  expect(code).toBe(0);
  expect(await tick()).toEqual([]);
});
