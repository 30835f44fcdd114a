import { randomUUID } from 'node:crypto';
import { isJsonObject, parseJson, toJson, type Json } from '../../json.ts';
import type { State } from './definition.ts';
import { StepFunctionsError, type Execution } from './execution.ts';
import type { HistoryRecorder, TaskResource } from './history.ts';
import type { TaskCall } from './interpreter.ts';

/** Invokes a function; answers with its payload or its error. */
export type InvokeFunction = (
  functionArn: string,
  event: Json,
) => Promise<{ payload: Json } | { error: { errorType: string; errorMessage: string; trace: string[] } }>;

/** Why a role may not do something to a resource; undefined when it may. */
export type Refusal = (act: {
  action: string;
  targetArn: string;
  /** The machine that acts. */
  from: string;
  roleArn: string;
}) => string | undefined;

interface TaskOptions {
  region: string;
  invoke: InvokeFunction;
  /** Why the machine's role may not; undefined when it may. */
  refusal: Refusal;
  /** @throws StepFunctionsError as StartExecution does */
  start: (machineArn: string, input: Json, options: { name?: string; startedBy: string }) => Execution;
  ended: (executionArn: string) => Promise<Execution>;
}

type RunTask = (call: TaskCall, recorder: HistoryRecorder, execution: Execution) => Promise<Json>;

/** Does what Task states want done, and has each attempt recorded in the history of its execution. */
export function createTaskRunner(options: TaskOptions): RunTask {
  const { region } = options;
  const runTask: RunTask = async (call, recorder, execution) => {
    const resource = resourceOf(call.resource, region);
    const task = recorder.taskStarted(call.lane, call.state, resource, call.input);
    try {
      const output =
        resource.kind === 'lambda'
          ? await invokeFunction(resource.arn, call.input, execution)
          : await integrate(resource, call, execution, task.submitted);
      task.ended({ output });
      return output;
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      // A stopped branch has an event of its own: this attempt did not fail.
      if (!call.signal.aborted) task.ended({ error: failure.name, cause: failure.message });
      throw failure;
    }
  };

  /** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
  const demand = (action: string, targetArn: string, { machine }: Execution): void => {
    const refusal = options.refusal({ action, targetArn, from: machine.arn, roleArn: machine.roleArn });
    if (refusal !== undefined) throw taskError('States.Permissions', refusal);
  };

  const invokeFunction = async (arn: string, event: Json, execution: Execution): Promise<Json> => {
    demand('lambda:InvokeFunction', arn, execution);
    const outcome = await options.invoke(arn, event).catch((error: unknown) => {
      throw taskError(
        'Lambda.ResourceNotFoundException',
        error instanceof Error ? error.message : String(error),
      );
    });
    if ('payload' in outcome) return outcome.payload;
    // As on AWS: the Error is the function's own, the Cause is the whole answer as JSON text.
    throw taskError(outcome.error.errorType, JSON.stringify(outcome.error));
  };

  const integrate = async (
    { resourceType, resource }: Extract<TaskResource, { kind: 'integration' }>,
    call: TaskCall,
    execution: Execution,
    submitted: (output: Json) => void,
  ): Promise<Json> => {
    const parameters = isJsonObject(call.input) ? call.input : {};
    const {
      StateMachineArn: arn,
      Name: name,
      Input: input = {},
      FunctionName: functionName,
      Payload: payload = {},
    } = parameters;
    if (resourceType === 'lambda' && resource === 'invoke') {
      const answer = await invokeFunction(textOf(functionName), payload, execution);
      return { ExecutedVersion: '$LATEST', Payload: answer, StatusCode: 200 };
    }
    const started = startChild(textOf(arn), input, typeof name === 'string' ? name : undefined, execution);
    const answer = { ExecutionArn: started.arn, StartDate: started.startedAt.toISOString() };
    if (resource === 'startExecution') return answer;
    submitted(answer);
    const ended = await options.ended(started.arn);
    const description = describeChild(ended, resource.endsWith(':2'));
    if (ended.status === 'SUCCEEDED') return description;
    throw taskError('States.TaskFailed', JSON.stringify(description));
  };

  const startChild = (arn: string, input: Json, name: string | undefined, parent: Execution): Execution => {
    demand('states:StartExecution', arn, parent);
    try {
      return options.start(arn, input, { ...(name === undefined ? {} : { name }), startedBy: parent.arn });
    } catch (error) {
      if (!(error instanceof StepFunctionsError)) throw error;
      throw taskError(
        `StepFunctions.${error.code}Exception`,
        `${error.message} (Service: AWSStepFunctions; Status Code: 400; Error Code: ${error.code}; Request ID: ${randomUUID()}; Proxy: null)`,
      );
    }
  };

  return runTask;
}

function taskError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** `arn:aws:states:::states:startExecution.sync:2` is resource type `states`, resource `startExecution.sync:2`. */
function resourceOf(resource: string, region: string): TaskResource {
  const [, resourceType, name] = /^arn:[^:]+:states:::([^:]+):(.+)$/.exec(resource) ?? [];
  if (resourceType === undefined || name === undefined) return { kind: 'lambda', arn: resource };
  return { kind: 'integration', resourceType, resource: name, region };
}

const integrations = new Set([
  'lambda:invoke',
  'states:startExecution',
  'states:startExecution.sync',
  'states:startExecution.sync:2',
]);

/** @throws StepFunctionsError when the state is a task whose resource could not be run here */
export function refuseUnknownResource(state: State, region: string): void {
  if (state.type !== 'Task') return;
  const text = textOf(state.source.Resource);
  const resource = resourceOf(text, region);
  const known =
    resource.kind === 'lambda'
      ? /^arn:[^:]+:lambda:/.test(text)
      : integrations.has(`${resource.resourceType}:${resource.resource}`);
  if (!known)
    throw new StepFunctionsError(
      'InvalidDefinition',
      `State ${state.name}: the local engine cannot run the resource ${text}.`,
    );
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html */
function describeChild(execution: Execution, parsed: boolean): Json {
  const { arn, machine, name, status, startedAt, endedAt, input, output, error, cause } = execution;
  const data = (text: string | undefined): Json | undefined =>
    text !== undefined && parsed ? parseJson(text) : text;
  return toJson({
    ExecutionArn: arn,
    StateMachineArn: machine.arn,
    Name: name,
    Status: status,
    StartDate: startedAt.getTime(),
    StopDate: endedAt?.getTime(),
    Input: data(input),
    InputDetails: { Included: true },
    Output: data(output),
    OutputDetails: { Included: true },
    Error: error,
    Cause: cause,
  });
}
