import { GetExecutionHistoryCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Observed } from '../../local/observer.ts';
import { startStack, type LocalStack } from '../../local/stack.ts';
import type { Figure } from './figure.ts';

/**
 * What one acceptance, one connected source and one sync take in state transitions and function calls, counted on the
 * local stack: docs/costs.md is made of them.
 */
export async function measureWork(): Promise<Figure[]> {
  const stack = await startStack({ schedules: 'off' });
  try {
    const client = new SFNClient({
      endpoint: stack.info.awsEndpoint,
      region: stack.info.region,
      credentials: { accessKeyId: stack.info.accountId, secretAccessKey: 'local' },
    });
    const connect = await run(stack, client, 'connect-source', {
      source: 'postgres',
      groupId: await groupOf(stack),
      schemaPrefix: 'bench',
    });
    const connectionId = await connectionOf(stack);
    const started = await run(stack, client, 'run-sync', { connectionId });
    const unreviewed = await during(stack, async () => {
      stack.fivetran.comeDue(connectionId);
      await until(stack, (event) => event.kind === 'bus-event' && event.detailType === 'Fivetran Sync Ended');
      await stack.idle();
    });
    return [
      ...figuresOf('accept-endpoint, one acceptance', 'accept-endpoint', connect),
      ...figuresOf('connect-source, without its run-sync', 'connect-source', connect),
      ...figuresOf('run-sync, the initial sync', 'run-sync', connect),
      ...figuresOf('run-sync, started and verified', 'run-sync', started),
      {
        name: 'a sync that Fivetran ran by itself, no review due: function calls',
        value: unreviewed.filter(({ kind }) => kind === 'invocation-started').length,
        unit: 'calls',
      },
      {
        name: 'the same: state transitions',
        value: unreviewed.filter(({ kind }) => kind === 'state-entered').length,
        unit: 'transitions',
      },
    ];
  } finally {
    await stack.stop();
  }
}

function figuresOf(name: string, machine: string, events: readonly Observed[]): Figure[] {
  const states = events.filter(
    (event) => event.kind === 'state-entered' && event.execution.machine === machine,
  );
  const tasks = states.filter((event) => event.kind === 'state-entered' && event.type === 'Task');
  return [
    { name: `${name}: state transitions`, value: states.length, unit: 'transitions' },
    { name: `${name}: tasks`, value: tasks.length, unit: 'calls' },
  ];
}

async function run(
  stack: LocalStack,
  client: SFNClient,
  machine: string,
  input: Record<string, unknown>,
): Promise<readonly Observed[]> {
  return during(stack, async () => {
    const stateMachineArn = stack.info.stateMachines[machine];
    const { executionArn } = await client.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    await stack.idle();
    const { events } = await client.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 1 }),
    );
    if (events?.[0]?.type !== 'ExecutionSucceeded')
      throw new Error(`${machine} did not succeed on the local stack.`);
  });
}

async function during(stack: LocalStack, work: () => Promise<void>): Promise<readonly Observed[]> {
  const before = stack.observer.events().length;
  await work();
  return stack.observer.events().slice(before);
}

const deadlineMs = 30_000;

async function until(stack: LocalStack, holds: (event: Observed) => boolean): Promise<void> {
  const reached = Promise.withResolvers<undefined>();
  const end = stack.observer.subscribe((event) => {
    if (holds(event)) reached.resolve(undefined);
  });
  try {
    await Promise.race([
      reached.promise,
      sleep(deadlineMs, undefined, { ref: false }).then(() => {
        throw new Error('The local Fivetran did not sync within 30 s.');
      }),
    ]);
  } finally {
    end();
  }
}

async function groupOf(stack: LocalStack): Promise<string> {
  return firstId(stack, '/v1/groups', 'application/json');
}

async function connectionOf(stack: LocalStack): Promise<string> {
  return firstId(stack, '/v1/connections', 'application/json;version=2');
}

async function firstId({ info }: LocalStack, path: string, accept: string): Promise<string> {
  const key = Buffer.from(`${info.fivetranApiKey}:${info.fivetranApiSecret}`).toString('base64');
  const response = await fetch(`${info.fivetranUrl}${path}`, {
    headers: { authorization: `Basic ${key}`, accept },
  });
  const id = /"id":"([^"]+)"/.exec(await response.text())?.[1];
  if (id === undefined) throw new Error(`The local Fivetran lists nothing under ${path}.`);
  return id;
}
