import { randomBytes } from 'node:crypto';
import { AwsError, type Operation } from '../service.ts';
import { applyFilters } from './filters.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Endpoint, EndpointService } from './model.ts';
import { describeParameters, ec2Operation, ec2Page } from './operation.ts';
import { mayConnect } from './permissions.ts';
import { newId, tagsOf, writeTags, type Ec2State } from './state.ts';
import { readTagSpecifications, setTags } from './tags.ts';

/** The hosted zone that AWS reports for interface endpoints' names in us-east-1. */
const hostedZoneId = 'Z7HUB22UULQXV';

const modifiable = [
  'VpcEndpointId',
  'AddSubnetId',
  'RemoveSubnetId',
  'AddSecurityGroupId',
  'RemoveSecurityGroupId',
  'IpAddressType',
  'PrivateDnsEnabled',
];

/** The consumer's side: Create, Describe, Modify and DeleteVpcEndpoints. */
export function endpointOperations(state: Ec2State, lifecycle: Lifecycle): Record<string, Operation> {
  return {
    CreateVpcEndpoint: ec2Operation({
      required: ['VpcId'],
      optional: [
        'VpcEndpointType',
        'ServiceName',
        'SubnetId',
        'SecurityGroupId',
        'IpAddressType',
        'DnsOptions',
        'PrivateDnsEnabled',
        'ClientToken',
        'TagSpecification',
        'SubnetConfiguration',
        'ServiceRegion',
        'PolicyDocument',
      ],
      run: (input, { caller, region }) => {
        const token = input.optionalString('ClientToken');
        const tokenKey = `${caller.accountId} ${token ?? ''}`;
        const known = state.endpoints.get(
          token === undefined ? '' : (state.clientTokens.get(tokenKey) ?? ''),
        );
        if (known !== undefined) return { vpcEndpoint: writeEndpoint(state, known), clientToken: token };

        const vpcId = input.string('VpcId');
        if (!/^vpc-[0-9a-f]{1,17}$/.test(vpcId)) {
          throw new AwsError('InvalidVpcId.Malformed', `Invalid id: "${vpcId}"`);
        }
        const serviceName = input.string('ServiceName');
        const service = [...state.services.values()].find(({ name }) => name === serviceName);
        const serviceRegion = input.optionalString('ServiceRegion') ?? region;
        if (service === undefined || serviceRegion !== state.region || !mayConnect(service, caller)) {
          // AWS does not tell who may not see a service that it exists.
          throw new AwsError(
            'InvalidServiceName',
            `The Vpc Endpoint Service '${serviceName}' does not exist`,
          );
        }
        if (input.optionalString('VpcEndpointType') !== 'Interface') {
          throw new AwsError(
            'InvalidParameter',
            `Endpoint type (${input.optionalString('VpcEndpointType') ?? 'Gateway'}) does not match available service types ([Interface]).`,
          );
        }
        requireRegion(service, region);
        const endpoint: Endpoint = {
          ...newEndpointIds(state, service),
          serviceId: service.id,
          serviceName,
          owner: caller.accountId,
          region,
          vpcId,
          subnetIds: input.strings('SubnetId'),
          securityGroupIds: input.strings('SecurityGroupId'),
          ipAddressType: input.optionalString('IpAddressType') ?? 'ipv4',
          state: service.acceptanceRequired ? 'pendingAcceptance' : 'pending',
          createdAt: state.clock.now(),
        };
        const tags = readTagSpecifications(input, 'vpc-endpoint');
        state.endpoints.set(endpoint.id, endpoint);
        setTags(state, endpoint.id, tags);
        if (token !== undefined) state.clientTokens.set(tokenKey, endpoint.id);
        lifecycle.created(endpoint);
        return { vpcEndpoint: writeEndpoint(state, endpoint), clientToken: token };
      },
    }),

    DescribeVpcEndpoints: ec2Operation({
      optional: ['VpcEndpointId', ...describeParameters],
      run: (input, { caller }) => {
        const ids = input.strings('VpcEndpointId');
        const own =
          ids.length > 0
            ? ids.map((id) => findEndpoint(state, id, caller.accountId))
            : [...state.endpoints.values()].filter(({ owner }) => owner === caller.accountId);
        const found = applyFilters(
          own,
          input,
          {
            'vpc-endpoint-id': ({ id }) => [id],
            'vpc-endpoint-state': (endpoint) => [endpoint.state],
            'vpc-endpoint-type': () => ['Interface'],
            'vpc-id': ({ vpcId }) => [vpcId],
            'service-name': ({ serviceName }) => [serviceName],
            'ip-address-type': ({ ipAddressType }) => [ipAddressType],
          },
          ({ id }) => tagsOf(state, id),
        );
        const { items, nextToken } = ec2Page(found, ({ id }) => id, input);
        return { vpcEndpointSet: items.map((endpoint) => writeEndpoint(state, endpoint)), nextToken };
      },
    }),

    ModifyVpcEndpoint: ec2Operation({
      required: ['VpcEndpointId'],
      optional: modifiable,
      run: (input, { caller }) => {
        const endpoint = findEndpoint(state, input.string('VpcEndpointId'), caller.accountId);
        const [gone, left] = [input.strings('RemoveSubnetId'), input.strings('RemoveSecurityGroupId')];
        endpoint.subnetIds = endpoint.subnetIds
          .filter((id) => !gone.includes(id))
          .concat(input.strings('AddSubnetId'));
        endpoint.securityGroupIds = endpoint.securityGroupIds
          .filter((id) => !left.includes(id))
          .concat(input.strings('AddSecurityGroupId'));
        endpoint.ipAddressType = input.optionalString('IpAddressType') ?? endpoint.ipAddressType;
        if (endpoint.state === 'available') lifecycle.modified(endpoint);
        return { return: true };
      },
    }),

    DeleteVpcEndpoints: ec2Operation({
      required: ['VpcEndpointId'],
      run: (input, { caller }) => ({
        unsuccessful: input.strings('VpcEndpointId').flatMap((id) => {
          const endpoint = state.endpoints.get(id);
          if (endpoint?.owner !== caller.accountId || endpoint.state === 'deleted') {
            const { code, message } = endpointNotFound(id);
            return [{ resourceId: id, error: { code, message } }];
          }
          if (endpoint.state !== 'deleting') lifecycle.remove(endpoint);
          return [];
        }),
      }),
    }),
  };
}

