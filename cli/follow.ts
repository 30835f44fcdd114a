import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import { thrownMessage } from '../shared/rules/thrown-message.ts';
import { InterruptedError, UsageError } from './errors.ts';
import type { Stack } from './stack.ts';
import type { Terminal } from './terminal.ts';

/** How an execution ended. */
export interface Ended {
  executionArn: string;
  status: string;
  output: unknown;
  error?: string;
  cause?: string;
}

/** What the output of an execution that succeeded comes to. */
export interface Told {
  /** Whether what the person wanted is done. */
  ok: boolean;
  text: string;
}

const lookEveryMs = 2000;

/** The machine's ARN, by its name in state-machines/. */
async function machineArn(client: SFNClient, stack: Stack, machine: string): Promise<string> {
  const wanted = `${stack.prefix}-${machine}`;
  let nextToken: string | undefined;
  do {
    const page = await client.send(new ListStateMachinesCommand({ nextToken }));
    const found = page.stateMachines?.find(({ name }) => name === wanted);
    if (found?.stateMachineArn !== undefined) return found.stateMachineArn;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  throw new UsageError(`There is no state machine ${wanted} here: check --stage, --region and the account.`);
}

/**
 * Starts a machine and shows each state that it enters until it ends.
 *
 * @throws InterruptedError after Ctrl-C: the execution goes on
 */
async function startAndFollow(
  stack: Stack,
  terminal: Terminal,
  machine: string,
  input: Record<string, unknown>,
): Promise<Ended> {
  const client = new SFNClient({});
  const stateMachineArn = await machineArn(client, stack, machine);
  const { executionArn = '' } = await client.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  terminal.progress(`started ${executionArn}`);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    return await follow(client, terminal, executionArn, interrupted.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

async function follow(
  client: SFNClient,
  terminal: Terminal,
  executionArn: string,
  interrupted: AbortSignal,
): Promise<Ended> {
  let seen = 0;
  while (!interrupted.aborted) {
    seen = await showNewStates(client, terminal, executionArn, seen);
    const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') {
      await showNewStates(client, terminal, executionArn, seen);
      return {
        executionArn,
        status: execution.status ?? 'UNKNOWN',
        output: execution.output === undefined ? undefined : (JSON.parse(execution.output) as unknown),
        ...(execution.error === undefined ? {} : { error: execution.error }),
        ...(execution.cause === undefined ? {} : { cause: execution.cause }),
      };
    }
    await sleep(lookEveryMs, undefined, { signal: interrupted }).catch(() => undefined);
  }
  throw new InterruptedError(`The execution goes on without you: ${executionArn}`);
}

/** The same, and the end in words. */
export async function startAndShow(
  stack: Stack,
  terminal: Terminal,
  machine: string,
  input: Record<string, unknown>,
  tell: (output: unknown) => Told = () => ({ ok: true, text: 'Done.' }),
): Promise<{ ok: boolean; answer: Ended }> {
  const answer = await startAndFollow(stack, terminal, machine, input);
  const { ok, text } =
    answer.status === 'SUCCEEDED'
      ? tell(answer.output)
      : {
          ok: false,
          text: `${answer.status}: ${answer.error ?? ''} ${thrownMessage(answer.cause ?? '')}`.trim(),
        };
  terminal.line(text);
  return { ok, answer };
}

/** Prints the states entered after event `seen`; returns the last event's id. */
async function showNewStates(
  client: SFNClient,
  terminal: Terminal,
  executionArn: string,
  seen: number,
): Promise<number> {
  let last = seen;
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new GetExecutionHistoryCommand({
        executionArn,
        includeExecutionData: false,
        maxResults: 1000,
        nextToken,
      }),
    );
    for (const { id = 0, stateEnteredEventDetails: entered } of page.events ?? []) {
      if (id <= last) continue;
      last = id;
      if (entered?.name !== undefined) terminal.progress(`  → ${entered.name}`);
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return last;
}
