import { AwsError } from '../service.ts';
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

/** Who acts, by the service in the acting resource's ARN. */
const principals = new Map([
  ['ec2', 'vpce.amazonaws.com'],
  ['events', 'events.amazonaws.com'],
  ['execute-api', 'apigateway.amazonaws.com'],
  ['lambda', 'lambda.amazonaws.com'],
  ['scheduler', 'scheduler.amazonaws.com'],
  ['sns', 'sns.amazonaws.com'],
  ['states', 'states.amazonaws.com'],
]);

/** How each service's request names what it is about. */
const inputNames = new Map([
  ['lambda', 'FunctionName'],
  ['states', 'stateMachineArn'],
  ['sqs', 'QueueArn'],
]);

export function createPermissions(iam: Iam, policies: ResourcePolicies): Permissions {
  const asRole = (roleArn: string, { action, targetArn }: Act): string | undefined => {
    const [scope = '', operation = ''] = action.split(':');
    const input = { [inputNames.get(scope) ?? '']: targetArn };
    try {
      iam.authorize({ accessKeyId: iam.accessKeyOf(roleArn), scope, operation, input });
      return undefined;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return error.message;
    }
  };
  return {
    refusal: (act) => {
      const { action, targetArn, from, roleArn } = act;
      const [, , service = '', , accountId = ''] = from.split(':');
      const principal = principals.get(service) ?? '';
      const context = new Map([
        ['aws:sourcearn', [sourceOf(from)]],
        ['aws:sourceaccount', [accountId]],
      ]);
      if (roleArn !== undefined) {
        return iam.mayAssume(roleArn, principal, context)
          ? asRole(roleArn, act)
          : `${principal} may not take on ${roleArn} for ${from}: the role's trust policy does not allow it.`;
      }
      return policies.permits({ principal, action, resourceArn: targetArn, context })
        ? undefined
        : `${from} may not ${action} on ${targetArn}: it has no role, and no policy of the target allows it.`;
    },
  };
}

/**
 * The ARN that a service gives as the source: for a schedule, its group.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
function sourceOf(arn: string): string {
  return arn.replace(/:schedule\/([^/]+)\/.+$/, ':schedule-group/$1');
}
