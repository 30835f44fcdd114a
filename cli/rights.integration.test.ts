import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startStack, type LocalStack } from '../local/stack.ts';
import { createCallGraph } from '../tests/template/asked-actions.ts';
import { createOperator, type Operator } from '../tests/support/operator.ts';

let stack: LocalStack;

// Every command is a process of its own.
vi.setConfig({ testTimeout: 300_000 });

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
});
afterAll(() => stack.stop());

const root = path.resolve(import.meta.dirname, '..');

/** The policy of docs/command-line.md, for the local stack. */
function documentedPolicy(): { Statement: { Action: string | string[] }[] } {
  const page = readFileSync(path.join(root, 'docs/command-line.md'), 'utf8');
  const [, json = ''] = /```json\n(.+?)```/s.exec(page) ?? [];
  return JSON.parse(json.replaceAll('-prod-', '-dev-').replaceAll('/prod/', '/dev/')) as ReturnType<
    typeof documentedPolicy
  >;
}

/** Allows a role what the policy says, and nothing that it was allowed before. */
function allow(name: string, policy: unknown): string {
  const arn = `arn:aws:iam::${stack.info.accountId}:role/${name}`;
  stack.iam.addRole(arn, { Policies: [{ PolicyDocument: policy }] });
  return stack.iam.accessKeyOf(arn);
}

/** An operator who may do what the policy allows. */
const operatorWith = (name: string, policy: unknown): Operator =>
  createOperator(stack.info, { AWS_ACCESS_KEY_ID: allow(name, policy) });

it('the documented rights are exactly what the command line can ask AWS for', () => {
  const entry = path.join(root, 'cli/main.ts');
  const asked = createCallGraph(root, [entry]).actionsOf(entry);
  const documented = documentedPolicy().Statement.flatMap(({ Action }) => Action);
  // The doctor only asks whether it might; a secret under a key of its own takes the right to decrypt.
  expect([...documented, 'ec2:AcceptVpcEndpointConnections'].sort()).toEqual(
    [...asked, 'kms:Decrypt'].sort(),
  );
});

it('the documented rights are enough for every kind of command, and the doctor says that accepting is not among them', async () => {
  const operator = operatorWith('operator', documentedPolicy());
  const { output } = await operator.wholeDoctor();
  expect(output.match(/^(?!ok)\S+ +\S+\.\S+ .*$/gm)).toEqual([
    expect.stringMatching(/^warning +permission\.accept +Your own credentials may not accept endpoints/),
  ]);
  expect(output).toContain('permission.accept: Decide by hand through accept and reject');
  expect(await operator.status()).toMatchObject({ unread: [] });
  expect((await operator.run('webhook')).code).toBe(0);
  const { output: refused } = await operator.run('sync', 'no_such_connection');
  expect(refused).toContain('Fivetran has no such connection');
});

it('the doctor names each right that is missing, and looks at whatever it may', async () => {
  const { code, output } = await operatorWith('visitor', {
    Statement: [
      { Effect: 'Allow', Action: 'lambda:GetFunctionConfiguration', Resource: '*' },
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' },
    ],
  }).run('doctor');
  expect(output).toMatch(
    /^BROKEN +services +AWS refused ec2:DescribeVpcEndpointServiceConfigurations \(UnauthorizedOperation\)/m,
  );
  expect(output).toMatch(/^ok +fivetran\.api/m);
  expect(output).toContain('allow your credentials what the message names');
  expect(code).toBe(1);
});

it('who may do nothing is told so, and nothing is started', async () => {
  const nobody = operatorWith('nobody', { Statement: [] });
  const { code, progress } = await nobody.run('sync', 'assimilate_seem');
  expect(progress).toContain('is not authorized to perform: states:ListStateMachines');
  expect(code).toBe(1);
  expect(stack.stepFunctions.executions().filter(({ status }) => status === 'RUNNING')).toEqual([]);
});

it('whose rights end while an execution runs is told which one goes on', async () => {
  const operator = operatorWith('leaver', documentedPolicy());
  const { serviceId } = stack.info.endpointService;
  const started = operator.run(
    ...['accept', serviceId, 'vpce-0123456789abcdef0', '--owner', '834469178297'],
    ...['--by', 'ann', '--reason', 'ticket 7'],
  );
  // It waits for an endpoint that EC2 may not show yet, longer than this test.
  const running = () => stack.stepFunctions.executions().find(({ status }) => status === 'RUNNING');
  const { arn } = await vi.waitFor(
    () => {
      expect(running()).toBeDefined();
      return running()!;
    },
    { timeout: 60_000 },
  );
  allow('leaver', { Statement: [] });
  const { code, progress } = await started;
  expect(progress).toMatch(
    /is not authorized to perform: states:\w+ .*\nThe execution goes on unseen: (\S+)\n$/,
  );
  expect(progress).toContain(`unseen: ${arn}`);
  expect(code).toBe(1);
});
