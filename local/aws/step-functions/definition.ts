import validate from 'asl-validator';
import { isJsonObject, parseJson, type Json, type JsonObject } from '../../json.ts';

/** A machine, or one branch of a Parallel or Map state. */
export interface Definition {
  startAt: string;
  states: Map<string, State>;
  timeoutSeconds: number | undefined;
}

/** Types of states: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html */
export type StateType = 'Task' | 'Parallel' | 'Map' | 'Pass' | 'Wait' | 'Choice' | 'Succeed' | 'Fail';

const stateTypes = new Map<unknown, StateType>(
  (['Task', 'Parallel', 'Map', 'Pass', 'Wait', 'Choice', 'Succeed', 'Fail'] as const).map((type) => [
    type,
    type,
  ]),
);

export interface State {
  name: string;
  type: StateType;
  /** The state as it is written. */
  source: JsonObject;
  /** Of a Parallel state its branches, of a Map state its item processor alone. */
  branches: Definition[];
}

/** A state machine's definition cannot be run. The message says what is wrong with it. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}

/**
 * Reads a definition in the Amazon States Language with JSONPath.
 *
 * @throws DefinitionError when the language's rules are broken, when it uses JSONata, variables, task tokens or a
 *   distributed Map, or when a state's name occurs twice: what would not run as on AWS is refused, not guessed.
 */
export function readDefinition(source: Json): Definition {
  const faults = faultsOf(source);
  if (faults !== undefined) throw new DefinitionError(`The state machine is invalid: ${faults}`);
  return readValidDefinition(source);
}

/**
 * As readDefinition, for a definition that has been validated already: the packaging tool does, and the validator
 * takes seconds for a large machine on a busy computer.
 *
 * @throws DefinitionError for what would not run as on AWS
 */
export function readValidDefinition(source: Json): Definition {
  const definition = read(source);
  const seen = new Set<string>();
  for (const { name } of allStates(definition)) {
    if (seen.has(name)) throw new DefinitionError(`Two states are named ${name}.`);
    seen.add(name);
  }
  return definition;
}

/** What the validator said about a definition; it takes a fifth of a second, and tests run one machine many times. */
const judged = new Map<string, string | undefined>();

function faultsOf(source: Json): string | undefined {
  const text = JSON.stringify(source);
  if (!judged.has(text)) {
    // The validator writes into what it is given.
    const { isValid, errorsText } = validate(parseJson(text), { checkPaths: true, checkArn: true });
    judged.set(text, isValid ? undefined : errorsText('; '));
  }
  return judged.get(text);
}

/** Every state, those inside Parallel and Map states included. */
export function allStates(definition: Definition): State[] {
  return [...definition.states.values()].flatMap((state) => [state, ...state.branches.flatMap(allStates)]);
}

function read(source: Json | undefined): Definition {
  if (!isJsonObject(source) || typeof source.StartAt !== 'string' || !isJsonObject(source.States)) {
    throw new DefinitionError('A machine has StartAt and States.');
  }
  refuseJsonata(source, 'The machine');
  return {
    startAt: source.StartAt,
    states: new Map(Object.entries(source.States).map(([name, state]) => [name, readState(name, state)])),
    timeoutSeconds: typeof source.TimeoutSeconds === 'number' ? source.TimeoutSeconds : undefined,
  };
}

function readState(name: string, source: Json): State {
  const type = isJsonObject(source) ? stateTypes.get(source.Type) : undefined;
  if (!isJsonObject(source) || type === undefined) throw new DefinitionError(`State ${name} has no type.`);
  refuseJsonata(source, `State ${name}`);
  for (const field of unsupportedFields) {
    if (field in source) {
      throw new DefinitionError(`State ${name} uses ${field}, which the local engine does not run.`);
    }
  }
  if (typeof source.Resource === 'string' && source.Resource.endsWith('.waitForTaskToken')) {
    throw new DefinitionError(`State ${name} waits for a task token, which the local engine does not run.`);
  }
  return { name, type, source, branches: branchesOf(source, type) };
}

const unsupportedFields = [
  'Assign',
  'HeartbeatSeconds',
  'HeartbeatSecondsPath',
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'MaxConcurrencyPath',
  'ToleratedFailureCount',
  'ToleratedFailureCountPath',
  'ToleratedFailurePercentage',
  'ToleratedFailurePercentagePath',
];

function branchesOf(source: JsonObject, type: StateType): Definition[] {
  if (type === 'Parallel' && Array.isArray(source.Branches)) return source.Branches.map(read);
  if (type === 'Map') return [read(source.ItemProcessor ?? source.Iterator)];
  return [];
}

function refuseJsonata(source: JsonObject, what: string): void {
  if (source.QueryLanguage === 'JSONata') {
    throw new DefinitionError(`${what} is written in JSONata; the local engine runs JSONPath.`);
  }
}
