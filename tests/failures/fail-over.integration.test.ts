import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type LocalStack } from '../../local/stack.ts';

// The database's host leads to another address, as after a fail-over; PostgreSQL answers at both. Linux answers at
// every address that begins with 127.

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack({ schedules: 'off', postgresHosts: ['127.0.0.1', '127.0.0.2'] });
});
afterAll(() => stack.stop());

const refresh = async (): Promise<unknown> => {
  const { functions } = stack.info;
  return stack.lambda.invoke(functions['refresh-targets'] ?? '', {});
};
const targets = (): string[] =>
  [...stack.provisioned.resources.values()]
    .filter(({ type }) => type === 'AWS::ElasticLoadBalancingV2::LoadBalancer')
    .flatMap(({ ref }) => stack.elbv2.routes(ref))
    .flatMap((route) => route.targets.map(({ address, state }) => `${address} ${state}`))
    .sort();

test('after a fail-over the new address is added, the old one is removed once the new one is healthy, and people are told', async () => {
  const { postgres } = stack;
  await expect.poll(targets, { timeout: 20_000 }).toEqual(['127.0.0.1 healthy']);
  const { name: username, password } = postgres.users.checks;
  const prefix = stack.provisioned.parameters.get('SecretPrefix') as string;
  stack.secrets.put(`${prefix}/source/postgres`, {
    username,
    password,
    host: '127.0.0.2',
    port: postgres.port,
    dbname: postgres.database,
    ca: postgres.caPem,
  });
  await refresh();
  expect(targets().map((target) => target.split(' ')[0])).toEqual(['127.0.0.1', '127.0.0.2']);
  await expect.poll(targets, { timeout: 20_000 }).toContain('127.0.0.2 healthy');
  await refresh();
  await expect.poll(targets, { timeout: 20_000 }).toEqual(['127.0.0.2 healthy']);
  await expect
    .poll(() => JSON.stringify(stack.slack.messages()), { timeout: 20_000 })
    .toContain('127.0.0.2 was registered');
});
