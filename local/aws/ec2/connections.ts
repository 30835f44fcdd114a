import type { Operation } from '../service.ts';
import { endpointNotFound, writeDnsEntries } from './endpoints.ts';
import { applyFilters } from './filters.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ConnectionState, Endpoint } from './model.ts';
import { describeParameters, ec2Operation, ec2Page } from './operation.ts';
import { findService, tagsOf, writeTags, type Ec2State } from './state.ts';

/** The provider's side: DescribeVpcEndpointConnections, Accept and RejectVpcEndpointConnections. */
export function connectionOperations(state: Ec2State, lifecycle: Lifecycle): Record<string, Operation> {
  return {
    DescribeVpcEndpointConnections: ec2Operation({
      optional: describeParameters,
      run: (input, { caller }) => {
        const own = [...state.endpoints.values()].filter(
          ({ serviceId }) => state.services.get(serviceId)?.owner === caller.accountId,
        );
        const found = applyFilters(
          own,
          input,
          {
            'service-id': ({ serviceId }) => [serviceId],
            'vpc-endpoint-id': ({ id }) => [id],
            'vpc-endpoint-owner': ({ owner }) => [owner],
            'vpc-endpoint-region': ({ region }) =>
              region === state.region ? [region] : [region, 'cross-region'],
            'vpc-endpoint-state': (endpoint) => [endpoint.state],
            'ip-address-type': ({ ipAddressType }) => [ipAddressType],
          },
          ({ connectionId }) => tagsOf(state, connectionId),
        );
        const { items, nextToken } = ec2Page(found, ({ id }) => id, input);
        return {
          vpcEndpointConnectionSet: items.map((endpoint) => writeConnection(state, endpoint)),
          nextToken,
        };
      },
    }),

    AcceptVpcEndpointConnections: decide(state, ['pendingAcceptance'], lifecycle.accept),

    RejectVpcEndpointConnections: decide(
      state,
      ['pendingAcceptance', 'pending', 'available'],
      lifecycle.reject,
    ),
  };
}

/**
 * Decides about each endpoint by itself: what cannot be decided is listed as unsuccessful and the rest is done.
 * Which code AWS gives for an endpoint in another state is not documented.
 */
function decide(
  state: Ec2State,
  decidable: readonly ConnectionState[],
  act: (endpoint: Endpoint) => void,
): Operation {
  return ec2Operation({
    required: ['ServiceId', 'VpcEndpointId'],
    run: (input, { caller }) => {
      const service = findService(state, input.string('ServiceId'), caller.accountId);
      const unsuccessful = input.strings('VpcEndpointId').flatMap((id) => {
        const endpoint = state.endpoints.get(id);
        if (endpoint?.serviceId !== service.id) {
          const { code, message } = endpointNotFound(id);
          return [{ resourceId: id, error: { code, message } }];
        }
        if (!decidable.includes(endpoint.state)) {
          const message = `The VPC endpoint ${id} is in the state ${endpoint.state}`;
          return [{ resourceId: id, error: { code: 'InvalidState', message } }];
        }
        act(endpoint);
        return [];
      });
      return { unsuccessful };
    },
  });
}

function writeConnection(state: Ec2State, endpoint: Endpoint): unknown {
  return {
    serviceId: endpoint.serviceId,
    vpcEndpointId: endpoint.id,
    vpcEndpointOwner: endpoint.owner,
    vpcEndpointState: endpoint.state,
    creationTimestamp: endpoint.createdAt,
    dnsEntrySet: writeDnsEntries(endpoint),
    networkLoadBalancerArnSet: state.services.get(endpoint.serviceId)?.networkLoadBalancerArns ?? [],
    ipAddressType: endpoint.ipAddressType,
    vpcEndpointConnectionId: endpoint.connectionId,
    tagSet: writeTags(state, endpoint.connectionId),
    vpcEndpointRegion: endpoint.region,
  };
}
