import { Worker } from 'node:worker_threads';
import type { Json } from '../../json.ts';
import { parseJson } from '../../json.ts';
import type { Answer, EnvironmentData, FunctionError, Invoke } from './messages.ts';

/** What came of one invocation. */
export type Outcome = { payload: Json } | { error: FunctionError };

/** One execution environment: a worker thread that runs the function's bundle, one event at a time. */
export interface Environment {
  /** Whether it can take another event; an environment that timed out or crashed cannot. */
  alive: () => boolean;
  /** Never rejects: what goes wrong is the function's error. */
  invoke: (invoke: Invoke) => Promise<Outcome>;
  stop: () => Promise<void>;
}

export interface EnvironmentOptions {
  data: EnvironmentData;
  /** The whole process.env of the function. */
  variables: Record<string, string>;
  /** Each line that the function writes, with the request it belongs to. */
  onLine: (line: string, requestId: string) => void;
}

/** Starts an environment; its bundle is imported at once, before the first event. */
export function startEnvironment({ data, variables, onLine }: EnvironmentOptions): Environment {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: data,
    env: variables,
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: data.memoryMb },
  });
  const start = Promise.withResolvers<FunctionError | undefined>();
  let waiting: { requestId: string; settle: (outcome: Outcome) => void } | undefined;
  let dead: FunctionError | undefined;
  let lastRequestId = 'init';

  const settle = (outcome: Outcome): void => {
    waiting?.settle(outcome);
    waiting = undefined;
  };
  const die = (error: FunctionError): void => {
    dead ??= error;
    start.resolve(dead);
    settle({ error: dead });
  };
  worker.on('message', (answer: Answer) => {
    if (answer.kind === 'ready') start.resolve(undefined);
    else if (answer.kind === 'init-failed') die(answer.error);
    else if (answer.requestId !== waiting?.requestId) return;
    else if (answer.kind === 'result') settle({ payload: parseJson(answer.payload) });
    else settle({ error: answer.error });
  });
  worker.on('error', (error) => {
    die(crash(error));
  });
  worker.on('exit', (code) => {
    die(exitError(`exit status ${code}`));
  });
  for (const stream of [worker.stdout, worker.stderr]) {
    splitLines(stream, (line) => {
      onLine(line, lastRequestId);
    });
  }

  return {
    alive: () => dead === undefined,
    invoke: async (invoke) => {
      const { requestId, timeoutMs } = invoke;
      lastRequestId = requestId;
      const failedStart = await start.promise;
      if (failedStart !== undefined) return { error: failedStart };
      if (dead !== undefined) return { error: dead };
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      waiting = { requestId, settle: resolve };
      const timer = setTimeout(() => {
        // The handler may be in a busy loop: only ending the thread stops it.
        die(timedOut(requestId, timeoutMs / 1000));
        void worker.terminate();
      }, timeoutMs);
      worker.postMessage(invoke);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
      }
    },
    stop: async () => {
      die(exitError('signal: terminated'));
      await worker.terminate();
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html */
function timedOut(requestId: string, seconds: number): FunctionError {
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
    trace: [],
  };
}

function exitError(how: string): FunctionError {
  return {
    errorType: 'Runtime.ExitError',
    errorMessage: `Error: Runtime exited with error: ${how}`,
    trace: [],
  };
}

function crash(error: unknown): FunctionError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return exitError('signal: killed');
  if (!(error instanceof Error)) return exitError('exit status 1');
  return {
    errorType: 'Runtime.UnhandledPromiseRejection',
    errorMessage: `${error.name}: ${error.message}`,
    trace: (error.stack ?? '').split('\n'),
  };
}

function splitLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer | string) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  });
}
