import { describe, expect, test } from 'vitest';
import type { Json } from '../../json.ts';
import { createObserver } from '../../observer.ts';
import type { HistoryEvent } from './history.ts';
import { createStepFunctions, type StepFunctions } from './step-functions.ts';

const lambda = 'arn:aws:lambda:us-east-1:111122223333:function:work';
const task = { Type: 'Task', Resource: lambda, TimeoutSeconds: 1, End: true };
const pass = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } });
const working = (name: string) => ({ StartAt: name, States: { [name]: task } });
const child = 'arn:aws:states:us-east-1:111122223333:stateMachine:child';

/** What the function answers; `throws` and `hangs` stand for what they say. */
type Answer = Json;

function engine(answers: Record<string, Answer[]> = {}): StepFunctions {
  const left = new Map(Object.entries(answers).map(([state, given]) => [state, [...given]]));
  const stepFunctions: StepFunctions = createStepFunctions({
    accountId: '111122223333',
    region: 'us-east-1',
    observer: createObserver(),
    publish: () => undefined,
    retryMs: 0,
    invoke: async (_arn, event) => {
      const answer = left.get(JSON.stringify(event))?.shift() ?? left.get('*')?.shift() ?? null;
      if (answer === 'hangs') await new Promise(() => undefined);
      return answer === 'throws'
        ? { error: { errorType: 'Broken', errorMessage: 'it broke', trace: [] } }
        : { payload: answer };
    },
  });
  stepFunctions.register({
    name: 'child',
    shortName: 'child',
    roleArn: 'arn:aws:iam::111122223333:role/child',
    definition: JSON.stringify(pass('Only')),
  });
  return stepFunctions;
}

function start(stepFunctions: StepFunctions, definition: object, input: Json = {}) {
  const machine = stepFunctions.register({
    name: 'machine',
    shortName: 'machine',
    roleArn: 'arn:aws:iam::111122223333:role/machine',
    definition: JSON.stringify(definition),
  });
  return stepFunctions.start(machine.arn, input);
}

async function historyOf(states: Record<string, object>, answers?: Record<string, Answer[]>, input?: Json) {
  const stepFunctions = engine(answers);
  const definition = { StartAt: Object.keys(states)[0], States: states };
  const { arn } = start(stepFunctions, definition, input);
  return (await stepFunctions.ended(arn)).history;
}

const types = (events: HistoryEvent[]) => events.map(({ type }) => type);

