import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Json } from '../../json.ts';
import type { Observer } from '../../observer.ts';
import { bundlePath, lambdaVariables, type FunctionConfiguration } from './function-configuration.ts';
import { startEnvironment, type Environment, type Outcome } from './environment.ts';
import type { FunctionError } from './messages.ts';

/** What happens when an asynchronous invocation fails for good. */
interface AsyncConfiguration {
  maximumRetryAttempts: number;
  /** ARN of the queue that gets the record of the failure. */
  onFailure: string | undefined;
}

export interface LambdaHostOptions {
  accountId: string;
  region: string;
  /** The project's folder, in which the handlers' paths are. */
  root: string;
  observer: Observer;
  /** Added to every function's environment, on top of what the template and Lambda itself set. */
  variables: (configuration: FunctionConfiguration) => Record<string, string>;
  /** Delivers the record of a failed asynchronous invocation to a queue. */
  sendToQueue: (queueArn: string, body: string) => void;
  /** Waits before the second and the third try of an asynchronous invocation; a minute and two on AWS. */
  retryDelaysMs?: readonly number[];
  /** Execution environments of one function at once; more invocations wait for one. */
  maxEnvironments?: number;
}

/** One invocation that ended. */
type Invocation = Outcome & { requestId: string };

/** Runs the bundles of `.build/` as Lambda would. */
export interface LambdaHost {
  register: (configuration: FunctionConfiguration) => void;
  configureAsync: (functionName: string, configuration: AsyncConfiguration) => void;
  functions: () => FunctionConfiguration[];
  /** By name, ARN, or ARN with a qualifier. */
  find: (nameOrArn: string) => FunctionConfiguration | undefined;
  /** Answers with the payload or the function's error. @throws UnknownFunctionError */
  invoke: (nameOrArn: string, event: Json) => Promise<Invocation>;
  /** Accepts the event; tries up to three times and sends the record of a failure on. @returns the request's id */
  invokeAsync: (nameOrArn: string, event: Json) => string;
  /**
   * Lets a name lead to these addresses in the functions, from the next invocation on, as the private zone of their
   * VPC would; none: the name does not exist.
   */
  setAddresses: (name: string, addresses: readonly string[]) => void;
  /** Lets the functions see time go on by this much more, from the next invocation on. */
  letTimePass: (milliseconds: number) => void;
  /** Resolves when no asynchronous invocation is under way. */
  idle: () => Promise<void>;
  stop: () => Promise<void>;
}

class UnknownFunctionError extends Error {
  override readonly name = 'UnknownFunctionError';
}

/** A function of the template has no bundle. The message says how to build it. */
class MissingBundleError extends Error {
  override readonly name = 'MissingBundleError';
}

interface Pool {
  idle: Environment[];
  busy: number;
  waiting: (() => void)[];
}

/** An idle environment beyond the first ends after this long, so that a burst does not keep its memory. */
const idleMs = 20_000;

