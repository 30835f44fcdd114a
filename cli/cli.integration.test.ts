import { spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startStack, type LocalStack } from '../local/stack.ts';

const root = path.resolve(import.meta.dirname, '..');
let stack: LocalStack;

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
});
afterAll(async () => {
  await stack.stop();
});

/** Runs a command as an operator would, with nothing in its environment but the way to the stack. */
async function run(...args: string[]): Promise<{ code: number | null; output: string; progress: string }> {
  const child = spawn(process.execPath, ['cli/main.ts', ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: stack.info.awsEndpoint,
      AWS_REGION: stack.info.region,
      AWS_ACCESS_KEY_ID: stack.info.accountId,
      AWS_SECRET_ACCESS_KEY: 'local',
    },
  });
  let [output, progress] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (progress += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output, progress };
}

async function json(...args: string[]): Promise<Record<string, Record<string, string>[]>> {
  const { output } = await run(...args, '--json');
  return JSON.parse(output) as Record<string, Record<string, string>[]>;
}

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
  it('doctor finds a whole stack whole', async () => {
    // The load balancer takes a moment to find its target healthy.
    const { output } = await vi.waitFor(
      async () => {
        const answer = await run('doctor');
        expect(answer).toMatchObject({ code: 0 });
        return answer;
      },
      { timeout: 30_000, interval: 500 },
    );
    expect(output).toContain('targets.health');
    expect(output).not.toContain('BROKEN');
  });

  it('doctor names a secret that is not filled in, shows everything else, and fails', async () => {
    const slack = 'fivetran-privatelink/dev/slack';
    stack.secrets.put(slack, {});
    const { code, output } = await run('doctor');
    stack.secrets.put(slack, { botToken: stack.slack.botToken });
    expect(output).toMatch(/BROKEN {2}secret\.slack +The secret \S+\/slack is not complete/);
    expect(output).toMatch(/ok +fivetran\.api/);
    expect(code).toBe(1);
  });

  it('connect sets a source up, showing each state; status shows it; sync proves an increment', async () => {
    const connected = await run('connect', 'postgres', '--group', await fivetranGroup(), '--prefix', 'demo');
    expect(connected.progress).toContain('→ EnsureConnection');
    expect(connected).toMatchObject({ code: 0, output: 'Done.\n' });

    const shown = await json('status');
    expect(shown['Endpoint connections']).toMatchObject([{ owner: '834469178297', state: 'available' }]);
    expect(shown['Endpoint connections']![0]!.proven).not.toBe('');
    const [connection] = shown['Fivetran connections']!;
    expect(connection).toMatchObject({ name: 'demo', state: 'connected, scheduled' });

    const synced = await run('sync', connection!.connection!);
    expect(synced.code).toBe(0);
    expect(synced.output).toContain('15 tables compared');
  });

  it('a failed execution fails the command and says why', async () => {
    const { code, output } = await run('sync', 'no_such_connection');
    expect(code).toBe(1);
    expect(output).toContain('Fivetran has no such connection');
  });

  it('expect, withdraw, accept, reject and adopt carry a decision with a name on it to the machine', async () => {
    const { serviceId } = stack.info.endpointService;
    const by = ['--by', 'ann', '--reason', 'ticket 7'];
    expect(await run('expect', serviceId, '--days', '2', ...by)).toMatchObject({ code: 0 });
    const withdrawn = await run('withdraw', serviceId, 'no-such-expectation', ...by);
    expect(withdrawn.code).toBe(1);
    for (const action of ['accept', 'reject', 'adopt']) {
      const { code, output } = await run(action, serviceId, 'vpce-1', '--owner', '834469178297', ...by);
      expect(output).toContain('endpointId: expected the form');
      expect(code).toBe(1);
    }
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
