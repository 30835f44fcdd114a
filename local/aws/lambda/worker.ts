import { parentPort, workerData } from 'node:worker_threads';
import { toJson } from '../../json.ts';
import { installClock } from './clock.ts';
import type { Answer, EnvironmentData, FunctionError, Invoke } from './messages.ts';
import { installNames, type Names } from './names.ts';

// One execution environment of a function: runs in a worker thread, imports the bundle once, handles one event at a time.
const data = workerData as EnvironmentData;
const port = parentPort;
if (port === null) throw new Error('The Lambda environment runs in a worker thread only.');

/** In bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const largestResponse = 6_291_556;

type Handler = (event: unknown, context: object) => unknown;

const answer = (message: Answer): void => port.postMessage(message);

function toFunctionError(error: unknown): FunctionError {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n').map((line) => line.trim()),
  };
}

async function loadHandler(): Promise<Handler> {
  const module: unknown = await import(data.bundle);
  const found: unknown =
    typeof module === 'object' && module !== null ? Reflect.get(module, data.exportName) : undefined;
  if (typeof found !== 'function') {
    const error = new Error(`${data.exportName} is undefined or not exported`);
    throw Object.assign(error, { name: 'Runtime.HandlerNotFound' });
  }
  return (event, context) => {
    const result: unknown = Reflect.apply(found, undefined, [event, context]);
    return result;
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextOf({ requestId, timeoutMs }: Invoke): object {
  const deadline = performance.now() + timeoutMs;
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: data.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: data.functionArn,
    memoryLimitInMB: String(data.memoryMb),
    logGroupName: data.logGroup,
    logStreamName: data.logStream,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  };
}

async function handle(handler: Handler, invoke: Invoke): Promise<void> {
  const { requestId } = invoke;
  try {
    const payload = JSON.stringify(toJson(await handler(invoke.event, contextOf(invoke))));
    if (Buffer.byteLength(payload) > largestResponse) {
      const errorMessage = `Response payload size exceeded maximum allowed payload size (${largestResponse} bytes).`;
      answer({
        kind: 'error',
        requestId,
        error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage, trace: [] },
      });
      return;
    }
    answer({ kind: 'result', requestId, payload });
  } catch (error) {
    answer({ kind: 'error', requestId, error: toFunctionError(error) });
  }
}

let names: Names = {};
let timeShiftMs = 0;
installNames(() => names);
installClock(() => timeShiftMs);
try {
  const handler = await loadHandler();
  port.on('message', (invoke: Invoke) => {
    ({ names, timeShiftMs } = invoke);
    void handle(handler, invoke);
  });
  answer({ kind: 'ready' });
} catch (error) {
  answer({ kind: 'init-failed', error: toFunctionError(error) });
}
