import { expect } from 'vitest';
import { accountId } from '../services.ts';
import { textAt, type Case, type Known, type ServiceCases } from './case.ts';

const fivetran = '834469178297';
const stranger = '999900001111';
const vpc = 'vpc-0123456789abcdef0';
const unknownService = 'vpce-svc-0123456789abcdef0';

const serviceId = ({ ids }: Known): string => ids.service!;
const endpointId = ({ ids }: Known): string => ids.endpoint!;
const ofService = (known: Known) => ({ ServiceId: serviceId(known) });
const ofEndpoints = (known: Known) => ({ ...ofService(known), VpcEndpointIds: [endpointId(known)] });
const byService = (known: Known) => ({ Filters: [{ Name: 'service-id', Values: [serviceId(known)] }] });

const services: Case[] = [
  {
    operation: 'CreateVpcEndpointServiceConfiguration',
    input: ({ services: { refs } }) => ({
      AcceptanceRequired: true,
      NetworkLoadBalancerArns: [refs.loadBalancer],
      ClientToken: 'once',
      TagSpecifications: [
        { ResourceType: 'vpc-endpoint-service', Tags: [{ Key: 'owner', Value: 'data <&> "team"' }] },
      ],
    }),
    output: () => ({
      ServiceConfiguration: {
        ServiceState: 'Available',
        AcceptanceRequired: true,
        Tags: [{ Key: 'owner', Value: 'data <&> "team"' }],
      },
      ClientToken: 'once',
    }),
    learn: (output, ids) => {
      ids.service = textAt(output, 'ServiceConfiguration.ServiceId');
      ids.serviceName = textAt(output, 'ServiceConfiguration.ServiceName');
    },
  },
  {
    operation: 'CreateVpcEndpointServiceConfiguration',
    about: 'again with the same client token',
    input: ({ services: { refs } }) => ({
      NetworkLoadBalancerArns: [refs.loadBalancer],
      ClientToken: 'once',
    }),
    output: (known) => ({ ServiceConfiguration: { ServiceId: serviceId(known) } }),
  },
  {
    operation: 'CreateVpcEndpointServiceConfiguration',
    about: 'without a load balancer',
    input: () => ({ AcceptanceRequired: true }),
    error: 'MissingParameter',
  },
  {
    operation: 'ModifyVpcEndpointServiceConfiguration',
    input: (known) => ({ ...ofService(known), AcceptanceRequired: true }),
    output: () => ({ Return: true }),
  },
  {
    operation: 'DescribeVpcEndpointServiceConfigurations',
    input: (known) => ({ ServiceIds: [serviceId(known)] }),
    output: (known) => ({
      ServiceConfigurations: [
        {
          ServiceId: serviceId(known),
          ServiceName: `com.amazonaws.vpce.us-east-1.${serviceId(known)}`,
          ServiceType: [{ ServiceType: 'Interface' }],
          AvailabilityZones: ['us-east-1a', 'us-east-1b'],
          NetworkLoadBalancerArns: [known.services.refs.loadBalancer],
          SupportedRegions: [{ Region: 'us-east-1', ServiceState: 'Available' }],
          RemoteAccessEnabled: false,
        },
      ],
    }),
  },
  {
    operation: 'DescribeVpcEndpointServiceConfigurations',
    about: 'of an unknown id',
    input: () => ({ ServiceIds: [unknownService] }),
    error: 'InvalidVpcEndpointServiceId.NotFound',
  },
  {
    operation: 'ModifyVpcEndpointServicePermissions',
    input: (known) => ({
      ...ofService(known),
      AddAllowedPrincipals: [`arn:aws:iam::${fivetran}:root`],
    }),
    output: () => ({
      ReturnValue: true,
      AddedPrincipals: [{ PrincipalType: 'Account', Principal: `arn:aws:iam::${fivetran}:root` }],
    }),
  },
  {
    operation: 'DescribeVpcEndpointServicePermissions',
    input: ofService,
    output: (known) => ({
      AllowedPrincipals: [{ Principal: `arn:aws:iam::${fivetran}:root`, ServiceId: serviceId(known) }],
    }),
  },
  {
    operation: 'CreateVpcEndpointConnectionNotification',
    input: (known) => ({
      ...ofService(known),
      ConnectionNotificationArn: known.services.refs.topic,
      ConnectionEvents: ['Connect', 'Accept', 'Reject', 'Delete'],
    }),
    output: () => ({ ConnectionNotification: { ConnectionNotificationState: 'Enabled' } }),
    learn: (output, ids) => {
      ids.notification = textAt(output, 'ConnectionNotification.ConnectionNotificationId');
    },
  },
  {
    operation: 'ModifyVpcEndpointConnectionNotification',
    input: ({ ids }) => ({
      ConnectionNotificationId: ids.notification,
      ConnectionEvents: ['Connect', 'Delete'],
    }),
    output: () => ({ ReturnValue: true }),
  },
  {
    operation: 'DescribeVpcEndpointConnectionNotifications',
    input: ({ ids }) => ({ ConnectionNotificationId: ids.notification }),
    output: (known) => ({
      ConnectionNotificationSet: [
        {
          ServiceId: serviceId(known),
          ConnectionNotificationArn: known.services.refs.topic,
          ConnectionEvents: ['Connect', 'Delete'],
        },
      ],
    }),
  },
];

