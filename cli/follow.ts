import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import { thrownMessage } from '../shared/rules/thrown-message.ts';
import { InterruptedError, OutOfSightError, sentenceOf, UsageError } from './errors.ts';
import { newStates } from './new-states.ts';
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

/** What `--json` prints of an execution, for the manuals. */
export const endedInWords = 'executionArn, status, output, and error and cause when it failed';

const lookEveryMs = 2000;
/** More than happen between two looks, so that one page is the rule. */
const eventsPerPage = 50;

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
 * Starts a machine and shows each state that it enters, choices aside, until it ends.
 *
 * @throws InterruptedError after Ctrl-C, OutOfSightError when AWS can no longer be asked: the execution goes on
 */
async function startAndFollow(
  stack: Stack,
  terminal: Terminal,
  machine: string,
  input: Record<string, unknown>,
): Promise<Ended> {
  const client = new SFNClient({});
  const stateMachineArn = await machineArn(client, stack, machine);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  // From before the start, so that no execution begins whose ARN nobody is told.
  process.once('SIGINT', interrupt);
  try {
    const { executionArn = '' } = await client.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    terminal.progress(`started ${executionArn}`);
    return await follow(client, terminal, executionArn, interrupted.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** @throws InterruptedError; OutOfSightError when the network or the credentials end before the execution does */
async function follow(
  client: SFNClient,
  terminal: Terminal,
  executionArn: string,
  interrupted: AbortSignal,
): Promise<Ended> {
  try {
    let seen = 0;
    while (!interrupted.aborted) {
      // Asked first: an execution that has ended enters no further state.
      const { status, output, error, cause } = await client.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      seen = await showNewStates(client, terminal, executionArn, seen);
      if (status !== 'RUNNING') {
        return {
          executionArn,
          status: status ?? 'UNKNOWN',
          output: output === undefined ? undefined : (JSON.parse(output) as unknown),
          ...(error === undefined ? {} : { error }),
          ...(cause === undefined ? {} : { cause }),
        };
      }
      await sleep(lookEveryMs, undefined, { signal: interrupted }).catch(() => undefined);
    }
  } catch (error) {
    throw new OutOfSightError(`${sentenceOf(error)}\nThe execution goes on unseen: ${executionArn}`, {
      cause: error,
    });
  }
  throw new InterruptedError(`The execution goes on without you: ${executionArn}`);
}

/** The same, and the end in words. */
export async function startAndShow(
  stack: Stack,
  terminal: Terminal,
  machine: string,
  input: Record<string, unknown>,
  tell: (output: unknown) => Told,
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

/** Prints the states entered after event `seen`, and answers with the newest event. */
async function showNewStates(
  client: SFNClient,
  terminal: Terminal,
  executionArn: string,
  seen: number,
): Promise<number> {
  const { entered, newest } = await newStates(
    (nextToken) =>
      client.send(
        new GetExecutionHistoryCommand({
          executionArn,
          includeExecutionData: false,
          reverseOrder: true,
          maxResults: eventsPerPage,
          nextToken,
        }),
      ),
    seen,
  );
  for (const name of entered) terminal.progress(`  → ${name}`);
  return newest;
}
