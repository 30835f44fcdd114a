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

describe('the command line of operators', () => {
  it('connect sets a source up with all that may be said of it, showing each state; status shows it; sync proves an increment', async () => {
    const { endpointService, fivetranGroupId: group, postgres } = stack.info;
    const options = {
      group,
      prefix: 'demo',
      service: 'postgres',
      method: 'TELEPORT',
      'schema-names': 'FIVETRAN_NAMING',
      frequency: '360',
      schedule: 'auto',
      port: new URL(postgres.admin).port,
      database: 'dvdrental',
      'service-id': endpointService.serviceId,
    };
    const given = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
    const connected = await run('connect', 'postgres', ...given);
    expect(connected.progress).toContain('→ EnsureConnection');
    expect(connected.code).toBe(0);
    expect(connected.output).toMatch(/^Done\. 44820 rows found at the destination \(15 tables compared\)/);

    const shown = await operator.status();
    const [connection] = shown.fivetranConnections;
    expect(shown).toEqual({
      endpointServices: [
        {
          serviceId: endpointService.serviceId,
          serviceName: endpointService.serviceName,
          source: 'postgres',
          state: 'available',
          targets: 'ok',
        },
      ],
      endpointConnections: [
        {
          endpointId: expect.stringMatching(/^vpce-/) as unknown,
          serviceId: endpointService.serviceId,
          ownerAccount: '834469178297',
          state: 'available',
          claim: { kind: 'private-link', privateLinkId: expect.any(String) as unknown },
          provenAt: expect.stringMatching(/Z$/) as unknown,
        },
      ],
      expectations: [],
      fivetranConnections: [
        {
          connectionId: connection?.connectionId,
          name: 'demo',
          paused: false,
          setupState: 'connected',
          syncState: 'scheduled',
          succeededAt: expect.stringMatching(/Z$/) as unknown,
          failedAt: null,
          updateMethod: 'TELEPORT',
        },
      ],
      incidents: [],
      unread: [],
    });
    const { output } = await run('status');
    expect(output).toMatch(/^Fivetran connections\nconnection +name +state +last success +method$/m);
    expect(output).toMatch(/demo +connected, scheduled +\S+Z +TELEPORT$/m);
    expect(output).toContain('Open incidents\n  none\n');

    const synced = await run('sync', connection!.connectionId);
    expect(synced.code).toBe(0);
    expect(synced.output).toMatch(/^Done\. .*15 tables compared/);
  });

  it('status shows all the rest when Fivetran cannot be asked, and says why', async () => {
    const secret = 'fivetran-privatelink/dev/fivetran';
    stack.secrets.put(secret, {});
    const [forPeople, forPrograms] = [await run('status'), await run('status', '--json')];
    const { fivetranApiKey: apiKey, fivetranApiSecret: apiSecret } = stack.info;
    stack.secrets.put(secret, { apiKey, apiSecret });
    expect(forPeople.output).toContain(
      `Fivetran connections\n  could not be read: The secret ${secret} is not complete`,
    );
    expect(forPeople.output).toContain(stack.info.endpointService.serviceId);
    expect(JSON.parse(forPrograms.output)).toMatchObject({
      fivetranConnections: [],
      unread: [{ kind: 'fivetranConnections' }],
    });
    expect([forPeople.code, forPrograms.code]).toEqual([1, 1]);
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
    { args: ['sync'], says: 'sync takes <connection-id>' },
    { args: ['connect', 'postgres'], says: 'connect needs --group, --prefix' },
    {
      args: ['expect', 'vpce-svc-1', '--days', 'two', '--by', 'ann', '--reason', 'x'],
      says: '<service-id> is "vpce-svc-1" but must look like vpce-svc-0123456789abcdef0.\n--days is "two" but must be a whole number from 1 to 7.',
    },
    {
      args: ['accept', 'a', 'b', '--owner', 'x', '--by', ''],
      says: 'accept needs --by, --reason.\n<service-id> is "a"',
    },
    { args: ['--local', 'status'], says: 'The command comes first, then --local' },
    { args: ['help', 'conect'], says: 'There is no command conect' },
    { args: ['status', '--stage', 'Prod!'], says: '--stage is "Prod!" but must be 1 to 20 small letters' },
    {
      args: ['status', '--stage', 'prod'],
      says: 'There is no function fivetran-privatelink-prod-readSync in us-east-1',
    },
    {
      args: [
        'connect',
        'postgres',
        '--group',
        'g',
        '--prefix',
        'demo',
        '--frequency',
        '7',
        '--method',
        'teleport',
      ],
      says: '--method is "teleport" but must be TELEPORT, QUERY_BASED, XMIN or WAL_PGOUTPUT.\n--frequency is "7" but must be 1, 5, 15,',
    },
    { args: ['status', '--colour'], says: "Unknown option '--colour'.\n" },
    {
      args: ['sync', 'x', '--stage', 'prod'],
      says: 'There is no state machine fivetran-privatelink-prod-run-sync',
    },
  ])('$args exits with 2 and says what to change', async ({ args, says }) => {
    const { code, output, progress } = await run(...args);
    expect(progress).toContain(says);
    expect({ code, output }).toEqual({ code: 2, output: '' });
  });

  it.each([
    {
      what: 'an endpoint that nobody listens at',
      environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      says: /^AWS could not be reached \(.*ECONNREFUSED.*\): check the network, --region and AWS_ENDPOINT_URL\.\n$/,
    },
    {
      what: 'a profile that does not exist',
      environment: { AWS_PROFILE: 'nobody', AWS_ACCESS_KEY_ID: '', HOME: '/nowhere' },
      says: /^There are no AWS credentials to use: sign in, or set AWS_PROFILE \(AWS_PROFILE is "nobody"\)\./,
    },
  ])('$what exits with 1 and says what to check', async ({ environment, says }) => {
    const { code, output, progress } = await operator.with(environment).run('status');
    expect(progress).toMatch(says);
    expect({ code, output }).toEqual({ code: 1, output: '' });
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
    expect(output).toMatch(/^--json prints \S.*\.$/m);
    expect(code).toBe(0);
    expect((await run('help', name)).output).toBe(output);
  });
});
