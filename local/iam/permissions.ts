import { AwsError } from '../aws/service.ts';
import type { Iam } from './iam.ts';
import type { ResourcePolicies } from './resource-policies.ts';

/** One part of AWS doing something to another one's resource. */
interface Act {
  /** For instance `lambda:InvokeFunction`. */
  action: string;
  targetArn: string;
  /** ARN of the rule, schedule, topic or API that acts. */
  from: string;
  /** The role that it takes on; without one the target's own policy decides. */
  roleArn: string | undefined;
}

/** Judges what the parts of AWS do to each other on the template's behalf, as a deployment would. */
export interface Permissions {
  /** Why it may not, and what to add to the template; undefined when it may. */
  refusal: (act: Act) => string | undefined;
}

/** Services that act in their own name, by the service in their resources' ARNs. */
const principals = new Map([
  ['events', 'events.amazonaws.com'],
  ['sns', 'sns.amazonaws.com'],
  ['execute-api', 'apigateway.amazonaws.com'],
]);

/** How each service's request names what it is about. */
const inputNames = new Map([
  ['lambda', 'FunctionName'],
  ['states', 'stateMachineArn'],
  ['sqs', 'QueueArn'],
]);

export function createPermissions(iam: Iam, policies: ResourcePolicies): Permissions {
  return {
    refusal: ({ action, targetArn, from, roleArn }) => {
      const [scope = '', operation = ''] = action.split(':');
      if (roleArn !== undefined) {
        const input = { [inputNames.get(scope) ?? '']: targetArn };
        try {
          iam.authorize({ accessKeyId: iam.accessKeyOf(roleArn), scope, operation, input });
          return undefined;
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          return error.message;
        }
      }
      const principal = principals.get(from.split(':')[2] ?? '');
      const permitted =
        principal !== undefined &&
        policies.permits({ principal, action, resourceArn: targetArn, sourceArn: from });
      return permitted
        ? undefined
        : `${from} may not ${action} on ${targetArn}: it has no role, and no policy of the target allows it.`;
    },
  };
}
