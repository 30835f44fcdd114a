import { randomUUID } from 'node:crypto';
import { isJsonObject, parseJson, type Json, type JsonObject } from '../../json.ts';
import type { ExecutionRef, Observer } from '../../observer.ts';
import { allStates, readValidDefinition } from './definition.ts';
import { StepFunctionsError, type Execution, type ExecutionStatus, type Machine } from './execution.ts';
import { createHistoryRecorder, type HistoryRecorder } from './history.ts';
import { createTaskRunner, refuseUnknownResource, type InvokeFunction, type Refusal } from './tasks.ts';
import { interpret } from './interpreter.ts';
import { MachineAbortedError } from './interruption.ts';
import { statusChange, stepEvent } from './events.ts';

export interface StepFunctionsOptions {
  /** Invokes a function; answers with its payload or its error. */
  invoke: InvokeFunction;
  accountId: string;
  region: string;
  observer: Observer;
  /** Why a machine's role may not do something; by default every role may do everything. */
  refusal?: Refusal;
  /** Milliseconds before each retry instead of the retrier's own interval. */
  retryMs?: number;
  /** Puts "Step Functions Execution Status Change" on the account's default bus. */
  publish: (event: { resources: string[]; detail: JsonObject }) => void;
}

/** Runs the packaged state machines. */
export interface StepFunctions {
  /** @throws DefinitionError when the machine cannot be run */
  register: (machine: {
    name: string;
    shortName: string;
    roleArn: string;
    definition: string;
    logging?: JsonObject;
  }) => Machine;
  machines: () => Machine[];
  executions: () => Execution[];
  /** @throws StepFunctionsError as StartExecution does */
  start: (
    machineArn: string,
    input: Json | string,
    options?: { name?: string; startedBy?: string },
  ) => Execution;
  /** @throws StepFunctionsError when there is no such execution */
  stop: (executionArn: string, reason?: { error?: string; cause?: string }) => Execution;
  /** @throws StepFunctionsError when there is no such machine */
  machine: (arn: string) => Machine;
  /** @throws StepFunctionsError when there is no such execution */
  execution: (arn: string) => Execution;
  /** Resolves when the execution has ended. */
  ended: (executionArn: string) => Promise<Execution>;
  /** Stops every execution that runs. */
  stopAll: () => Promise<void>;
}

interface Run {
  execution: Execution;
  controller: AbortController;
  stopped:
    { status: 'ABORTED' | 'TIMED_OUT'; error: string | undefined; cause: string | undefined } | undefined;
  done: Promise<void>;
}

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html#StepFunctions-StartExecution-request-name */
const nameForm = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,80}$/;