export function createLambdaHost(options: LambdaHostOptions): LambdaHost {
  const functions = new Map<string, FunctionConfiguration>();
  const asyncConfigurations = new Map<string, AsyncConfiguration>();
  const pools = new Map<string, Pool>();
  const environments = new Set<Environment>();
  const names = new Map<string, readonly string[]>();
  let timeShiftMs = 0;
  const running = new Set<Promise<void>>();
  const stopped = new AbortController();
  const isStopped = (): boolean => stopped.signal.aborted;
  const { observer, maxEnvironments = 8, retryDelaysMs = [1000, 2000] } = options;

  const find = (nameOrArn: string): FunctionConfiguration | undefined => {
    const [, afterPrefix] = /:function:(.+)$/.exec(nameOrArn) ?? [];
    return functions.get((afterPrefix ?? nameOrArn).split(':')[0] ?? '');
  };
  const need = (nameOrArn: string): FunctionConfiguration => {
    const found = find(nameOrArn);
    if (found === undefined) throw new UnknownFunctionError(`There is no function ${nameOrArn}.`);
    return found;
  };

  const poolOf = (name: string): Pool => {
    const known = pools.get(name);
    if (known !== undefined) return known;
    const pool: Pool = { idle: [], busy: 0, waiting: [] };
    pools.set(name, pool);
    return pool;
  };

  const start = (configuration: FunctionConfiguration): Environment => {
    const logStream = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`;
    const environment = startEnvironment({
      data: {
        bundle: pathToFileURL(bundlePath(options.root, configuration.handler)).href,
        exportName: configuration.handler.split('.').at(-1) ?? 'handler',
        functionName: configuration.name,
        functionArn: configuration.arn,
        memoryMb: configuration.memoryMb,
        logGroup: `/aws/lambda/${configuration.name}`,
        logStream,
      },
      variables: {
        ...lambdaVariables(configuration, options.region, logStream),
        ...configuration.environment,
        ...options.variables(configuration),
      },
      onLine: (line, requestId) => {
        observer.emit({
          kind: 'function-log',
          invocation: { function: configuration.folder, requestId },
          line,
        });
      },
    });
    environments.add(environment);
    return environment;
  };

  const acquire = async (configuration: FunctionConfiguration): Promise<Environment> => {
    const pool = poolOf(configuration.name);
    const bound = configuration.reservedConcurrency ?? maxEnvironments;
    while (pool.busy >= bound) {
      await new Promise<void>((resolve) => pool.waiting.push(resolve));
    }
    pool.busy += 1;
    pool.idle = pool.idle.filter((environment) => environment.alive());
    return pool.idle.pop() ?? start(configuration);
  };

  const release = (configuration: FunctionConfiguration, environment: Environment): void => {
    const pool = poolOf(configuration.name);
    pool.busy -= 1;
    if (environment.alive() && !isStopped()) {
      pool.idle.push(environment);
      if (pool.idle.length > 1) retire(pool, environment);
    } else {
      environments.delete(environment);
    }
    pool.waiting.shift()?.();
  };

  const retire = (pool: Pool, environment: Environment): void => {
    setTimeout(() => {
      const index = pool.idle.indexOf(environment);
      if (index <= 0) return;
      pool.idle.splice(index, 1);
      environments.delete(environment);
      void environment.stop();
    }, idleMs).unref();
  };

  const invokeOnce = async (
    configuration: FunctionConfiguration,
    requestId: string,
    event: Json,
  ): Promise<Outcome> => {
    const invocation = { function: configuration.folder, requestId };
    const environment = await acquire(configuration);
    observer.emit({ kind: 'invocation-started', invocation, input: event });
    const startedAt = performance.now();
    try {
      const outcome = await environment.invoke({
        requestId,
        event,
        timeoutMs: configuration.timeoutSeconds * 1000,
        names: Object.fromEntries(names),
        timeShiftMs,
      });
      observer.emit({
        kind: 'invocation-ended',
        invocation,
        durationMs: performance.now() - startedAt,
        error: 'error' in outcome ? outcome.error : undefined,
      });
      return outcome;
    } finally {
      release(configuration, environment);
    }
  };

  const runAsync = async (
    configuration: FunctionConfiguration,
    requestId: string,
    event: Json,
  ): Promise<void> => {
    const { maximumRetryAttempts, onFailure } = asyncConfigurations.get(configuration.name) ?? {
      maximumRetryAttempts: 2,
      onFailure: undefined,
    };
    for (let attempt = 1; !isStopped(); attempt += 1) {
      const outcome = await invokeOnce(configuration, requestId, event);
      if (!('error' in outcome) || isStopped()) return;
      if (attempt > maximumRetryAttempts) {
        if (onFailure !== undefined) {
          const record = failureRecord(configuration, requestId, event, outcome.error, attempt);
          options.sendToQueue(onFailure, JSON.stringify(record));
        }
        return;
      }
      await pause(retryDelaysMs[attempt - 1] ?? retryDelaysMs.at(-1) ?? 0, stopped.signal);
    }
  };

  return {
    register: (configuration) => {
      const bundle = bundlePath(options.root, configuration.handler);
      if (!existsSync(bundle)) {
        throw new MissingBundleError(
          `The bundle of ${configuration.folder} is not built (${path.relative(options.root, bundle)} is missing): run "npm run package".`,
        );
      }
      functions.set(configuration.name, configuration);
    },
    configureAsync: (functionName, configuration) => {
      asyncConfigurations.set(need(functionName).name, configuration);
    },
    functions: () => [...functions.values()],
    find,
    invoke: async (nameOrArn, event) => {
      const requestId = randomUUID();
      const outcome = await invokeOnce(need(nameOrArn), requestId, event);
      return { ...outcome, requestId };
    },
    invokeAsync: (nameOrArn, event) => {
      const configuration = need(nameOrArn);
      const requestId = randomUUID();
      const run: Promise<void> = runAsync(configuration, requestId, event).finally(() => running.delete(run));
      running.add(run);
      return requestId;
    },
    setAddresses: (name, addresses) => {
      names.set(name, addresses);
    },
    letTimePass: (milliseconds) => {
      timeShiftMs += milliseconds;
    },
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
    },
    stop: async () => {
      stopped.abort();
      await Promise.all([...environments].map((environment) => environment.stop()));
      await Promise.all(running);
      environments.clear();
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function failureRecord(
  { arn }: FunctionConfiguration,
  requestId: string,
  event: Json,
  error: FunctionError,
  attempts: number,
): object {
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId,
      functionArn: `${arn}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: attempts,
    },
    requestPayload: event,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: error,
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