const connections: Case[] = [
  {
    operation: 'CreateVpcEndpoint',
    about: 'of an account that is not allowed',
    as: stranger,
    input: ({ ids }) => ({ VpcId: vpc, VpcEndpointType: 'Interface', ServiceName: ids.serviceName }),
    error: 'InvalidServiceName',
  },
  {
    operation: 'CreateVpcEndpoint',
    as: fivetran,
    input: ({ ids }) => ({ VpcId: vpc, VpcEndpointType: 'Interface', ServiceName: ids.serviceName }),
    output: () => ({
      VpcEndpoint: {
        VpcId: vpc,
        State: 'pendingAcceptance',
        OwnerId: fivetran,
        VpcEndpointType: 'Interface',
      },
    }),
    learn: (output, ids) => {
      ids.endpoint = textAt(output, 'VpcEndpoint.VpcEndpointId');
    },
  },
  {
    operation: 'DescribeVpcEndpoints',
    as: fivetran,
    input: (known) => ({ VpcEndpointIds: [endpointId(known)] }),
    output: (known) => ({
      VpcEndpoints: [{ VpcEndpointId: endpointId(known), ServiceName: known.ids.serviceName }],
    }),
  },
  {
    operation: 'DescribeVpcEndpointConnections',
    input: byService,
    output: (known) => ({
      VpcEndpointConnections: [
        {
          ServiceId: serviceId(known),
          VpcEndpointId: endpointId(known),
          VpcEndpointOwner: fivetran,
          VpcEndpointState: 'pendingAcceptance',
          CreationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
          VpcEndpointRegion: 'us-east-1',
        },
      ],
    }),
    learn: (output, ids) => {
      ids.connection = textAt(output, 'VpcEndpointConnections.0.VpcEndpointConnectionId');
    },
  },
  {
    operation: 'DescribeVpcEndpointConnections',
    about: 'by a filter that does not exist',
    input: () => ({ Filters: [{ Name: 'colour', Values: ['red'] }] }),
    error: 'InvalidParameterValue',
  },
  {
    operation: 'DescribeVpcEndpointConnections',
    about: 'in pages that are too small',
    input: () => ({ MaxResults: 1 }),
    error: 'InvalidParameterValue',
  },
  {
    operation: 'CreateTags',
    input: ({ ids }) => ({ Resources: [ids.connection], Tags: [{ Key: 'decision', Value: 'accept' }] }),
    output: () => ({}),
  },
  {
    operation: 'DescribeTags',
    input: ({ ids }) => ({ Filters: [{ Name: 'resource-id', Values: [ids.connection] }] }),
    output: ({ ids }) => ({
      Tags: [{ ResourceId: ids.connection, ResourceType: 'vpc-endpoint-connection', Value: 'accept' }],
    }),
  },
  {
    operation: 'DeleteTags',
    input: ({ ids }) => ({ Resources: [ids.connection], Tags: [{ Key: 'decision' }] }),
    output: () => ({}),
  },
  {
    operation: 'AcceptVpcEndpointConnections',
    about: 'as a dry run',
    input: (known) => ({ ...ofEndpoints(known), DryRun: true }),
    error: 'DryRunOperation',
  },
  {
    operation: 'AcceptVpcEndpointConnections',
    about: 'of an endpoint that does not exist',
    input: (known) => ({ ...ofService(known), VpcEndpointIds: ['vpce-0123456789abcdef0'] }),
    output: () => ({
      Unsuccessful: [
        { ResourceId: 'vpce-0123456789abcdef0', Error: { Code: 'InvalidVpcEndpointId.NotFound' } },
      ],
    }),
  },
  {
    operation: 'AcceptVpcEndpointConnections',
    input: ofEndpoints,
    output: () => ({ Unsuccessful: [] }),
  },
  {
    operation: 'ModifyVpcEndpoint',
    as: fivetran,
    input: (known) => ({
      VpcEndpointId: endpointId(known),
      AddSubnetIds: ['subnet-0123456789abcdef0'],
    }),
    output: () => ({ Return: true }),
  },
  {
    operation: 'DeleteVpcEndpointServiceConfigurations',
    about: 'while somebody is connected',
    input: (known) => ({ ServiceIds: [serviceId(known)] }),
    output: (known) => ({
      Unsuccessful: [{ ResourceId: serviceId(known), Error: { Code: 'ExistingVpcEndpointConnections' } }],
    }),
  },
  {
    operation: 'RejectVpcEndpointConnections',
    input: ofEndpoints,
    output: () => ({ Unsuccessful: [] }),
  },
  {
    operation: 'DeleteVpcEndpoints',
    as: fivetran,
    input: (known) => ({ VpcEndpointIds: [endpointId(known)] }),
    output: () => ({ Unsuccessful: [] }),
  },
  {
    operation: 'DeleteVpcEndpointConnectionNotifications',
    input: ({ ids }) => ({ ConnectionNotificationIds: [ids.notification] }),
    output: () => ({ Unsuccessful: [] }),
  },
  {
    operation: 'DeleteVpcEndpointServiceConfigurations',
    input: (known) => ({ ServiceIds: [serviceId(known)] }),
    output: () => ({ Unsuccessful: [] }),
  },
];

