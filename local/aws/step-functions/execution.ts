import type { JsonObject } from '../../json.ts';
import type { Definition } from './definition.ts';
import type { HistoryEvent } from './history.ts';

/** A state machine as the template describes it. */
export interface Machine {
  name: string;
  arn: string;
  /** The name under which people know it: `accept-endpoint`. */
  shortName: string;
  roleArn: string;
  /** As it was given, in the States Language. */
  definitionText: string;
  definition: Definition;
  createdAt: Date;
  logging: JsonObject | undefined;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** One run of a machine. */
export interface Execution {
  arn: string;
  name: string;
  machine: Machine;
  status: ExecutionStatus;
  startedAt: Date;
  endedAt: Date | undefined;
  /** JSON text, as it was given. */
  input: string;
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  history: HistoryEvent[];
}

/** Why a request about machines or executions is refused: a code of the Step Functions API. */
export class StepFunctionsError extends Error {
  override readonly name = 'StepFunctionsError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
