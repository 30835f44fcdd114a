import { setImmediate as nextTurn } from 'node:timers/promises';
import { ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import { toJson, type Json, type JsonObject } from '../json.ts';
import type { Definition, State } from './definition.ts';
import { evaluate, forLibrary, RuntimeError, stateContexts, type Progress } from './library.ts';

/**
 * One sequence of states: the machine itself, a branch of a Parallel state, or one iteration of a Map state.
 * Whoever records what happens keeps its place in the sequence here.
 */
export interface Lane {
  parent: Lane | undefined;
  /** Of an iteration: the Map state's name and the item's index. */
  iteration: { name: string; index: number } | undefined;
}

/** Something that happened while a machine ran, in order within its lane. */
export type Step =
  | { kind: 'entered'; lane: Lane; state: State; input: Json }
  | { kind: 'exited'; lane: Lane; state: State; output: Json }
  /** An attempt failed; it may still be retried or caught. */
  | { kind: 'failed'; lane: Lane; state: State; error: string; cause: string }
  | { kind: 'retried'; lane: Lane; state: State; attempt: number }
  /** The state will not end: a sibling branch failed, or the execution was stopped. */
  | { kind: 'aborted'; lane: Lane; state: State }
  /** A Parallel or Map state begins its lanes; `length` is the number of items of a Map state. */
  | { kind: 'fanned-out'; lane: Lane; state: State; length: number }
  | { kind: 'joined'; lane: Lane; state: State; last: Lane | undefined }
  | { kind: 'iteration-started'; lane: Lane }
  | { kind: 'iteration-succeeded'; lane: Lane }
  | { kind: 'iteration-failed'; lane: Lane }
  | { kind: 'iteration-aborted'; lane: Lane };

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

/** The signal was aborted before the machine ended. */
export class MachineAbortedError extends Error {
  override readonly name = 'MachineAbortedError';
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
        : fanOut(state, lane, taskInput, laneContext, signal, options),
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

async function fanOut(
  state: State,
  lane: Lane,
  input: Json,
  laneContext: JsonObject,
  signal: AbortSignal,
  options: InterpreterOptions,
): Promise<Json> {
  const emit = options.onStep ?? (() => undefined);
  const controller = new AbortController();
  const signals = AbortSignal.any([signal, controller.signal]);
  const branches = await branchesOf(state, input, laneContext, options);
  emit({ kind: 'fanned-out', lane, state, length: branches.length });
  let last: Lane | undefined;
  const runBranch = async ({ definition, input: branchInput, context, index }: Branch): Promise<Json> => {
    const iteration = state.type === 'Map' ? { name: state.name, index } : undefined;
    const branch: Lane = { parent: lane, iteration };
    const mark = (kind: 'started' | 'succeeded' | 'failed' | 'aborted'): void => {
      if (iteration !== undefined) emit({ kind: `iteration-${kind}`, lane: branch });
    };
    mark('started');
    try {
      const output = await runLane(branch, definition, branchInput, context, signals, options);
      mark('succeeded');
      return output;
    } catch (error) {
      mark(error instanceof MachineAbortedError ? 'aborted' : 'failed');
      // One branch failed: the others are stopped, and all have ended before the state fails.
      if (!signals.aborted) controller.abort();
      throw error;
    } finally {
      last = branch;
    }
  };
  const limit = typeof state.source.MaxConcurrency === 'number' ? state.source.MaxConcurrency : 0;
  const settled = await settleAll(
    branches.map((branch) => () => runBranch(branch)),
    limit || 40,
  );
  const failures = settled.flatMap((result) => (result.status === 'rejected' ? [result] : []));
  const failure = failures.find(({ reason }) => !(reason instanceof MachineAbortedError)) ?? failures.at(0);
  if (failure !== undefined) throw failure.reason;
  emit({ kind: 'joined', lane, state, last });
  return settled.map((result) => (result.status === 'fulfilled' ? result.value : null));
}

interface Branch {
  definition: Definition;
  input: Json;
  context: JsonObject;
  index: number;
}

async function branchesOf(
  state: State,
  input: Json,
  laneContext: JsonObject,
  options: InterpreterOptions,
): Promise<Branch[]> {
  if (state.type === 'Parallel') {
    return state.branches.map((definition, index) => ({ definition, input, context: laneContext, index }));
  }
  const { ItemsPath: itemsPath, ItemSelector: selector = state.source.Parameters } = state.source;
  const context = { ...laneContext, Machine: options.context };
  const items =
    typeof itemsPath === 'string' ? await evaluate({ 'value.$': itemsPath }, input, context) : input;
  const [definition] = state.branches;
  if (!Array.isArray(items) || definition === undefined) {
    throw new RuntimeError(`Map state ${state.name} needs a list, from its input or by ItemsPath.`);
  }
  return Promise.all(
    items.map(async (item, index) => {
      const itemContext = { ...laneContext, Map: { Item: { Index: index, Value: item } } };
      const branchInput =
        selector === undefined
          ? item
          : await evaluate({ value: selector }, input, { ...context, ...itemContext });
      return { definition, input: branchInput, context: itemContext, index };
    }),
  );
}

async function settleAll<Value>(
  work: (() => Promise<Value>)[],
  limit: number,
): Promise<PromiseSettledResult<Value>[]> {
  const results: Promise<PromiseSettledResult<Value>[]>[] = [];
  const queue = work.entries();
  const settled: PromiseSettledResult<Value>[] = [];
  const worker = async (): Promise<PromiseSettledResult<Value>[]> => {
    for (const [index, item] of queue) {
      const [result] = await Promise.allSettled([item()]);
      settled[index] = result;
    }
    return settled;
  };
  for (let count = 0; count < Math.min(limit, work.length); count += 1) results.push(worker());
  await Promise.all(results);
  return settled;
}

function refuseIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new MachineAbortedError('The machine was stopped.');
}

async function orAborted<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new MachineAbortedError('The machine was stopped.'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, signal.aborted ? promise : work()]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function causeText(cause: unknown): string {
  return typeof cause === 'string' ? cause : JSON.stringify(cause);
}
