import { describe, expect, test } from 'vitest';
import type { Json } from '../../json.ts';
import { readDefinition } from './definition.ts';
import { interpret, type TaskCall } from './interpreter.ts';
import type { Step } from './steps.ts';

const lambda = 'arn:aws:lambda:us-east-1:111122223333:function:work';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

async function run(
  states: Record<string, Json>,
  options: {
    input?: Json;
    startAt?: string;
    signal?: AbortSignal;
    runTask?: (call: TaskCall) => Promise<Json>;
  } = {},
): Promise<{ output: Json; steps: Step[]; visited: string[] }> {
  const steps: Step[] = [];
  const startAt = options.startAt ?? Object.keys(states)[0] ?? '';
  const output = await interpret(readDefinition({ StartAt: startAt, States: states }), options.input ?? {}, {
    context: { Execution: { Name: 'run-1', Input: { from: 'outside' } }, StateMachine: { Name: 'm' } },
    waitMs: 0,
    retryMs: 0,
    runTask: options.runTask ?? (({ input }) => Promise.resolve(input)),
    onStep: (step) => steps.push(step),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const visited = steps.flatMap((step) => (step.kind === 'entered' ? [step.state.name] : []));
  return { output, steps, visited };
}

describe('the interpreter', () => {
  test('gives each state the context of the whole execution, inside branches too', async () => {
    const path = {
      'execution.$': '$$.Execution.Name',
      'input.$': '$$.Execution.Input.from',
      'state.$': '$$.State.Name',
    };
    const branch = { StartAt: 'Inner', States: { Inner: { Type: 'Pass', Parameters: path, End: true } } };
    const { output } = await run({ Both: { Type: 'Parallel', Branches: [branch], End: true } });
    expect(output).toEqual([{ execution: 'run-1', input: 'outside', state: 'Inner' }]);
  });

  test('lets a type test with false hold, as AWS does', async () => {
    const { visited } = await run({
      Decide: {
        Type: 'Choice',
        Choices: [{ Variable: '$.absent', IsPresent: false, Next: 'Absent' }],
        Default: 'Present',
      },
      Absent: { Type: 'Succeed' },
      Present: { Type: 'Fail' },
    });
    expect(visited).toEqual(['Decide', 'Absent']);
  });

  test('retries by error name, then catches with Error and Cause', async () => {
    let attempts = 0;
    const { output, visited } = await run(
      {
        Work: {
          Type: 'Task',
          Resource: lambda,
          Retry: [{ ErrorEquals: ['UnavailableError'], MaxAttempts: 2 }],
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', End: true },
      },
      {
        input: { a: 1 },
        runTask: () => {
          attempts += 1;
          return Promise.reject(named('UnavailableError', 'down'));
        },
      },
    );
    expect(attempts).toBe(3);
    expect(visited).toEqual(['Work', 'Caught']);
    expect(output).toEqual({ a: 1, error: { Error: 'UnavailableError', Cause: 'down' } });
  });

  test('reports every step of every branch before the state that joins them', async () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } });
    const { steps } = await run({
      Both: { Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true },
    });
    const names = steps.map((step) => ('state' in step ? `${step.kind} ${step.state.name}` : step.kind));
    expect(names.slice(0, 2)).toEqual(['entered Both', 'fanned-out Both']);
    expect(names.slice(2, 6).toSorted()).toEqual(['entered A', 'entered B', 'exited A', 'exited B']);
    expect(names.slice(6)).toEqual(['joined Both', 'exited Both']);
  });

  test('maps over a path, with a selector that sees the item and its index', async () => {
    const { output } = await run(
      {
        Each: {
          Type: 'Map',
          ItemsPath: '$.list',
          ItemSelector: { 'item.$': '$$.Map.Item.Value', 'index.$': '$$.Map.Item.Index', 'all.$': '$.name' },
          ItemProcessor: { StartAt: 'One', States: { One: { Type: 'Task', Resource: lambda, End: true } } },
          MaxConcurrency: 1,
          End: true,
        },
      },
      { input: { list: ['x', 'y'], name: 'n' } },
    );
    expect(output).toEqual([
      { item: 'x', index: 0, all: 'n' },
      { item: 'y', index: 1, all: 'n' },
    ]);
  });

  test('stops the other branches when one fails, and the state catches the error of the one', async () => {
    const task = (name: string) => ({
      StartAt: name,
      States: { [name]: { Type: 'Task', Resource: lambda, End: true } },
    });
    const { steps, output } = await run(
      {
        Both: {
          Type: 'Parallel',
          Branches: [task('Fails'), task('Hangs')],
          Catch: [{ ErrorEquals: ['Broken'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', End: true },
      },
      {
        runTask: ({ state }) =>
          state.name === 'Fails' ? Promise.reject(named('Broken', 'it broke')) : new Promise(() => undefined),
      },
    );
    expect(output).toEqual({ Error: 'Broken', Cause: 'it broke' });
    expect(steps.some((step) => step.kind === 'aborted' && step.state.name === 'Hangs')).toBe(true);
  });

  test('ends at once when it is stopped, and says which state will not end', async () => {
    const controller = new AbortController();
    const steps: Step[] = [];
    const stopped = interpret(
      readDefinition({ StartAt: 'Long', States: { Long: { Type: 'Wait', Seconds: 3600, End: true } } }),
      {},
      {
        context: { Execution: {}, StateMachine: {} },
        runTask: () => Promise.resolve(null),
        onStep: (step) => {
          steps.push(step);
          if (step.kind === 'entered') controller.abort();
        },
        signal: controller.signal,
      },
    );
    await expect(stopped).rejects.toMatchObject({ name: 'MachineAbortedError' });
    expect(steps.map(({ kind }) => kind)).toEqual(['entered', 'aborted']);
  });

  test('takes "$" as the whole, for a result and for what was caught', async () => {
    const work = { Type: 'Task', Resource: lambda, ResultPath: '$', Next: 'Fails' };
    const { output } = await run(
      {
        Work: work,
        Fails: {
          Type: 'Task',
          Resource: lambda,
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$', Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', End: true },
      },
      {
        input: { a: 1 },
        runTask: ({ state, input }) => {
          if (state.name === 'Work') return Promise.resolve({ b: 2 });
          expect(input).toEqual({ b: 2 });
          return Promise.reject(named('Broken', 'it broke'));
        },
      },
    );
    expect(output).toEqual({ Error: 'Broken', Cause: 'it broke' });
  });

  test('fails at a result that is larger than AWS would carry, and nothing catches that', async () => {
    const states = {
      Work: {
        Type: 'Task',
        Resource: lambda,
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
        End: true,
      },
      Caught: { Type: 'Succeed' },
    };
    const runTask = () => Promise.resolve('x'.repeat(262_144));
    await expect(run(states, { runTask })).rejects.toMatchObject({ name: 'States.DataLimitExceeded' });
  });

  test('tells a state how often it has been retried', async () => {
    const seen: Json[] = [];
    await run(
      {
        Work: {
          Type: 'Task',
          Resource: lambda,
          Parameters: { 'count.$': '$$.State.RetryCount', 'name.$': '$$.State.Name' },
          Retry: [{ ErrorEquals: ['States.ALL'] }],
          End: true,
        },
      },
      {
        runTask: ({ input }) => {
          seen.push(input);
          return seen.length < 3 ? Promise.reject(named('Broken', '')) : Promise.resolve(null);
        },
      },
    );
    expect(seen).toEqual([0, 1, 2].map((count) => ({ count, name: 'Work' })));
  });

  test('refuses what it would not run as AWS does', () => {
    const jsonata = { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Succeed' } } };
    expect(() => readDefinition(jsonata)).toThrow(/JSONata/);
    expect(() => readDefinition({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'Nowhere' } } })).toThrow(
      /invalid/,
    );
  });
});
