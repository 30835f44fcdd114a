import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { functionNames } from '../scripts/build.ts';
import { settings } from '../shared/config.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Reads YAML with CloudFormation's short tags; their content is kept as it stands. */
const readYaml = (file: string): Record<string, unknown> =>
  parse(read(file), {
    customTags: ['Ref', 'GetAtt', 'Sub', 'Join', 'Select', 'If', 'Split', 'Equals', 'Not'].flatMap((name) => [
      { tag: `!${name}`, resolve: (text: string) => text },
      { tag: `!${name}`, collection: 'seq' as const },
    ]),
  }) as Record<string, unknown>;

const camelCase = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
const pascalCase = (name: string): string => camelCase(`-${name}`);

interface State {
  Type: string;
  Catch?: unknown;
  Resource?: string;
  States?: Record<string, State>;
  Branches?: { States: Record<string, State> }[];
  Iterator?: { States: Record<string, State> };
  ItemProcessor?: { States: Record<string, State> };
}

/** Every state, nested ones too; `caught` when a Parallel or Map around it catches what it throws. */
function* everyState(
  states: Record<string, State>,
  caught = false,
): Generator<[name: string, state: State, caught: boolean]> {
  for (const [name, state] of Object.entries(states)) {
    yield [name, state, caught];
    const inside = caught || state.Catch !== undefined;
    for (const branch of state.Branches ?? []) yield* everyState(branch.States, inside);
    for (const inner of [state.Iterator, state.ItemProcessor])
      if (inner) yield* everyState(inner.States, inside);
  }
}

const imports = new Map<string, string[]>();

/** What a file imports of ours, types included. */
function importsOf(file: string): string[] {
  const known = imports.get(file);
  if (known !== undefined) return known;
  const found = [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, imported = '']) =>
    path.resolve(path.dirname(file), imported),
  );
  imports.set(file, found);
  return found;
}

/** A file and all files of ours that it imports, near and far. */
function withImports(file: string): Set<string> {
  const seen = new Set([file]);
  for (const each of seen) for (const imported of importsOf(each)) seen.add(imported);
  return seen;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const setByLambda = new Set(['AWS_REGION']);

const machineFiles = readdirSync(path.join(root, 'state-machines')).filter((file) =>
  file.endsWith('.asl.yml'),
);

it('no file is among what it imports, near or far, not even by a type', () => {
  const sources = globSync('{cli,functions,shared,state-machines,local,scripts,tests}/**/*.ts', {
    cwd: root,
  });
  const circles = sources.flatMap((source) => {
    const file = path.join(root, source);
    const back = importsOf(file).filter((imported) => withImports(imported).has(file));
    return back.map((imported) => `${source} -> ${path.relative(root, imported)}`);
  });
  expect(sources.length).toBeGreaterThan(500);
  expect(circles).toEqual([]);
});

describe('one name, three spellings', () => {
  const listed = Object.entries(readYaml('serverless.yml').functions as Record<string, string>);

  it('lists every folder of functions/ in serverless.yml under its camel-case name', () => {
    expect(Object.fromEntries(listed)).toEqual(
      Object.fromEntries(
        functionNames().map((name) => [camelCase(name), `\${file(functions/${name}/function.yml)}`]),
      ),
    );
  });

  it.each(functionNames())('gives %s its handler, logic, test and grants', (name) => {
    const files = readdirSync(path.join(root, 'functions', name));
    expect(
      files.some((file) => file.endsWith('.test.ts')),
      `a test in functions/${name}`,
    ).toBe(true);
    for (const file of ['handler.ts', `${name}.ts`, 'function.yml']) {
      expect(existsSync(path.join(root, 'functions', name, file)), `functions/${name}/${file}`).toBe(true);
    }
  });

  it.each(machineFiles)('begins each Lambda state of %s with its function', (file) => {
    const definition = readYaml(`state-machines/${file}`) as unknown as { States: Record<string, State> };
    const lambdaStates = [...everyState(definition.States)].flatMap(([name, { Type, Resource }]) =>
      Type === 'Task' && Resource !== undefined && !Resource.startsWith('arn:')
        ? [[name, Resource] as const]
        : [],
    );
    expect(lambdaStates.length).toBeGreaterThan(0);
    for (const [name, resource] of lambdaStates) {
      const key = resource.replace(/\.Arn$/, '');
      expect(functionNames().map(camelCase), `${name} calls ${resource}`).toContain(key);
      expect(
        name.startsWith(pascalCase(key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))),
        name,
      ).toBe(true);
    }
  });
});

