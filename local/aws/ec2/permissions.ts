import { AwsError, type Caller, type Operation } from '../service.ts';
import { applyFilters } from './filters.ts';
import type { EndpointService } from './model.ts';
import { describeParameters, ec2Operation, ec2Page } from './operation.ts';
import { findService, newId, type Ec2State } from './state.ts';

/** DescribeVpcEndpointServicePermissions and ModifyVpcEndpointServicePermissions. */
export function permissionOperations(state: Ec2State): Record<string, Operation> {
  return {
    DescribeVpcEndpointServicePermissions: ec2Operation({
      required: ['ServiceId'],
      optional: describeParameters,
      run: (input, { caller }) => {
        const service = findService(state, input.string('ServiceId'), caller.accountId);
        const found = applyFilters([...service.principals], input, {
          principal: ([principal]) => [principal],
          'principal-type': ([principal]) => [typeOf(principal)],
        });
        const { items, nextToken } = ec2Page(found, ([principal]) => principal, input);
        return {
          allowedPrincipals: items.map((entry) => ({ ...write(service, entry), tagSet: [] })),
          nextToken,
        };
      },
    }),

    ModifyVpcEndpointServicePermissions: ec2Operation({
      required: ['ServiceId'],
      optional: ['AddAllowedPrincipals', 'RemoveAllowedPrincipals'],
      run: (input, { caller }) => {
        const service = findService(state, input.string('ServiceId'), caller.accountId);
        const added = allowPrincipals(service, input.strings('AddAllowedPrincipals'));
        for (const principal of input.strings('RemoveAllowedPrincipals')) {
          service.principals.delete(principal);
        }
        return { addedPrincipalSet: added.map((entry) => write(service, entry)), return: true };
      },
    }),
  };
}

/**
 * Allows principals on a service and tells which ones are new.
 *
 * @throws AwsError InvalidPrincipal when one is neither `*` nor an ARN without a path
 */
export function allowPrincipals(
  service: EndpointService,
  principals: readonly string[],
): (readonly [string, string])[] {
  for (const principal of principals) {
    if (!/^(\*|arn:[a-z-]+:iam::\d{12}:(root|user\/[^/]+|role\/[^/]+))$/.test(principal)) {
      throw new AwsError('InvalidPrincipal', `Invalid Principal: '${principal}'`);
    }
  }
  const added = principals
    .filter((principal) => !service.principals.has(principal))
    .map((principal) => [principal, newId('vpce-svc-perm')] as const);
  for (const [principal, id] of added) service.principals.set(principal, id);
  return added;
}

/** Whether the caller may ask for a connection. The service's own account always may. */
export function mayConnect(service: EndpointService, caller: Caller): boolean {
  return (
    caller.accountId === service.owner ||
    service.principals.has('*') ||
    service.principals.has(caller.arn) ||
    [...service.principals.keys()].some((principal) => principal.endsWith(`::${caller.accountId}:root`))
  );
}

function typeOf(principal: string): string {
  if (principal === '*') return 'All';
  if (principal.includes(':user/')) return 'User';
  return principal.includes(':role/') ? 'Role' : 'Account';
}

const write = (
  service: EndpointService,
  [principal, id]: readonly [string, string],
): Record<string, unknown> => ({
  principalType: typeOf(principal),
  principal,
  servicePermissionId: id,
  serviceId: service.id,
});
