import { randomUUID } from 'node:crypto';
import { PermanentDeliveryError, type Deliver } from './events/delivery.ts';
import type { LambdaHost } from './lambda/lambda-host.ts';
import type { Sqs } from './sqs/sqs.ts';
import { StepFunctionsError } from './step-functions/execution.ts';
import type { StepFunctions } from './step-functions/step-functions.ts';

interface Targets {
  lambda: LambdaHost;
  stepFunctions: StepFunctions;
  sqs: Sqs;
}

/** Brings events of buses, schedules and topics to their targets, by the kind that the ARN tells. */
export function createDeliver({ lambda, stepFunctions, sqs }: Targets): Deliver {
  return (targetArn, payload, { id, from }) => {
    const service = targetArn.split(':')[2];
    if (service === 'lambda' && lambda.find(targetArn) !== undefined) {
      lambda.invokeAsync(targetArn, payload);
    } else if (service === 'states') {
      try {
        stepFunctions.start(targetArn, payload, { name: `${id}_${randomUUID()}`, startedBy: from });
      } catch (error) {
        if (!(error instanceof StepFunctionsError)) throw error;
        throw new PermanentDeliveryError(error.message);
      }
    } else if (service === 'sqs' && sqs.has(targetArn)) {
      sqs.send(targetArn, typeof payload === 'string' ? payload : JSON.stringify(payload));
    } else {
      throw new PermanentDeliveryError(`There is nothing at ${targetArn}.`);
    }
  };
}
