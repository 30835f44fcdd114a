import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type LocalStack } from '../local/stack.ts';
import { createOperator, type Operator, type Ran } from '../tests/support/operator.ts';

let stack: LocalStack;
let operator: Operator;

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
  operator = createOperator(stack.info);
});
afterAll(async () => {
  await stack.stop();
});

const run = (...args: string[]): Promise<Ran> => operator.run(...args);

async function fivetranGroup(): Promise<string> {
  const { fivetranUrl, fivetranApiKey, fivetranApiSecret } = stack.info;
  const response = await fetch(`${fivetranUrl}/v1/groups`, {
    headers: {
      authorization: `Basic ${Buffer.from(`${fivetranApiKey}:${fivetranApiSecret}`).toString('base64')}`,
    },
  });
  const { data } = (await response.json()) as { data: { items: { id: string }[] } };
  return data.items[0]!.id;
}

describe('the command line of operators', () => {
  it('connect sets a source up with all that may be said of it, showing each state; status shows it; sync proves an increment', async () => {
    const group = await fivetranGroup();
    const { endpointService, postgres } = stack.info;
    const options = {
      group,
      prefix: 'demo',
      service: 'postgres',
      method: 'TELEPORT',
      frequency: '360',
      schedule: 'auto',
      port: new URL(postgres.admin).port,
      database: 'dvdrental',
      'service-id': endpointService.serviceId,
    };
    const given = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
    const connected = await run('connect', 'postgres', ...given);
    expect(connected.progress).toContain('→ EnsureConnection');
    expect(connected).toMatchObject({ code: 0, output: 'Done.\n' });

    const shown = await operator.status();
    expect(shown['Endpoint connections']).toMatchObject([{ owner: '834469178297', state: 'available' }]);
    expect(shown['Endpoint connections']![0]!.proven).not.toBe('');
    const [connection] = shown['Fivetran connections']!;
    expect(connection).toMatchObject({ name: 'demo', state: 'connected, scheduled' });

    const synced = await run('sync', connection!.connection!);
    expect(synced.code).toBe(0);
    expect(synced.output).toMatch(/^Done\. .*15 tables compared/);
  });

  it('a failed execution fails the command and says why', async () => {
    const { code, output } = await run('sync', 'no_such_connection');
    expect(code).toBe(1);
    expect(output).toContain('Fivetran has no such connection');
  });

  it('webhook says what it found', async () => {
    const { code, output } = await run('webhook');
    expect(output).toMatch(/^The webhook to https:\S+ is active\.\n$/);
    expect(code).toBe(0);
  });
});

describe('wrong use', () => {
  it.each([
    { args: [], says: 'Usage:' },
    { args: ['conect'], says: 'There is no command conect' },
    { args: ['sync'], says: 'sync takes connection-id' },
    { args: ['connect', 'postgres'], says: 'connect needs --group, --prefix' },
    {
      args: ['expect', 'vpce-svc-1', '--days', 'two', '--by', 'ann', '--reason', 'x'],
      says: '--days takes a whole number',
    },
    { args: ['status', '--colour'], says: "Unknown option '--colour'" },
    {
      args: ['sync', 'x', '--stage', 'prod'],
      says: 'There is no state machine fivetran-privatelink-prod-run-sync',
    },
  ])('$args exits with 2 and says what to change', async ({ args, says }) => {
    const { code, output, progress } = await run(...args);
    expect(`${output}${progress}`).toContain(says);
    expect(code).toBe(2);
  });

  it.each([
    'status',
    'doctor',
    'connect',
    'sync',
    'accept',
    'reject',
    'expect',
    'withdraw',
    'adopt',
    'webhook',
  ])('%s --help shows its options', async (name) => {
    const { code, output } = await run(name, '--help');
    expect(output).toContain(`Usage: npx fivetran-privatelink ${name}`);
    expect(code).toBe(0);
  });
});
