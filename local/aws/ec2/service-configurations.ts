import { AwsError, type Operation } from '../service.ts';
import { applyFilters } from './filters.ts';
import type { EndpointService } from './model.ts';
import { describeParameters, ec2Operation, ec2Page, invalidParameter } from './operation.ts';
import { findService, newId, tagsOf, writeTags, type Ec2State } from './state.ts';
import { readTagSpecifications, setTags } from './tags.ts';

interface NewService {
  owner: string;
  acceptanceRequired: boolean;
  networkLoadBalancerArns: string[];
  supportedIpAddressTypes?: string[];
  supportedRegions?: string[];
  privateDnsName?: string | undefined;
  tags: readonly (readonly [string, string])[];
}

/**
 * Creates an endpoint service.
 *
 * @throws AwsError when a load balancer does not exist or belongs to another service
 */
export function createService(state: Ec2State, wanted: NewService): EndpointService {
  if (wanted.networkLoadBalancerArns.length === 0) {
    throw new AwsError('MissingParameter', 'At least one load balancer ARN must be specified.');
  }
  for (const arn of wanted.networkLoadBalancerArns) requireFreeLoadBalancer(state, arn);
  const id = newId('vpce-svc');
  const regions = new Set([state.region, ...(wanted.supportedRegions ?? [])]);
  const service: EndpointService = {
    id,
    name: `com.amazonaws.vpce.${state.region}.${id}`,
    owner: wanted.owner,
    state: 'Available',
    acceptanceRequired: wanted.acceptanceRequired,
    networkLoadBalancerArns: wanted.networkLoadBalancerArns,
    supportedIpAddressTypes: wanted.supportedIpAddressTypes ?? ['ipv4'],
    supportedRegions: [...regions].map((region) => ({ region, state: 'Available' })),
    privateDnsName: wanted.privateDnsName,
    principals: new Map(),
  };
  state.services.set(id, service);
  setTags(state, id, wanted.tags);
  return service;
}

function requireFreeLoadBalancer(state: Ec2State, arn: string): void {
  if (state.zonesOf(arn) === undefined) {
    throw new AwsError('InvalidLoadBalancerArn.NotFound', `The load balancer ${arn} does not exist`);
  }
  const taken = [...state.services.values()].find((service) => service.networkLoadBalancerArns.includes(arn));
  if (taken !== undefined) {
    throw new AwsError(
      'InvalidParameter',
      `The load balancer ${arn} is already associated with the VPC endpoint service ${taken.id}`,
    );
  }
}