const network: Case[] = [
  {
    operation: 'DescribeSubnets',
    input: ({ services: { subnetIds } }) => ({ SubnetIds: subnetIds }),
    output: ({ services: { subnetIds } }) => ({
      Subnets: [
        { SubnetId: subnetIds[0], AvailabilityZoneId: 'use1-az1' },
        { SubnetId: subnetIds[1], AvailabilityZoneId: 'use1-az2' },
      ],
    }),
  },
  { operation: 'DescribeVpcs', output: () => ({ Vpcs: [{ OwnerId: accountId, State: 'available' }] }) },
  {
    operation: 'DescribeSecurityGroups',
    input: ({ services: { refs } }) => ({ GroupIds: [refs.securityGroup] }),
    output: () => ({
      SecurityGroups: [{ IpPermissions: [], IpPermissionsEgress: [{ IpProtocol: '-1' }] }],
    }),
  },
  {
    operation: 'DescribeSecurityGroupRules',
    input: ({ services: { refs } }) => ({ Filters: [{ Name: 'group-id', Values: [refs.securityGroup] }] }),
    output: () => ({ SecurityGroupRules: [{ IsEgress: true, CidrIpv4: '0.0.0.0/0' }] }),
  },
  {
    operation: 'AuthorizeSecurityGroupEgress',
    input: ({ services: { refs } }) => ({
      GroupId: refs.securityGroup,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5433, IpRanges: [{ CidrIp: '10.0.0.0/16' }] },
      ],
    }),
    output: () => ({
      Return: true,
      SecurityGroupRules: [{ IsEgress: true, FromPort: 5432, ToPort: 5433, CidrIpv4: '10.0.0.0/16' }],
    }),
  },
  {
    operation: 'AuthorizeSecurityGroupEgress',
    about: 'for a group that does not exist',
    input: () => ({ GroupId: 'sg-0123456789abcdef0', IpPermissions: [{ IpProtocol: '-1' }] }),
    error: 'InvalidGroup.NotFound',
  },
  { operation: 'DescribeInstances', about: 'which is not there', error: 'InvalidAction' },
];

/** An endpoint service from its creation to its deletion, and somebody who connects to it. */
export const ec2: ServiceCases = { service: 'ec2', cases: [...services, ...connections, ...network] };
