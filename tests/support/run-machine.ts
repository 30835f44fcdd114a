import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml, type ScalarTag, type CollectionTag, isScalar } from 'yaml';
import { isJsonObject, toJson, type Json } from '../../local/json.ts';
import { readDefinition, type Definition, type State } from '../../local/aws/step-functions/definition.ts';
import { interpret } from '../../local/aws/step-functions/interpreter.ts';

/** A fake of what a Task state calls: it receives the task's input and answers, or throws with an error's name. */
type FakeTask = (input: never) => unknown;

/** A fake of a task that fails by this name, which Retry and Catch match. */
export function throws(name: string, message = 'it does not work'): () => never {
  return () => {
    throw Object.assign(new Error(message), { name });
  };
}

interface RunOptions {
  input: unknown;
  /**
   * Fakes by state name (`NotifyHeld`), by the function's serverless key (`validateEndpoint`), or, for a task that
   * starts another machine, by that machine's id (`RunSyncMachine`). The state's name wins.
   */
  tasks: Record<string, FakeTask>;
  /** `$$.Execution.Name`; `test-execution` unless told. */
  executionName?: string;
}

interface RunResult {
  status: 'SUCCEEDED' | 'FAILED';
  output: unknown;
  error: string | undefined;
  cause: string | undefined;
  /** Every state that was entered, in order; those inside Parallel and Map states included. */
  visited: string[];
  /** What each task was called with, by state name, one for each attempt. */
  calls: Record<string, unknown[]>;
}

/**
 * Runs `state-machines/<name>.asl.yml` with fake tasks. Waits and retry intervals take no time.
 *
 * A fake that throws is seen as a Lambda function that threw: Error is the error's `name`, Cause is the JSON text
 * `{errorType, errorMessage, trace}`. A fake for `startExecution` throws what Step Functions would, for instance
 * `StepFunctions.ExecutionAlreadyExistsException`.
 *
 * @throws Error when the definition is invalid, or a task was called that has no fake
 */
export async function runMachine(name: string, options: RunOptions): Promise<RunResult> {
  const definition = definitionOf(name);
  const executionName = options.executionName ?? 'test-execution';
  const input = toJson(options.input);
  const visited: string[] = [];
  const calls: Record<string, unknown[]> = {};
  let missing: Error | undefined;
  const run = interpret(definition, input, {
    waitMs: 0,
    retryMs: 0,
    context: {
      Execution: {
        Id: `${arnPrefix('states')}execution:${name}:${executionName}`,
        Name: executionName,
        Input: input,
        StartTime: '2026-11-22T10:00:00.000Z',
        RoleArn: 'arn:aws:iam::111122223333:role/machine',
      },
      StateMachine: { Id: `${arnPrefix('states')}stateMachine:${name}`, Name: name },
    },
    onStep: (step) => {
      if (step.kind === 'entered') visited.push(step.state.name);
    },
    runTask: async ({ state, resource, input: taskInput }) => {
      (calls[state.name] ??= []).push(taskInput);
      const target = targetOf(state, resource);
      const fake = options.tasks[state.name] ?? options.tasks[target];
      if (fake === undefined) {
        missing = new Error(`No fake for state ${state.name}: give tasks.${state.name} or tasks.${target}.`);
        throw missing;
      }
      try {
        return toJson(await fake(taskInput as never));
      } catch (error) {
        throw resource.includes(':lambda:') ? asLambdaError(error) : error;
      }
    },
  });
  const ended = await run.then(
    (output) => ({ status: 'SUCCEEDED' as const, output, error: undefined, cause: undefined }),
    (error: unknown) => ({
      status: 'FAILED' as const,
      output: undefined,
      error: error instanceof Error ? error.name : String(error),
      cause: error instanceof Error ? error.message : undefined,
    }),
  );
  if (missing !== undefined) throw missing;
  return { ...ended, visited, calls };
}

const definitions = new Map<string, Definition>();

/** Read once: a test may run a machine a thousand times. */
function definitionOf(name: string): Definition {
  const known = definitions.get(name) ?? readDefinition(readMachine(name));
  definitions.set(name, known);
  return known;
}

/** The definition as Step Functions would receive it: references are ARNs that end in what they refer to. */
export function readMachine(name: string): Json {
  const file = path.resolve(import.meta.dirname, '../../state-machines', `${name}.asl.yml`);
  return resolve(toJson(parseYaml(readFileSync(file, 'utf8'), { customTags: cloudFormationTags })));
}

const arnPrefix = (service: string): string => `arn:aws:${service}:us-east-1:111122223333:`;

function resolve(value: Json): Json {
  if (Array.isArray(value)) return value.map(resolve);
  if (!isJsonObject(value)) return value;
  const { Ref: ref, 'Fn::GetAtt': attribute } = value;
  if (typeof ref === 'string') return `${arnPrefix('states')}stateMachine:${ref}`;
  if (attribute !== undefined) {
    const [target] = /[A-Za-z0-9]+/.exec(JSON.stringify(attribute)) ?? [''];
    return `${arnPrefix('lambda')}function:${target}`;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
}

function targetOf(state: State, resource: string): string {
  const parameters = state.source.Parameters;
  const started = isJsonObject(parameters) ? parameters.StateMachineArn : undefined;
  return (typeof started === 'string' ? started : resource).split(':').at(-1) ?? resource;
}

function asLambdaError(error: unknown): Error {
  const thrown = error instanceof Error ? error : new Error(String(error));
  const payload = { errorType: thrown.name, errorMessage: thrown.message, trace: [] };
  return Object.assign(new Error(JSON.stringify(payload)), { name: thrown.name });
}

const longForm = (tag: string): string => (tag === 'Ref' || tag === 'Condition' ? tag : `Fn::${tag}`);

const cloudFormationTags: (ScalarTag | CollectionTag)[] = ['Ref', 'GetAtt', 'Sub', 'Join', 'Select'].flatMap(
  (tag): (ScalarTag | CollectionTag)[] => [
    { tag: `!${tag}`, resolve: (text: string) => ({ [longForm(tag)]: text }) },
    {
      tag: `!${tag}`,
      collection: 'seq',
      resolve: (sequence) => ({
        [longForm(tag)]:
          'items' in sequence ? sequence.items.map((item) => (isScalar(item) ? item.value : item)) : [],
      }),
    },
  ],
);
