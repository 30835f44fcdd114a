import { ExecutionError, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { isJsonObject, toJson, type Json, type JsonObject } from '../../json.ts';
import type { Definition } from './definition.ts';

/** Node runs a longer timer at once; the language's own "no timeout" is 99,999,999 seconds. */
const longestTimeoutSeconds = 2_147_483;

/** How far a state is: what `$$.State` tells of it. */
export interface Progress {
  enteredAt: Date | undefined;
  /** Attempts that were begun since it was entered; before the next one, that is the number of retries. */
  attempts: number;
}

/** States.Runtime is neither retried nor caught: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
export class RuntimeError extends Error {
  override readonly name = 'States.Runtime';
  readonly isRetryable = false;
  readonly isCatchable = false;
}

/** A payload template's `value`, worked out by the library itself. */
export async function evaluate(template: JsonObject, input: Json, context: object): Promise<Json> {
  const source = { Type: 'Pass', Parameters: rewrite(template, undefined), End: true };
  const machine = new StateMachine(asDefinition({ StartAt: 'Evaluate', States: { Evaluate: source } }), {
    validationOptions: { noValidate: true },
  });
  const output = await machine.run(input, { context: { ...context } }).result.catch((error: unknown) => {
    throw error instanceof ExecutionError ? error.cause : error;
  });
  const value = toJson(output);
  return isJsonObject(value) ? (value.value ?? null) : null;
}

/** `$$.State` of each state: rewritten paths lead to `$$.StateN`, N being the state's place in its lane. */
export function stateContexts(
  definition: Definition,
  progress: ReadonlyMap<string, Progress>,
): Record<string, object> {
  return Object.fromEntries(
    [...definition.states.keys()].map((name, index) => [
      `State${index}`,
      {
        Name: name,
        // Read by the library when a path leads here, which may be before its "entered" event has been read.
        get EnteredTime() {
          return (progress.get(name)?.enteredAt ?? new Date()).toISOString();
        },
        get RetryCount() {
          return progress.get(name)?.attempts ?? 0;
        },
      },
    ]),
  );
}

const fanOutFields = new Set([
  'Branches',
  'ItemProcessor',
  'Iterator',
  'ItemsPath',
  'ItemSelector',
  'MaxConcurrency',
]);

/** The definition as the library runs it right; see `interpret` and `rewrite`. */
export function forLibrary(definition: Definition): StateMachineDefinition {
  const states = [...definition.states.values()].map((state, index): [string, JsonObject] => {
    const source = Object.fromEntries(
      Object.entries(state.source).filter(([field]) => !fanOutFields.has(field)),
    );
    const rewritten = rewrite(source, index);
    if (!isJsonObject(rewritten)) throw new RuntimeError('A state is an object.');
    // To the library "$" is a field's name; to the language it is the whole, which is the default.
    if (rewritten.ResultPath === '$') delete rewritten.ResultPath;
    if (Array.isArray(rewritten.Catch)) rewritten.Catch = rewritten.Catch.map(withoutWholePath);
    if (state.type !== 'Task' && state.type !== 'Parallel' && state.type !== 'Map') {
      return [state.name, rewritten];
    }
    const task: JsonObject = { ...rewritten, Type: 'Task', Resource: state.name };
    // A Map state's Parameters are its ItemSelector, under the older name.
    if (state.type === 'Map') delete task.Parameters;
    if (task.TimeoutSecondsPath === undefined) {
      const wanted = typeof source.TimeoutSeconds === 'number' ? source.TimeoutSeconds : Infinity;
      task.TimeoutSeconds = Math.min(wanted, longestTimeoutSeconds);
    }
    return [state.name, task];
  });
  return asDefinition({ StartAt: definition.startAt, States: Object.fromEntries(states) });
}

function withoutWholePath(catcher: Json): Json {
  if (!isJsonObject(catcher) || catcher.ResultPath !== '$') return catcher;
  return Object.fromEntries(Object.entries(catcher).filter(([field]) => field !== 'ResultPath'));
}

/**
 * Mends what the library (3.0.0) does differently: it sets `$$.Execution` itself, for each branch anew; it has no
 * `$$.State`; and a type test like `IsPresent: false` never holds in it.
 */
function rewrite(value: Json, stateIndex: number | undefined): Json {
  if (typeof value === 'string') {
    if (!value.includes('$$.')) return value;
    return value
      .replaceAll(/\$\$\.(Execution|StateMachine)\b/g, '$$$$.Machine.$1')
      .replaceAll(/\$\$\.State\b/g, `$$$$.State${stateIndex ?? ''}`);
  }
  if (Array.isArray(value)) return value.map((item) => rewrite(item, stateIndex));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, rewrite(item, stateIndex)] as const);
  const negated = entries.find(([key, item]) => typeTests.has(key) && item === false);
  if (negated === undefined || !('Variable' in value)) return Object.fromEntries(entries);
  const { Next, ...test } = Object.fromEntries(entries);
  return { Not: { ...test, [negated[0]]: true }, ...(Next === undefined ? {} : { Next }) };
}

const typeTests = new Set(['IsNull', 'IsPresent', 'IsNumeric', 'IsString', 'IsBoolean', 'IsTimestamp']);

function asDefinition(source: JsonObject): StateMachineDefinition {
  if (!isDefinition(source)) throw new RuntimeError('A machine has StartAt and States.');
  return source;
}

function isDefinition(source: unknown): source is StateMachineDefinition {
  return isJsonObject(source) && typeof source.StartAt === 'string' && isJsonObject(source.States);
}
