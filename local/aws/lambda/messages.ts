import type { Json } from '../../json.ts';
import type { Names } from './names.ts';

/** What an execution environment is told when it is made. */
export interface EnvironmentData {
  /** File URL of the bundle. */
  bundle: string;
  /** Name of the bundle's export. */
  exportName: string;
  functionName: string;
  functionArn: string;
  memoryMb: number;
  logGroup: string;
  logStream: string;
}

/** To the environment: handle this event. */
export interface Invoke {
  requestId: string;
  event: Json;
  timeoutMs: number;
  /** What the private zone of the function's VPC holds at this moment. */
  names: Names;
  /** By how many milliseconds the function sees time ahead. */
  timeShiftMs: number;
}

/** A function's error as Lambda answers it: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
export interface FunctionError {
  errorType: string;
  errorMessage: string;
  trace: string[];
}

/** From the environment. The payload is JSON text, as it would be on the wire. */
export type Answer =
  | { kind: 'ready' }
  | { kind: 'init-failed'; error: FunctionError }
  | { kind: 'result'; requestId: string; payload: string }
  | { kind: 'error'; requestId: string; error: FunctionError };