describe('settings', () => {
  it.each(functionNames())('gives %s every setting that its handler reads', (name) => {
    const code = [...withImports(path.join(root, 'functions', name, 'handler.ts'))]
      .filter((file) => file !== path.join(root, 'shared/config.ts'))
      .map((file) => readFileSync(file, 'utf8'))
      .filter((text) => /import .*\bloadConfig\b/.test(text));
    // Settings that are asked for in another way would pass unchecked.
    const lists = code.flatMap((text) => {
      const inFile = [...text.matchAll(/loadConfig\(\[([^\]]*)\]/g)].map(([, list]) => list);
      expect(inFile).toHaveLength(text.match(/(?<!import .*)\bloadConfig\b/g)?.length ?? 0);
      return inFile;
    });
    const given = Object.keys(readYaml(`functions/${name}/function.yml`).environment ?? {});
    const needed = [...lists.join().matchAll(/'(\w+)'/g)].flatMap(([, setting]) => {
      const known: { variable: string; fallback?: string } = settings[setting as keyof typeof settings];
      return known.fallback === undefined && !setByLambda.has(known.variable) ? [known.variable] : [];
    });
    expect(needed.filter((variable) => !given.includes(variable))).toEqual([]);
  });
});

describe('state machines', () => {
  const states = machineFiles.flatMap((file) => {
    const definition = readYaml(`state-machines/${file}`) as unknown as { States: Record<string, State> };
    return [...everyState(definition.States)].map(
      ([name, state, caught]) =>
        [`${file} ${name}`, state as State & Record<string, unknown>, caught] as const,
    );
  });
  const tasks = states.filter(([, { Type }]) => Type === 'Task');

  it.each(tasks)('%s has a timeout, retries, and a catch of its own or around it', (_, state, caught) => {
    expect(state).toMatchObject({ TimeoutSeconds: expect.any(Number) as number });
    expect(caught || state.Catch !== undefined).toBe(true);
    // Waiting for a child is not repeated: the child has its own retries, and a second one would double it.
    if (state.Resource?.includes('.sync') === true) return;
    const retries = state.Retry as { MaxAttempts?: number }[] | undefined;
    expect(retries?.length).toBeGreaterThan(0);
    for (const retry of (retries ?? []).filter(({ MaxAttempts }) => MaxAttempts !== 0)) {
      expect(retry).toMatchObject({ MaxDelaySeconds: expect.any(Number) as number, JitterStrategy: 'FULL' });
    }
  });

  // Otherwise the machine calls a step failed that then succeeds. Evidence is worth only so much waiting.
  const lambdaTasks = tasks.filter(
    ([name, { Resource }]) => Resource?.startsWith('arn:') === false && !name.endsWith('Evidence'),
  );

  // The one place that says what is tried again; in the machines it is written once each and referred to.
  // https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
  const again = { IntervalSeconds: 2, BackoffRate: 2, MaxDelaySeconds: 60, JitterStrategy: 'FULL' };
  const retries = [
    {
      ...again,
      ErrorEquals: [
        'Lambda.ClientExecutionTimeoutException',
        'Lambda.ServiceException',
        'Lambda.AWSLambdaException',
        'Lambda.SdkClientException',
        'Lambda.TooManyRequestsException',
        'UnavailableError',
      ],
      MaxAttempts: 6,
    },
    { ...again, ErrorEquals: ['Sandbox.Timedout', 'Lambda.Unknown'], MaxAttempts: 1 },
  ];

  it.each(lambdaTasks)(
    '%s tries again what waiting may mend, and once more after a time limit',
    (_, state) => {
      expect(state.Retry).toEqual(retries);
    },
  );

  it.each(lambdaTasks)('%s waits as long as its function may take', (_, state) => {
    const key = String(state.Resource).replace(/\.Arn$/, '');
    const name = functionNames().find((each) => camelCase(each) === key) ?? '';
    const { timeout } = readYaml(`functions/${name}/function.yml`) as { timeout: number };
    expect(state.TimeoutSeconds).toBeGreaterThanOrEqual(timeout);
  });
});