export function createStepFunctions(options: StepFunctionsOptions): StepFunctions {
  const { accountId, region, observer } = options;
  const machines = new Map<string, Machine>();
  const runs = new Map<string, Run>();

  const machine = (arn: string): Machine => {
    const found = machines.get(arn);
    if (found === undefined) {
      throw new StepFunctionsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    }
    return found;
  };
  const runOf = (arn: string): Run => {
    const found = runs.get(arn);
    if (found === undefined) {
      throw new StepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    }
    return found;
  };

  const start: StepFunctions['start'] = (machineArn, given, { name = randomUUID(), startedBy } = {}) => {
    const started = machine(machineArn);
    const input = typeof given === 'string' ? given : JSON.stringify(given);
    if (!nameForm.test(name)) throw new StepFunctionsError('InvalidName', `Invalid Name: '${name}'`);
    const parsed = parseInput(input);
    const arn = `arn:aws:states:${region}:${accountId}:execution:${started.name}:${name}`;
    const earlier = runs.get(arn)?.execution;
    if (earlier !== undefined) {
      // The same name and input while it runs is the same request, sent twice.
      if (earlier.status === 'RUNNING' && sameJson(parseInput(earlier.input), parsed)) return earlier;
      throw new StepFunctionsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const recorder = createHistoryRecorder();
    const execution: Execution = {
      arn,
      name,
      machine: started,
      status: 'RUNNING',
      startedAt: new Date(),
      endedAt: undefined,
      input,
      output: undefined,
      error: undefined,
      cause: undefined,
      history: recorder.events,
    };
    const run: Run = {
      execution,
      controller: new AbortController(),
      stopped: undefined,
      done: Promise.resolve(),
    };
    runs.set(arn, run);
    recorder.executionStarted(input, started.roleArn);
    observer.emit({ kind: 'execution-started', execution: refOf(execution), input: parsed, startedBy });
    announce(execution);
    run.done = carryOut(run, recorder, parsed);
    return execution;
  };

  const announce = (execution: Execution): void => options.publish(statusChange(execution));

  const carryOut = async (run: Run, recorder: HistoryRecorder, input: Json): Promise<void> => {
    const { execution, controller } = run;
    const { machine: of } = execution;
    const ref = refOf(execution);
    const { timeoutSeconds } = of.definition;
    const timer =
      timeoutSeconds === undefined
        ? undefined
        : setTimeout(
            () => {
              run.stopped ??= { status: 'TIMED_OUT', error: undefined, cause: undefined };
              controller.abort();
            },
            Math.min(timeoutSeconds * 1000, 2_147_483_647),
          ).unref();
    try {
      const output = await interpret(of.definition, input, {
        signal: controller.signal,
        ...(options.retryMs === undefined ? {} : { retryMs: options.retryMs }),
        context: {
          Execution: {
            Id: execution.arn,
            Name: execution.name,
            Input: input,
            StartTime: execution.startedAt.toISOString(),
            RoleArn: of.roleArn,
            RedriveCount: 0,
          },
          StateMachine: { Id: of.arn, Name: of.name },
        },
        runTask: (call) => runTask(call, recorder, execution),
        onStep: (step) => {
          recorder.step(step);
          const event = stepEvent(step, ref);
          if (event !== undefined) observer.emit(event);
        },
      });
      execution.output = JSON.stringify(output);
      end(execution, recorder, 'SUCCEEDED', 'ExecutionSucceeded', { output: execution.output });
    } catch (error) {
      if (error instanceof MachineAbortedError && run.stopped !== undefined) {
        execution.error = run.stopped.error;
        execution.cause = run.stopped.cause;
        const details = failureDetails(execution);
        if (run.stopped.status === 'TIMED_OUT')
          end(execution, recorder, 'TIMED_OUT', 'ExecutionTimedOut', details);
        else end(execution, recorder, 'ABORTED', 'ExecutionAborted', details);
      } else {
        execution.error = error instanceof Error ? error.name : 'States.Runtime';
        execution.cause = error instanceof Error ? error.message : String(error);
        end(execution, recorder, 'FAILED', 'ExecutionFailed', failureDetails(execution));
      }
    } finally {
      clearTimeout(timer);
    }
  };

  const end = (
    execution: Execution,
    recorder: HistoryRecorder,
    status: Exclude<ExecutionStatus, 'RUNNING'>,
    type: string,
    details: { output: string } | { error?: string; cause?: string },
  ): void => {
    recorder.executionEnded(type, details);
    execution.status = status;
    execution.endedAt = new Date();
    observer.emit({
      kind: 'execution-ended',
      execution: refOf(execution),
      status,
      output: execution.output === undefined ? undefined : parseJson(execution.output),
      error: execution.error,
      cause: execution.cause,
    });
    announce(execution);
  };

  const runTask = createTaskRunner({
    region,
    invoke: options.invoke,
    refusal: options.refusal ?? (() => undefined),
    start,
    ended: (executionArn) => stepFunctions.ended(executionArn),
  });

  const stepFunctions: StepFunctions = {
    register: ({ name, shortName, roleArn, definition: definitionText, logging }) => {
      const definition = readValidDefinition(parseJson(definitionText));
      for (const state of allStates(definition)) refuseUnknownResource(state, region);
      const arn = `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;
      const registered = {
        name,
        arn,
        shortName,
        roleArn,
        definitionText,
        definition,
        createdAt: new Date(),
        logging,
      };
      machines.set(arn, registered);
      return registered;
    },
    machines: () => [...machines.values()],
    executions: () => [...runs.values()].map(({ execution }) => execution),
    machine,
    execution: (arn) => runOf(arn).execution,
    start,
    stop: (executionArn, { error, cause } = {}) => {
      const run = runOf(executionArn);
      if (run.execution.status === 'RUNNING') {
        run.stopped ??= { status: 'ABORTED', error, cause };
        run.controller.abort();
      }
      return run.execution;
    },
    ended: async (executionArn) => {
      const run = runOf(executionArn);
      await run.done;
      return run.execution;
    },
    stopAll: async () => {
      const open = [...runs.values()].filter(({ execution }) => execution.status === 'RUNNING');
      for (const { execution } of open) stepFunctions.stop(execution.arn, { cause: 'The local stack ends.' });
      await Promise.all(open.map(({ done }) => done));
    },
  };
  return stepFunctions;
}

function refOf({ arn, name, machine }: Execution): ExecutionRef {
  return { machine: machine.shortName, name, arn };
}

function parseInput(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StepFunctionsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${reason}'`,
    );
  }
}

function sameJson(left: Json, right: Json): boolean {
  return canonical(left) === canonical(right);
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isJsonObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

function failureDetails({ error, cause }: Execution): { error?: string; cause?: string } {
  return { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
}
