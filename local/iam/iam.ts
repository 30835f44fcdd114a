import { createHash } from 'node:crypto';
import { AwsError } from '../aws/service.ts';
import { isJsonObject, toJson, type Json } from '../json.ts';
import type { ResourceHandlers } from '../template/resource-handler.ts';
import { patterns, type Patterns } from './patterns.ts';
import { resourcesOf } from './requested-resources.ts';

/** A request as far as permissions are concerned. */
export interface PermissionRequest {
  accessKeyId: string;
  /** The service's name in the credential scope, for instance `elasticloadbalancing`. */
  scope: string;
  operation: string;
  /** Undefined when another server reads the body: then only the action is held against the role. */
  input: Record<string, unknown> | undefined;
}

/**
 * Permissions of the stack's own functions: each may do what its role in the template allows, action by action and,
 * where a request names its resource, resource by resource. Conditions are taken to hold. Callers who use no
 * function's credentials (people, Fivetran, strangers) are their accounts' administrators.
 */
export interface Iam {
  /** The template's `AWS::IAM::Role`, around the handler that names it. */
  resources: (named: ResourceHandlers) => ResourceHandlers;
  /** The access key id of whoever runs as this role. */
  accessKeyOf: (roleArn: string) => string;
  /** @throws AwsError as the service itself denies */
  authorize: (request: PermissionRequest) => void;
}

interface Allowance {
  actions: Patterns;
  resources: Patterns;
}

interface Role {
  arn: string;
  allows: Allowance[];
}

export function createIam(account: { accountId: string; region: string }): Iam {
  const roles = new Map<string, Role>();
  const accessKeyOf = (roleArn: string): string =>
    `ASIA${createHash('sha256').update(roleArn).digest('hex').slice(0, 16).toUpperCase()}`;

  return {
    accessKeyOf,
    resources: ({ 'AWS::IAM::Role': name }) => ({
      'AWS::IAM::Role': async (logicalId, properties) => {
        const role = (await name?.(logicalId, properties)) ?? { ref: logicalId };
        const arn = role.attributes?.Arn ?? role.ref;
        roles.set(accessKeyOf(arn), { arn, allows: allowances(toJson(properties.Policies ?? [])) });
        return role;
      },
    }),
    authorize({ accessKeyId, scope, operation, input }) {
      const role = roles.get(accessKeyId);
      // Nobody is denied the question who they are.
      if (role === undefined || scope === 'sts') return;
      const action = `${scope}:${operation}`;
      const allowances = role.allows.filter(({ actions }) => actions(action));
      const wanted = input === undefined ? [] : resourcesOf(scope, operation, input, account);
      const denied = wanted.find((resource) => !allowances.some(({ resources }) => resources(resource)));
      if (denied !== undefined || allowances.length === 0) {
        throw denial(scope, role.arn, action, denied ?? wanted[0] ?? '*');
      }
    },
  };
}

function allowances(policies: Json): Allowance[] {
  return list(policies).flatMap((policy) => {
    const document = isJsonObject(policy) ? policy.PolicyDocument : undefined;
    const statements = isJsonObject(document) ? list(document.Statement ?? []) : [];
    return statements.flatMap((statement) =>
      isJsonObject(statement) && statement.Effect === 'Allow'
        ? [{ actions: patterns(statement.Action), resources: patterns(statement.Resource) }]
        : [],
    );
  });
}

const list = (value: Json): Json[] => (Array.isArray(value) ? value : [value]);

/** Each service says no in its own words. */
function denial(scope: string, roleArn: string, action: string, resource: string): AwsError {
  const message = `User: ${roleArn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  if (scope === 'ec2') return new AwsError('UnauthorizedOperation', message, 403);
  if (scope === 'elasticloadbalancing' || scope === 'sns') return new AwsError('AccessDenied', message, 403);
  return new AwsError('AccessDeniedException', message, 400);
}