/** By state type and outcome, the documented events in the documented order. */
const table: {
  what: string;
  states: Record<string, object>;
  answers?: Record<string, Answer[]>;
  input?: Json;
  events: string[];
}[] = [
  {
    what: 'a Pass state',
    states: { A: { Type: 'Pass', End: true } },
    events: ['PassStateEntered', 'PassStateExited', 'ExecutionSucceeded'],
  },
  {
    what: 'a Succeed state',
    states: { A: { Type: 'Succeed' } },
    events: ['SucceedStateEntered', 'SucceedStateExited', 'ExecutionSucceeded'],
  },
  {
    what: 'a Fail state',
    states: { A: { Type: 'Fail', Error: 'Nope', Cause: 'because' } },
    events: ['FailStateEntered', 'ExecutionFailed'],
  },
  {
    what: 'a Choice that finds its way',
    states: {
      A: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericEquals: 1, Next: 'B' }], Default: 'B' },
      B: { Type: 'Succeed' },
    },
    input: { a: 1 },
    events: [
      'ChoiceStateEntered',
      'ChoiceStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a Choice without a match',
    states: {
      A: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericEquals: 1, Next: 'B' }] },
      B: { Type: 'Succeed' },
    },
    input: { a: 2 },
    events: ['ChoiceStateEntered', 'ExecutionFailed'],
  },
  {
    what: 'a Wait state',
    states: { A: { Type: 'Wait', Seconds: 0, End: true } },
    events: ['WaitStateEntered', 'WaitStateExited', 'ExecutionSucceeded'],
  },
  {
    what: 'a function that answers',
    states: { A: task },
    events: [
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a function that fails',
    states: { A: task },
    answers: { '*': ['throws'] },
    events: [
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'ExecutionFailed',
    ],
  },
  {
    what: 'a function that fails once and is retried',
    states: { A: { ...task, Retry: [{ ErrorEquals: ['Broken'], IntervalSeconds: 1, MaxDelaySeconds: 1 }] } },
    answers: { '*': ['throws', 1] },
    events: [
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a function that fails and is caught',
    states: { A: { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }, B: { Type: 'Succeed' } },
    answers: { '*': ['throws'] },
    events: [
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'TaskStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a function that does not answer in time',
    states: { A: task },
    answers: { '*': ['hangs'] },
    events: [
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionTimedOut',
      'ExecutionFailed',
    ],
  },
  {
    what: 'a task that starts another machine',
    states: {
      A: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution',
        Parameters: { StateMachineArn: child, Name: 'one' },
        End: true,
      },
    },
    events: [
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a task that starts another machine and waits for it',
    states: {
      A: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution.sync:2',
        Parameters: { StateMachineArn: child },
        End: true,
      },
    },
    events: [
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a task that cannot start another machine',
    states: {
      A: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution',
        Parameters: { StateMachineArn: `${child}-absent` },
        End: true,
      },
    },
    events: ['TaskStateEntered', 'TaskScheduled', 'TaskStarted', 'TaskFailed', 'ExecutionFailed'],
  },
  {
    what: 'a Parallel state',
    states: { A: { Type: 'Parallel', Branches: [pass('B')], End: true } },
    events: [
      'ParallelStateEntered',
      'ParallelStateStarted',
      'PassStateEntered',
      'PassStateExited',
      'ParallelStateSucceeded',
      'ParallelStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a Parallel state whose branch fails',
    states: { A: { Type: 'Parallel', Branches: [working('B')], End: true } },
    answers: { '*': ['throws'] },
    events: [
      'ParallelStateEntered',
      'ParallelStateStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'ParallelStateFailed',
      'ExecutionFailed',
    ],
  },
  {
    what: 'a Parallel state that fails and is caught',
    states: {
      A: {
        Type: 'Parallel',
        Branches: [working('B')],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }],
        End: true,
      },
      C: { Type: 'Succeed' },
    },
    answers: { '*': ['throws'] },
    events: [
      'ParallelStateEntered',
      'ParallelStateStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'ParallelStateFailed',
      'ParallelStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a Map state',
    states: { A: { Type: 'Map', ItemProcessor: pass('B'), MaxConcurrency: 1, End: true } },
    input: [1, 2],
    events: [
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
      'PassStateEntered',
      'PassStateExited',
      'MapIterationSucceeded',
      'MapIterationStarted',
      'PassStateEntered',
      'PassStateExited',
      'MapIterationSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a Map state over nothing',
    states: { A: { Type: 'Map', ItemProcessor: pass('B'), End: true } },
    input: [],
    events: [
      'MapStateEntered',
      'MapStateStarted',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ],
  },
  {
    what: 'a Map state whose iteration fails',
    states: { A: { Type: 'Map', ItemProcessor: working('B'), MaxConcurrency: 1, End: true } },
    input: [1],
    answers: { '*': ['throws'] },
    events: [
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'MapIterationFailed',
      'MapStateFailed',
      'ExecutionFailed',
    ],
  },
];

describe('the history of', () => {
  test.each(table)('$what', async ({ states, answers, input, events }) => {
    const history = await historyOf(states, answers, input);
    expect(types(history)).toEqual(['ExecutionStarted', ...events]);
    expect(history.map(({ id }) => id)).toEqual(history.map((_, index) => index + 1));
    // The first state is entered by nothing before it; every other event follows an earlier one.
    expect(history.slice(0, 2).map(({ previousEventId }) => previousEventId)).toEqual([0, 0]);
    for (const { id, previousEventId } of history.slice(2)) {
      expect(previousEventId).toBeGreaterThan(0);
      expect(previousEventId).toBeLessThan(id);
    }
  });

  test('an execution that is stopped while it waits', async () => {
    const stepFunctions = engine();
    const { arn } = start(stepFunctions, {
      StartAt: 'A',
      States: { A: { Type: 'Wait', Seconds: 3600, End: true } },
    });
    await expect.poll(() => stepFunctions.execution(arn).history.length).toBe(2);
    stepFunctions.stop(arn, { error: 'Enough', cause: 'by hand' });
    const { history, status, error } = await stepFunctions.ended(arn);
    expect({ status, error }).toEqual({ status: 'ABORTED', error: 'Enough' });
    expect(types(history)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'WaitStateAborted',
      'ExecutionAborted',
    ]);
  });

  test('an execution that runs out of time in a function', async () => {
    const stepFunctions = engine({ '*': ['hangs'] });
    const { arn } = start(stepFunctions, {
      StartAt: 'A',
      TimeoutSeconds: 1,
      States: { A: { ...task, TimeoutSeconds: 60 } },
    });
    const { history, status } = await stepFunctions.ended(arn);
    expect(status).toBe('TIMED_OUT');
    expect(types(history)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'TaskStateAborted',
      'ExecutionTimedOut',
    ]);
  });

  test('branches and iterations that are stopped because another one failed', async () => {
    const answers: Record<string, Answer[]> = { '1': ['throws'], '2': ['hangs'] };
    const history = await historyOf(
      { A: { Type: 'Map', ItemProcessor: working('B'), End: true } },
      answers,
      [1, 2],
    );
    expect(types(history).slice(-6).toSorted()).toEqual([
      'ExecutionFailed',
      'LambdaFunctionFailed',
      'MapIterationAborted',
      'MapIterationFailed',
      'MapStateFailed',
      'TaskStateAborted',
    ]);
    expect(types(history).slice(-2)).toEqual(['MapStateFailed', 'ExecutionFailed']);
  });
});

describe('every history', () => {
  test('chains each branch for itself, from where the branches began to where they are joined', async () => {
    const history = await historyOf({
      Both: { Type: 'Parallel', Branches: [pass('A'), pass('B')], Next: 'Last' },
      Last: { Type: 'Pass', End: true },
    });
    const of = (type: string, name?: string) =>
      history.find((event) => event.type === type && (name === undefined || event.details.name === name))!;
    const started = of('ParallelStateStarted');
    for (const branch of ['A', 'B']) {
      expect(of('PassStateEntered', branch).previousEventId).toBe(started.id);
      expect(of('PassStateExited', branch).previousEventId).toBe(of('PassStateEntered', branch).id);
    }
    const joined = of('ParallelStateSucceeded');
    expect([of('PassStateExited', 'A').id, of('PassStateExited', 'B').id]).toContain(joined.previousEventId);
    expect(of('ParallelStateExited').previousEventId).toBe(joined.id);
    expect(of('PassStateEntered', 'Last').previousEventId).toBe(of('ParallelStateExited').id);
  });

  test('ends with the output, or with the error and its cause', async () => {
    const good = await historyOf({ A: { Type: 'Pass', Result: { a: 1 }, End: true } });
    expect(good.at(-1)!.details).toMatchObject({ output: '{"a":1}' });
    const bad = await historyOf({ A: task }, { '*': ['throws'] });
    expect(bad.at(-1)!.details).toEqual({
      error: 'Broken',
      cause: '{"errorType":"Broken","errorMessage":"it broke","trace":[]}',
    });
  });
});