/** Create, Describe, Modify and DeleteVpcEndpointServiceConfigurations. */
export function serviceConfigurationOperations(state: Ec2State): Record<string, Operation> {
  return {
    CreateVpcEndpointServiceConfiguration: ec2Operation({
      optional: [
        'AcceptanceRequired',
        'PrivateDnsName',
        'NetworkLoadBalancerArn',
        'GatewayLoadBalancerArn',
        'SupportedIpAddressType',
        'SupportedRegion',
        'ClientToken',
        'TagSpecification',
      ],
      run: (input, { caller }) => {
        const token = input.optionalString('ClientToken');
        const known =
          token === undefined ? undefined : state.clientTokens.get(`${caller.accountId} ${token}`);
        const types = input.strings('SupportedIpAddressType');
        const service =
          state.services.get(known ?? '') ??
          createService(state, {
            owner: caller.accountId,
            acceptanceRequired: input.boolean('AcceptanceRequired') ?? true,
            networkLoadBalancerArns: input.strings('NetworkLoadBalancerArn'),
            ...(types.length === 0 ? {} : { supportedIpAddressTypes: types }),
            supportedRegions: input.strings('SupportedRegion'),
            privateDnsName: input.optionalString('PrivateDnsName'),
            tags: readTagSpecifications(input, 'vpc-endpoint-service'),
          });
        if (token !== undefined) state.clientTokens.set(`${caller.accountId} ${token}`, service.id);
        return { serviceConfiguration: writeService(state, service), clientToken: token };
      },
    }),

    DescribeVpcEndpointServiceConfigurations: ec2Operation({
      optional: ['ServiceId', ...describeParameters],
      run: (input, { caller }) => {
        const ids = input.strings('ServiceId');
        const own =
          ids.length > 0
            ? ids.map((id) => findService(state, id, caller.accountId))
            : [...state.services.values()].filter(({ owner }) => owner === caller.accountId);
        const found = applyFilters(
          own,
          input,
          {
            'service-name': ({ name }) => [name],
            'service-id': ({ id }) => [id],
            'service-state': (service) => [service.state],
            'supported-ip-address-types': ({ supportedIpAddressTypes }) => supportedIpAddressTypes,
          },
          ({ id }) => tagsOf(state, id),
        );
        const { items, nextToken } = ec2Page(found, ({ id }) => id, input);
        return { serviceConfigurationSet: items.map((service) => writeService(state, service)), nextToken };
      },
    }),

    ModifyVpcEndpointServiceConfiguration: ec2Operation({
      required: ['ServiceId'],
      optional: [
        'PrivateDnsName',
        'RemovePrivateDnsName',
        'AcceptanceRequired',
        'AddNetworkLoadBalancerArn',
        'RemoveNetworkLoadBalancerArn',
        'AddGatewayLoadBalancerArn',
        'RemoveGatewayLoadBalancerArn',
        'AddSupportedIpAddressType',
        'RemoveSupportedIpAddressType',
        'AddSupportedRegion',
        'RemoveSupportedRegion',
      ],
      run: (input, { caller }) => {
        const service = findService(state, input.string('ServiceId'), caller.accountId);
        const [added, removed] = [
          input.strings('AddNetworkLoadBalancerArn'),
          input.strings('RemoveNetworkLoadBalancerArn'),
        ];
        for (const arn of added) requireFreeLoadBalancer(state, arn);
        const arns = without(service.networkLoadBalancerArns, removed).concat(added);
        if (arns.length === 0)
          throw invalidParameter('RemoveNetworkLoadBalancerArn', removed, 'one to remain');
        service.networkLoadBalancerArns = arns;
        service.supportedIpAddressTypes = without(
          service.supportedIpAddressTypes,
          input.strings('RemoveSupportedIpAddressType'),
        ).concat(input.strings('AddSupportedIpAddressType'));
        const gone = input.strings('RemoveSupportedRegion');
        service.supportedRegions = service.supportedRegions
          .filter(({ region }) => !gone.includes(region))
          .concat(input.strings('AddSupportedRegion').map((region) => ({ region, state: 'Available' })));
        service.acceptanceRequired = input.boolean('AcceptanceRequired') ?? service.acceptanceRequired;
        service.privateDnsName = input.optionalString('PrivateDnsName') ?? service.privateDnsName;
        if (input.boolean('RemovePrivateDnsName') === true) service.privateDnsName = undefined;
        return { return: true };
      },
    }),

    DeleteVpcEndpointServiceConfigurations: ec2Operation({
      required: ['ServiceId'],
      run: (input, { caller }) => ({
        unsuccessful: input
          .strings('ServiceId')
          .flatMap((id) => deleteService(state, id, caller.accountId))
          .map(({ id, error }) => ({ resourceId: id, error: { code: error.code, message: error.message } })),
      }),
    }),
  };
}

function deleteService(state: Ec2State, id: string, accountId: string): { id: string; error: AwsError }[] {
  try {
    const service = findService(state, id, accountId);
    const inUse = [...state.endpoints.values()].some(
      (endpoint) =>
        endpoint.serviceId === id && ['available', 'pendingAcceptance', 'pending'].includes(endpoint.state),
    );
    if (inUse) {
      throw new AwsError(
        'ExistingVpcEndpointConnections',
        `Service has existing active VPC Endpoint connections: ${id}`,
      );
    }
    state.services.delete(service.id);
    for (const { id: notificationId, serviceId } of state.notifications.values()) {
      if (serviceId === id) state.notifications.delete(notificationId);
    }
    return [];
  } catch (error) {
    if (error instanceof AwsError) return [{ id, error }];
    throw error;
  }
}

const without = (values: readonly string[], removed: readonly string[]): string[] =>
  values.filter((value) => !removed.includes(value));

function writeService(state: Ec2State, service: EndpointService): unknown {
  const zones = service.networkLoadBalancerArns.flatMap((arn) => state.zonesOf(arn) ?? []);
  return {
    serviceType: [{ serviceType: 'Interface' }],
    serviceId: service.id,
    serviceName: service.name,
    serviceState: service.state,
    availabilityZoneIdSet: [...new Set(zones.map(({ id }) => id))],
    availabilityZoneSet: [...new Set(zones.map(({ name }) => name))],
    acceptanceRequired: service.acceptanceRequired,
    managesVpcEndpoints: false,
    networkLoadBalancerArnSet: service.networkLoadBalancerArns,
    supportedIpAddressTypeSet: service.supportedIpAddressTypes,
    baseEndpointDnsNameSet: [`${service.id}.${state.region}.vpce.amazonaws.com`],
    privateDnsName: service.privateDnsName,
    privateDnsNameConfiguration:
      service.privateDnsName === undefined
        ? undefined
        : { state: 'pendingVerification', type: 'TXT', value: `vpce:${service.id}`, name: `_${service.id}` },
    payerResponsibility: undefined,
    tagSet: writeTags(state, service.id),
    supportedRegionSet: service.supportedRegions.map(({ region, state: serviceState }) => ({
      region,
      serviceState,
    })),
    remoteAccessEnabled: service.supportedRegions.some(({ region }) => region !== state.region),
  };
}
