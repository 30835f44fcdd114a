import type { JsonObject } from '../../json.ts';
import type { ExecutionRef, LocalEvent } from '../../observer.ts';
import type { Execution } from './execution.ts';
import type { Step } from './steps.ts';

/**
 * What Step Functions puts on the account's default bus when an execution's status changes.
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export function statusChange(execution: Execution): { resources: string[]; detail: JsonObject } {
  const { arn, machine, name, status, startedAt, endedAt, input, output, error, cause } = execution;
  const mayBeRedriven = status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED';
  return {
    resources: [arn],
    detail: {
      executionArn: arn,
      stateMachineArn: machine.arn,
      name,
      status,
      startDate: startedAt.getTime(),
      stopDate: endedAt?.getTime() ?? null,
      input,
      output: output ?? null,
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      redriveCount: 0,
      redriveDate: null,
      redriveStatus: mayBeRedriven ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
      redriveStatusReason: null,
      inputDetails: { included: true },
      outputDetails: output === undefined ? null : { included: true },
      error: error ?? null,
      cause: cause ?? null,
    },
  };
}

/** What watchers of the local stack hear of a step; nothing of how lanes fan out and join. */
export function stepEvent(step: Step, execution: ExecutionRef): LocalEvent | undefined {
  switch (step.kind) {
    case 'entered': {
      const { name, type } = step.state;
      return { kind: 'state-entered', execution, state: name, type, input: step.input };
    }
    case 'exited': {
      const { name, type } = step.state;
      return { kind: 'state-exited', execution, state: name, type, output: step.output };
    }
    case 'failed': {
      const { state, error, cause } = step;
      return { kind: 'state-failed', execution, state: state.name, error, cause };
    }
    case 'retried':
      return { kind: 'state-retried', execution, state: step.state.name, attempt: step.attempt };
    default:
      return undefined;
  }
}
