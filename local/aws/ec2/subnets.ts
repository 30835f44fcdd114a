import { AwsError, type Operation } from '../service.ts';
import { applyFilters } from './filters.ts';
import type { Subnet } from './network.ts';
import { describeParameters, ec2Operation, ec2Page } from './operation.ts';
import { tagsOf, writeTags, type Ec2State } from './state.ts';

/** DescribeSubnets and DescribeVpcs of the one network that the stack's own account has. */
export function subnetOperations(state: Ec2State): Record<string, Operation> {
  const { network } = state;
  return {
    DescribeSubnets: ec2Operation({
      optional: ['SubnetId', ...describeParameters],
      run: (input, { caller }) => {
        const own = caller.accountId === state.accountId ? network.subnets : [];
        const ids = input.strings('SubnetId');
        const missing = ids.find((id) => !own.some((subnet) => subnet.id === id));
        if (missing !== undefined) {
          throw new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${missing}' does not exist`);
        }
        const found = applyFilters(
          own.filter(({ id }) => ids.length === 0 || ids.includes(id)),
          input,
          {
            'subnet-id': ({ id }) => [id],
            'vpc-id': () => [network.vpcId],
            'availability-zone': ({ zone }) => [zone.name],
            'availability-zone-id': ({ zone }) => [zone.id],
            'cidr-block': ({ cidr }) => [cidr],
            state: () => ['available'],
          },
          ({ id }) => tagsOf(state, id),
        );
        const { items, nextToken } = ec2Page(found, ({ id }) => id, input);
        return { subnetSet: items.map((subnet) => writeSubnet(state, subnet)), nextToken };
      },
    }),

    DescribeVpcs: ec2Operation({
      optional: ['VpcId', ...describeParameters],
      run: (input, { caller }) => {
        const own = caller.accountId === state.accountId ? [network] : [];
        const missing = input.strings('VpcId').find((id) => !own.some(({ vpcId }) => vpcId === id));
        if (missing !== undefined) {
          throw new AwsError('InvalidVpcID.NotFound', `The vpc ID '${missing}' does not exist`);
        }
        const found = applyFilters(own, input, {
          'vpc-id': ({ vpcId }) => [vpcId],
          cidr: ({ cidr }) => [cidr],
        });
        const { items, nextToken } = ec2Page(found, ({ vpcId }) => vpcId, input);
        return {
          vpcSet: items.map(({ vpcId, cidr }) => ({
            vpcId,
            ownerId: state.accountId,
            state: 'available',
            cidrBlock: cidr,
            instanceTenancy: 'default',
            isDefault: false,
            tagSet: writeTags(state, vpcId),
          })),
          nextToken,
        };
      },
    }),
  };
}

const writeSubnet = (state: Ec2State, subnet: Subnet): unknown => ({
  subnetId: subnet.id,
  subnetArn: `arn:aws:ec2:${state.region}:${state.accountId}:subnet/${subnet.id}`,
  vpcId: state.network.vpcId,
  ownerId: state.accountId,
  state: 'available',
  cidrBlock: subnet.cidr,
  availabilityZone: subnet.zone.name,
  availabilityZoneId: subnet.zone.id,
  availableIpAddressCount: 251,
  defaultForAz: false,
  mapPublicIpOnLaunch: false,
  assignIpv6AddressOnCreation: false,
  tagSet: writeTags(state, subnet.id),
});