/** EC2's complaint about an endpoint that does not exist or is somebody else's. */
export const endpointNotFound = (id: string): AwsError =>
  new AwsError('InvalidVpcEndpointId.NotFound', `The Vpc Endpoint Id '${id}' does not exist`);

function findEndpoint(state: Ec2State, id: string, accountId: string): Endpoint {
  if (!/^vpce-[0-9a-f]{8,17}$/.test(id)) {
    throw new AwsError('InvalidVpcEndpointId.Malformed', `Invalid Id: "${id}"`);
  }
  const endpoint = state.endpoints.get(id);
  if (endpoint?.owner !== accountId) throw endpointNotFound(id);
  return endpoint;
}

function requireRegion(service: EndpointService, region: string): void {
  if (!service.supportedRegions.some((supported) => supported.region === region)) {
    throw new AwsError(
      'InvalidParameter',
      `The service ${service.name} is not available in Region ${region}.`,
    );
  }
}

function newEndpointIds(
  state: Ec2State,
  service: EndpointService,
): Pick<Endpoint, 'id' | 'connectionId' | 'dnsNames'> {
  const id = newId('vpce');
  const label = `${id}-${randomBytes(4).toString('hex')}`;
  const suffix = `${service.id}.${state.region}.vpce.amazonaws.com`;
  const zones = service.networkLoadBalancerArns.flatMap((arn) => state.zonesOf(arn) ?? []);
  const zonal = [...new Set(zones.map(({ name }) => name))].map((zone) => `${label}-${zone}.${suffix}`);
  return { id, connectionId: newId('vpce-conn'), dnsNames: [`${label}.${suffix}`, ...zonal] };
}

/** The names of an endpoint as the API lists them. */
export function writeDnsEntries(endpoint: Endpoint): unknown {
  return endpoint.dnsNames.map((dnsName) => ({ dnsName, hostedZoneId }));
}

function writeEndpoint(state: Ec2State, endpoint: Endpoint): unknown {
  return {
    vpcEndpointId: endpoint.id,
    vpcEndpointType: 'Interface',
    vpcId: endpoint.vpcId,
    serviceName: endpoint.serviceName,
    state: endpoint.state,
    routeTableIdSet: [],
    subnetIdSet: endpoint.subnetIds,
    groupSet: endpoint.securityGroupIds.map((groupId) => ({ groupId, groupName: groupId })),
    ipAddressType: endpoint.ipAddressType,
    dnsOptions: { dnsRecordIpType: 'ipv4' },
    privateDnsEnabled: false,
    requesterManaged: false,
    networkInterfaceIdSet: [],
    dnsEntrySet: writeDnsEntries(endpoint),
    creationTimestamp: endpoint.createdAt,
    tagSet: writeTags(state, endpoint.id),
    ownerId: endpoint.owner,
    serviceRegion: state.region,
  };
}
