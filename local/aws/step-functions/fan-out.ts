import type { Json, JsonObject } from '../../json.ts';
import type { Definition, State } from './definition.ts';
import { MachineAbortedError } from './interruption.ts';
import { evaluate, RuntimeError } from './library.ts';
import type { Lane, Step } from './steps.ts';

/** What a Parallel or Map state needs of the machine around it. */
export interface Surroundings {
  /** `$$` as far as it is the same for every state. */
  context: JsonObject;
  emit: (step: Step) => void;
  /** Runs one branch or iteration to its end. */
  runLane: (
    lane: Lane,
    definition: Definition,
    input: Json,
    context: JsonObject,
    signal: AbortSignal,
  ) => Promise<Json>;
}

/**
 * Runs the branches of a Parallel state, or the iterations of a Map state, side by side.
 *
 * @returns their outputs in order
 * @throws what the first of them threw; the others are stopped and have ended then
 */
export async function fanOut(
  state: State,
  lane: Lane,
  input: Json,
  laneContext: JsonObject,
  signal: AbortSignal,
  { context, emit, runLane }: Surroundings,
): Promise<Json> {
  const controller = new AbortController();
  const signals = AbortSignal.any([signal, controller.signal]);
  const branches = await branchesOf(state, input, laneContext, context);
  emit({ kind: 'fanned-out', lane, state, length: branches.length });
  let last: Lane | undefined;
  const runBranch = async ({
    definition,
    input: branchInput,
    context: branchContext,
    index,
  }: Branch): Promise<Json> => {
    const iteration = state.type === 'Map' ? { name: state.name, index } : undefined;
    const branch: Lane = { parent: lane, iteration };
    const mark = (kind: 'started' | 'succeeded' | 'failed' | 'aborted'): void => {
      if (iteration !== undefined) emit({ kind: `iteration-${kind}`, lane: branch });
    };
    mark('started');
    try {
      const output = await runLane(branch, definition, branchInput, branchContext, signals);
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
  machine: JsonObject,
): Promise<Branch[]> {
  if (state.type === 'Parallel') {
    return state.branches.map((definition, index) => ({ definition, input, context: laneContext, index }));
  }
  const { ItemsPath: itemsPath, ItemSelector: selector = state.source.Parameters } = state.source;
  const context = { ...laneContext, Machine: machine };
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
