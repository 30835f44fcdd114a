import { createHash } from 'node:crypto';
import { AwsError, type PermissionRequest } from '../service.ts';
import { isJsonObject, toJson } from '../../json.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import type { Context } from './conditions.ts';
import { contextOf, type ResourceFacts } from './request-context.ts';
import { resourcesOf } from './requested-resources.ts';
import { readStatements, type Allowance } from './statements.ts';

/**
 * Permissions of the stack's own functions, machines, rules and schedules: each may do what its role in the template
 * allows, action by action, resource by resource, under the statement's conditions. Callers who use no role's
 * credentials (people, Fivetran, strangers) are their accounts' administrators.
 */
export interface Iam {
  /** The template's `AWS::IAM::Role`, around the handler that names it. */
  resources: (named: ResourceHandlers) => ResourceHandlers;
  /** A role with these properties of the template's `AWS::IAM::Role`: what it may, and who may take it on. */
  addRole: (arn: string, properties: Record<string, unknown>) => void;
  /** The access key id of whoever runs as this role. */
  accessKeyOf: (roleArn: string) => string;
  /** Whether a service may take a role on; a role that the template does not have is anybody's. */
  mayAssume: (roleArn: string, service: string, context: Context) => boolean;
  /** @throws AwsError as the service itself denies */
  authorize: (request: PermissionRequest) => void;
}

interface Role {
  arn: string;
  trusts: Allowance[];
  allows: Allowance[];
}

export function createIam(account: { accountId: string; region: string }, facts: ResourceFacts): Iam {
  const roles = new Map<string, Role>();
  const accessKeyOf = (roleArn: string): string =>
    `ASIA${createHash('sha256').update(roleArn).digest('hex').slice(0, 16).toUpperCase()}`;

  const addRole: Iam['addRole'] = (arn, properties) => {
    const policies = [toJson(properties.Policies ?? [])].flat();
    roles.set(accessKeyOf(arn), {
      arn,
      trusts: readStatements(toJson(properties.AssumeRolePolicyDocument)),
      allows: policies.flatMap((policy) =>
        isJsonObject(policy) ? readStatements(policy.PolicyDocument) : [],
      ),
    });
  };

  return {
    addRole,
    accessKeyOf,
    resources: ({ 'AWS::IAM::Role': name }) => ({
      'AWS::IAM::Role': async (logicalId, properties) => {
        const role = (await name?.(logicalId, properties)) ?? { ref: logicalId };
        addRole(role.attributes?.Arn ?? role.ref, properties);
        return role;
      },
    }),
    mayAssume: (roleArn, service, context) =>
      roles
        .get(accessKeyOf(roleArn))
        ?.trusts.some(({ principals, holds }) => principals.includes(service) && holds(context)) ?? true,
    authorize({ accessKeyId, scope, operation, input }) {
      const role = roles.get(accessKeyId);
      // Nobody is denied the question who they are.
      if (role === undefined || scope === 'sts') return;
      const action = actionOf(scope, operation);
      const allowances = role.allows.filter(({ actions }) => actions(action));
      for (const resource of resourcesOf(scope, operation, input, account)) {
        const context = contextOf(input, resource, facts);
        const named = allowances.filter(({ resources }) => resources(resource));
        if (named.some(({ holds }) => holds(context))) continue;
        const reason =
          named.length === 0
            ? `no identity-based policy allows the ${action} action`
            : `the conditions of the policy that allows the ${action} action do not hold`;
        throw denial(
          scope,
          `User: ${role.arn} is not authorized to perform: ${action} on resource: ${resource} because ${reason}`,
        );
      }
    },
  };
}

/** The action that an operation needs: it has the operation's name, with one exception among those served here. */
function actionOf(scope: string, operation: string): string {
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
  return scope === 'lambda' && operation === 'Invoke' ? 'lambda:InvokeFunction' : `${scope}:${operation}`;
}

/** Each service says no in its own words. */
function denial(scope: string, message: string): AwsError {
  if (scope === 'ec2') return new AwsError('UnauthorizedOperation', message, 403);
  if (scope === 'elasticloadbalancing' || scope === 'sns') return new AwsError('AccessDenied', message, 403);
  return new AwsError('AccessDeniedException', message, 400);
}
