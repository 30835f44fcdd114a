import { setImmediate as nextTurn } from 'node:timers/promises';
import { ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import { toJson, type Json, type JsonObject } from '../../json.ts';
import type { Definition, State } from './definition.ts';
import { fanOut, type Surroundings } from './fan-out.ts';
import { MachineAbortedError, orAborted, refuseIfAborted } from './interruption.ts';
import { forLibrary, stateContexts, type Progress } from './library.ts';
import type { Lane, Step } from './steps.ts';

/** A Task state wants its work done. */
export interface TaskCall {
  state: State;
  lane: Lane;
  resource: string;
  input: Json;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}

export interface InterpreterOptions {
  /** `$$` as far as it is the same for every state: Execution and StateMachine. */
  context: { Execution: JsonObject; StateMachine: JsonObject };
  /** Does a task's work; a thrown error's `name` is what Retry and Catch match, its message becomes the Cause. */
  runTask: (call: TaskCall) => Promise<Json>;
  onStep?: (step: Step) => void;
  signal?: AbortSignal;
  /** Milliseconds that every Wait state waits instead of its own time. */
  waitMs?: number;
  /** Milliseconds before each retry instead of the retrier's own interval. */
  retryMs?: number;
}

/**
 * Runs a machine to its end.
 *
 * The library runs each lane; Parallel and Map states are handed to it as tasks and fan out here, because its own
 * nested runs do not say which branch an event belongs to, and give each branch an `$$.Execution` of its own. A machine's TimeoutSeconds is the caller's to keep.
 *
 * @returns the output
 * @throws the error that ended it: `name` is the States Language's Error, `message` its Cause
 * @throws MachineAbortedError when the signal was aborted
 */
export async function interpret(
  definition: Definition,
  input: Json,
  options: InterpreterOptions,
): Promise<Json> {
  const controller = new AbortController();
  const signal =
    options.signal === undefined ? controller.signal : AbortSignal.any([controller.signal, options.signal]);
  return runLane({ parent: undefined, iteration: undefined }, definition, input, {}, signal, options);
}

async function runLane(
  lane: Lane,
  definition: Definition,
  input: Json,
  laneContext: JsonObject,
  signal: AbortSignal,
  options: InterpreterOptions,
): Promise<Json> {
  refuseIfAborted(signal);
  const emit = options.onStep ?? (() => undefined);
  const surroundings: Surroundings = {
    context: options.context,
    emit,
    runLane: (...lanes) => runLane(...lanes, options),
  };
  const progress = new Map<string, Progress>();
  const context = { ...laneContext, ...stateContexts(definition, progress), Machine: options.context };
  const open: State[] = [];
  const progressOf = (name: string): Progress => {
    const known = progress.get(name) ?? { enteredAt: undefined, attempts: 0 };
    progress.set(name, known);
    return known;
  };
  const work = (state: State) => async (taskInput: Json) => {
    const at = progressOf(state.name);
    at.attempts += 1;
    // The library calls before its own "entered" event is read; by the next turn it has been.
    await nextTurn();
    const output = await orAborted(signal, () =>
      state.type === 'Task'
        ? runTask(state, lane, taskInput, signal, options)
        : fanOut(state, lane, taskInput, laneContext, signal, surroundings),
    );
    at.attempts = 0;
    return output;
  };
  const states = [...definition.states.values()];
  const overrides = (types: string[], value: number | undefined): Record<string, number> =>
    value === undefined
      ? {}
      : Object.fromEntries(
          states.filter(({ type }) => types.includes(type)).map(({ name }) => [name, value]),
        );
  const run = new StateMachine(forLibrary(definition), { validationOptions: { noValidate: true } }).run(
    input,
    {
      context,
      overrides: {
        taskResourceLocalHandlers: Object.fromEntries(
          states
            .filter(({ type }) => type === 'Task' || type === 'Parallel' || type === 'Map')
            .map((state) => [state.name, work(state)]),
        ),
        waitTimeOverrides: overrides(['Wait'], options.waitMs),
        retryIntervalOverrides: overrides(['Task', 'Parallel', 'Map'], options.retryMs),
      },
    },
  );
  const stop = (): void => run.abort();
  signal.addEventListener('abort', stop, { once: true });
  const read = (async () => {
    for await (const event of run.eventLogs) {
      const state = 'state' in event ? definition.states.get(event.state.name) : undefined;
      if (state === undefined) continue;
      if (event.type === 'StateEntered') {
        open.push(state);
        progressOf(state.name).enteredAt = new Date(event.timestamp);
        emit({ kind: 'entered', lane, state, input: toJson(event.state.input) });
      } else if (event.type === 'StateExited') {
        open.pop();
        progressOf(state.name).attempts = 0;
        emit({ kind: 'exited', lane, state, output: toJson(event.state.output) });
      } else if (event.type === 'StateFailed') {
        emit({ kind: 'failed', lane, state, error: event.Error, cause: causeText(event.Cause) });
      } else if (event.type === 'StateRetried') {
        emit({ kind: 'retried', lane, state, attempt: event.retry.attempt });
      }
    }
  })();
  try {
    return toJson(await run.result);
  } catch (error) {
    await read;
    if (signal.aborted) {
      for (const state of open) emit({ kind: 'aborted', lane, state });
      throw new MachineAbortedError('The machine was stopped.');
    }
    throw error instanceof ExecutionError ? error.cause : error;
  } finally {
    signal.removeEventListener('abort', stop);
    await read;
  }
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const largestPayload = 262_144;

async function runTask(
  state: State,
  lane: Lane,
  input: Json,
  signal: AbortSignal,
  options: InterpreterOptions,
): Promise<Json> {
  const resource = typeof state.source.Resource === 'string' ? state.source.Resource : '';
  const output = await options.runTask({ state, lane, resource, input, signal });
  if (Buffer.byteLength(JSON.stringify(output)) > largestPayload) {
    throw new DataLimitError(
      `The state/task '${resource}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
  }
  return output;
}

/** Neither retried nor caught: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
class DataLimitError extends Error {
  override readonly name = 'States.DataLimitExceeded';
  readonly isRetryable = false;
  readonly isCatchable = false;
}

function causeText(cause: unknown): string {
  return typeof cause === 'string' ? cause : JSON.stringify(cause);
}
