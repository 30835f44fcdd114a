import { randomUUID } from 'node:crypto';
import { PermanentDeliveryError, type Deliver, type DeliveryCause } from './aws/events/delivery.ts';
import type { Permissions } from './aws/iam/permissions.ts';
import type { LambdaHost } from './aws/lambda/lambda-host.ts';
import type { Sqs } from './aws/sqs/sqs.ts';
import { StepFunctionsError } from './aws/step-functions/execution.ts';
import type { StepFunctions } from './aws/step-functions/step-functions.ts';

interface Targets {
  lambda: LambdaHost;
  stepFunctions: StepFunctions;
  sqs: Sqs;
  permissions: Permissions;
}

/** Brings events of buses, schedules and topics to their targets, by the kind that the ARN tells. */
export function createDeliver({ lambda, stepFunctions, sqs, permissions }: Targets): Deliver {
  const demand = (action: string, targetArn: string, { from, roleArn }: DeliveryCause): void => {
    const refusal = permissions.refusal({ action, targetArn, from, roleArn });
    if (refusal !== undefined) throw new PermanentDeliveryError(refusal);
  };
  return (targetArn, payload, cause) => {
    const service = targetArn.split(':')[2];
    if (service === 'lambda' && lambda.find(targetArn) !== undefined) {
      demand('lambda:InvokeFunction', targetArn, cause);
      lambda.invokeAsync(targetArn, payload);
    } else if (service === 'states') {
      demand('states:StartExecution', targetArn, cause);
      try {
        const name = `${cause.id}_${randomUUID()}`;
        stepFunctions.start(targetArn, payload, { name, startedBy: cause.from });
      } catch (error) {
        if (!(error instanceof StepFunctionsError)) throw error;
        throw new PermanentDeliveryError(error.message);
      }
    } else if (service === 'sqs' && sqs.has(targetArn)) {
      demand('sqs:SendMessage', targetArn, cause);
      sqs.send(targetArn, typeof payload === 'string' ? payload : JSON.stringify(payload));
    } else {
      throw new PermanentDeliveryError(`There is nothing at ${targetArn}.`);
    }
  };
}
