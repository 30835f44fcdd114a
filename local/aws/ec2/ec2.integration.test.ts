import {
  AcceptVpcEndpointConnectionsCommand,
  CreateTagsCommand,
  CreateVpcEndpointCommand,
  CreateVpcEndpointConnectionNotificationCommand,
  CreateVpcEndpointServiceConfigurationCommand,
  DeleteTagsCommand,
  DeleteVpcEndpointServiceConfigurationsCommand,
  DeleteVpcEndpointsCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVpcEndpointConnectionNotificationsCommand,
  DescribeVpcEndpointConnectionsCommand,
  DescribeVpcEndpointServiceConfigurationsCommand,
  DescribeVpcEndpointServicePermissionsCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
  ModifyVpcEndpointCommand,
  ModifyVpcEndpointServiceConfigurationCommand,
  ModifyVpcEndpointServicePermissionsCommand,
  RejectVpcEndpointConnectionsCommand,
  paginateDescribeVpcEndpointConnections,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startAwsEndpoint, type AwsEndpoint } from '../endpoint.ts';
import { createEc2, type Ec2 } from './ec2.ts';

const own = '111122223333';
const fivetran = '834469178297';
const stranger = '999900001111';
const loadBalancer = (name: string): string =>
  `arn:aws:elasticloadbalancing:us-east-1:${own}:loadbalancer/net/${name}/0123456789abcdef`;

let ec2: Ec2;
let endpoint: AwsEndpoint;
const published: { topicArn: string; message: string }[] = [];
const clients: EC2Client[] = [];
/** Every state that an endpoint's connection has had, however short. */
const history = new Map<string, string[]>();

const clientOf = (accessKeyId: string, region = 'us-east-1'): EC2Client => {
  const client = new EC2Client({
    region,
    endpoint: endpoint.url,
    credentials: { accessKeyId, secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
};

beforeAll(async () => {
  ec2 = createEc2({
    accountId: own,
    region: 'us-east-1',
    scale: 0.001,
    publish: (topicArn, message) => void published.push({ topicArn, message }),
  });
  ec2.onChange(({ id, state }) => history.set(id, [...(history.get(id) ?? []), state]));
  endpoint = await startAwsEndpoint({ accountId: own, region: 'us-east-1', services: [ec2.service] });
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  ec2.stop();
  await endpoint.stop();
});

const createService = async (name: string): Promise<{ serviceId: string; serviceName: string }> => {
  const { ServiceConfiguration } = await clientOf('AKIAOWN').send(
    new CreateVpcEndpointServiceConfigurationCommand({
      AcceptanceRequired: true,
      NetworkLoadBalancerArns: [loadBalancer(name)],
      TagSpecifications: [
        {
          ResourceType: 'vpc-endpoint-service',
          Tags: [{ Key: 'fivetran-privatelink', Value: 'auto-accept' }],
        },
      ],
    }),
  );
  return {
    serviceId: ServiceConfiguration?.ServiceId ?? '',
    serviceName: ServiceConfiguration?.ServiceName ?? '',
  };
};

const ask = async (serviceName: string, account = fivetran): Promise<string> => {
  const { VpcEndpoint } = await clientOf(account).send(
    new CreateVpcEndpointCommand({
      VpcId: 'vpc-0123456789abcdef0',
      VpcEndpointType: 'Interface',
      ServiceName: serviceName,
    }),
  );
  return VpcEndpoint?.VpcEndpointId ?? '';
};

const allow = (serviceId: string, ...AddAllowedPrincipals: string[]) =>
  clientOf('AKIAOWN').send(
    new ModifyVpcEndpointServicePermissionsCommand({ ServiceId: serviceId, AddAllowedPrincipals }),
  );

const stateOf = async (endpointId: string): Promise<string | undefined> => {
  const { VpcEndpointConnections } = await clientOf('AKIAOWN').send(
    new DescribeVpcEndpointConnectionsCommand({
      Filters: [{ Name: 'vpc-endpoint-id', Values: [endpointId] }],
    }),
  );
  return VpcEndpointConnections?.[0]?.VpcEndpointState;
};

describe('endpoint services', () => {
  it('are created with an id, a name, zones and tags, and found by id and by tag', async () => {
    const { serviceId, serviceName } = await createService('described');
    expect(serviceId).toMatch(/^vpce-svc-[0-9a-f]{17}$/);
    expect(serviceName).toBe(`com.amazonaws.vpce.us-east-1.${serviceId}`);
    const { ServiceConfigurations, $metadata } = await clientOf('AKIAOWN').send(
      new DescribeVpcEndpointServiceConfigurationsCommand({ ServiceIds: [serviceId] }),
    );
    expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(ServiceConfigurations).toMatchObject([
      {
        ServiceId: serviceId,
        ServiceType: [{ ServiceType: 'Interface' }],
        ServiceState: 'Available',
        AcceptanceRequired: true,
        ManagesVpcEndpoints: false,
        NetworkLoadBalancerArns: [loadBalancer('described')],
        AvailabilityZones: ['us-east-1a', 'us-east-1b'],
        AvailabilityZoneIds: ['use1-az1', 'use1-az2'],
        SupportedIpAddressTypes: ['ipv4'],
        SupportedRegions: [{ Region: 'us-east-1', ServiceState: 'Available' }],
        Tags: [{ Key: 'fivetran-privatelink', Value: 'auto-accept' }],
      },
    ]);
    const byTag = await clientOf('AKIAOWN').send(
      new DescribeVpcEndpointServiceConfigurationsCommand({
        Filters: [{ Name: 'tag:fivetran-privatelink', Values: ['auto-*'] }],
      }),
    );
    expect(byTag.ServiceConfigurations?.map((service) => service.ServiceId)).toContain(serviceId);
  });

  it('are invisible to another account', async () => {
    const { serviceId } = await createService('hidden');
    await expect(
      clientOf(stranger).send(
        new DescribeVpcEndpointServiceConfigurationsCommand({ ServiceIds: [serviceId] }),
      ),
    ).rejects.toMatchObject({ name: 'InvalidVpcEndpointServiceId.NotFound' });
  });

  it('take one load balancer each', async () => {
    await createService('taken');
    await expect(createService('taken')).rejects.toMatchObject({ name: 'InvalidParameter' });
  });

  it('are modified, and deleted only when nobody is connected', async () => {
    const { serviceId, serviceName } = await createService('deleted');
    const client = clientOf('AKIAOWN');
    const modified = await client.send(
      new ModifyVpcEndpointServiceConfigurationCommand({ ServiceId: serviceId, AcceptanceRequired: false }),
    );
    expect(modified.Return).toBe(true);
    const endpointId = await ask(serviceName, own);
    await vi.waitFor(async () => expect(await stateOf(endpointId)).toBe('available'));
    const refused = await client.send(
      new DeleteVpcEndpointServiceConfigurationsCommand({ ServiceIds: [serviceId] }),
    );
    expect(refused.Unsuccessful).toMatchObject([
      { ResourceId: serviceId, Error: { Code: 'ExistingVpcEndpointConnections' } },
    ]);
    await client.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpointId] }));
    const done = await client.send(
      new DeleteVpcEndpointServiceConfigurationsCommand({ ServiceIds: [serviceId] }),
    );
    expect(done.Unsuccessful).toEqual([]);
  });
});

describe('permissions', () => {
  it('list principals with type and id, add and remove them', async () => {
    const { serviceId } = await createService('permissions');
    const added = await allow(serviceId, `arn:aws:iam::${fivetran}:root`, '*');
    expect(added).toMatchObject({ ReturnValue: true });
    expect(added.AddedPrincipals).toHaveLength(2);
    const client = clientOf('AKIAOWN');
    const list = () =>
      client.send(new DescribeVpcEndpointServicePermissionsCommand({ ServiceId: serviceId }));
    expect((await list()).AllowedPrincipals).toMatchObject([
      { PrincipalType: 'Account', Principal: `arn:aws:iam::${fivetran}:root`, ServiceId: serviceId },
      { PrincipalType: 'All', Principal: '*' },
    ]);
    await client.send(
      new ModifyVpcEndpointServicePermissionsCommand({
        ServiceId: serviceId,
        RemoveAllowedPrincipals: ['*'],
      }),
    );
    expect((await list()).AllowedPrincipals).toHaveLength(1);
  });

  it('keep an account that is not allowed from finding the service', async () => {
    const { serviceId, serviceName } = await createService('guarded');
    await allow(serviceId, `arn:aws:iam::${fivetran}:root`);
    await expect(ask(serviceName, stranger)).rejects.toMatchObject({ name: 'InvalidServiceName' });
    await expect(ask(serviceName, fivetran)).resolves.toMatch(/^vpce-[0-9a-f]{17}$/);
  });

  it('refuse a principal that is no ARN', async () => {
    const { serviceId } = await createService('malformed-principal');
    await expect(allow(serviceId, fivetran)).rejects.toMatchObject({ name: 'InvalidPrincipal' });
  });
});

describe('endpoint connections', () => {
  it('wait for acceptance, then go by pending to available', async () => {
    const { serviceId, serviceName } = await createService('accepted');
    await allow(serviceId, `arn:aws:iam::${fivetran}:root`);
    const endpointId = await ask(serviceName);
    const client = clientOf('AKIAOWN');
    const { VpcEndpointConnections } = await client.send(
      new DescribeVpcEndpointConnectionsCommand({
        Filters: [
          { Name: 'service-id', Values: [serviceId] },
          { Name: 'vpc-endpoint-state', Values: ['pendingAcceptance'] },
        ],
      }),
    );
    expect(VpcEndpointConnections).toMatchObject([
      {
        ServiceId: serviceId,
        VpcEndpointId: endpointId,
        VpcEndpointOwner: fivetran,
        VpcEndpointState: 'pendingAcceptance',
        VpcEndpointRegion: 'us-east-1',
        IpAddressType: 'ipv4',
        NetworkLoadBalancerArns: [loadBalancer('accepted')],
        CreationTimestamp: expect.any(Date) as Date,
      },
    ]);
    expect(VpcEndpointConnections?.[0]?.DnsEntries?.[0]?.DnsName).toMatch(
      new RegExp(String.raw`^${endpointId}-[0-9a-f]{8}\.${serviceId}\.us-east-1\.vpce\.amazonaws\.com$`),
    );
    const accepted = await client.send(
      new AcceptVpcEndpointConnectionsCommand({ ServiceId: serviceId, VpcEndpointIds: [endpointId] }),
    );
    expect(accepted.Unsuccessful).toEqual([]);
    await vi.waitFor(async () => expect(await stateOf(endpointId)).toBe('available'));
    expect(history.get(endpointId)).toEqual(['pendingAcceptance', 'pending', 'available']);
  });

  it('answer an accept that cannot be done with its reason, and do the rest', async () => {
    const { serviceId, serviceName } = await createService('partly');
    await allow(serviceId, '*');
    const [endpointId, unknown] = [await ask(serviceName), 'vpce-0fffffffffffffff0'];
    const accept = () =>
      clientOf('AKIAOWN').send(
        new AcceptVpcEndpointConnectionsCommand({
          ServiceId: serviceId,
          VpcEndpointIds: [unknown, endpointId],
        }),
      );
    expect((await accept()).Unsuccessful).toMatchObject([
      { ResourceId: unknown, Error: { Code: 'InvalidVpcEndpointId.NotFound' } },
    ]);
    expect((await accept()).Unsuccessful?.[1]).toMatchObject({
      ResourceId: endpointId,
      Error: { Code: 'InvalidState' },
    });
  });

  it('end when they are rejected, and do not come back', async () => {
    const { serviceId, serviceName } = await createService('rejected');
    await allow(serviceId, '*');
    const endpointId = await ask(serviceName);
    const client = clientOf('AKIAOWN');
    const request = { ServiceId: serviceId, VpcEndpointIds: [endpointId] };
    expect((await client.send(new RejectVpcEndpointConnectionsCommand(request))).Unsuccessful).toEqual([]);
    expect(await stateOf(endpointId)).toBe('rejected');
    const again = await client.send(new AcceptVpcEndpointConnectionsCommand(request));
    expect(again.Unsuccessful).toHaveLength(1);
  });

  it('are deleted by their owner only, and forgotten after a while', async () => {
    const { serviceId, serviceName } = await createService('owner-deletes');
    await allow(serviceId, '*');
    const endpointId = await ask(serviceName);
    const command = new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpointId] });
    expect((await clientOf('AKIAOWN').send(command)).Unsuccessful).toHaveLength(1);
    expect((await clientOf(fivetran).send(command)).Unsuccessful).toEqual([]);
    await vi.waitFor(async () => expect(await stateOf(endpointId)).toBeUndefined(), 8_000);
    expect(history.get(endpointId)).toEqual(['pendingAcceptance', 'deleting', 'deleted']);
    await expect(
      clientOf(fivetran).send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [endpointId] })),
    ).rejects.toMatchObject({ name: 'InvalidVpcEndpointId.NotFound' });
  });

  it('come in pages of five to a thousand', async () => {
    const { serviceId, serviceName } = await createService('pages');
    await allow(serviceId, '*');
    const ids: string[] = [];
    for (let index = 0; index < 12; index += 1) ids.push(await ask(serviceName));
    const client = clientOf('AKIAOWN');
    const pages: number[] = [];
    const seen: (string | undefined)[] = [];
    const input = { Filters: [{ Name: 'service-id', Values: [serviceId] }] };
    for await (const page of paginateDescribeVpcEndpointConnections({ client, pageSize: 5 }, input)) {
      pages.push(page.VpcEndpointConnections?.length ?? 0);
      seen.push(...(page.VpcEndpointConnections ?? []).map(({ VpcEndpointId }) => VpcEndpointId));
    }
    expect(pages).toEqual([5, 5, 2]);
    expect(seen).toEqual(ids);
    await expect(
      client.send(new DescribeVpcEndpointConnectionsCommand({ MaxResults: 4 })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(
      client.send(new DescribeVpcEndpointConnectionsCommand({ NextToken: 'made-up' })),
    ).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });

  it('can be forced into the states that AWS alone decides about', async () => {
    const { serviceId, serviceName } = await createService('expired');
    await allow(serviceId, '*');
    const endpointId = await ask(serviceName);
    ec2.force(endpointId, 'expired');
    expect(await stateOf(endpointId)).toBe('expired');
  });

  it('carry tags of the provider on the connection, not on the endpoint', async () => {
    const { serviceId, serviceName } = await createService('tagged');
    await allow(serviceId, '*');
    const endpointId = await ask(serviceName);
    const client = clientOf('AKIAOWN');
    const describeConnection = async () => {
      const { VpcEndpointConnections } = await client.send(
        new DescribeVpcEndpointConnectionsCommand({
          Filters: [{ Name: 'vpc-endpoint-id', Values: [endpointId] }],
        }),
      );
      return VpcEndpointConnections?.[0];
    };
    const connectionId = (await describeConnection())?.VpcEndpointConnectionId ?? '';
    const Tags = [
      { Key: 'decided', Value: 'accept' },
      { Key: 'why', Value: 'a & <b>' },
    ];
    await client.send(new CreateTagsCommand({ Resources: [connectionId], Tags }));
    expect((await describeConnection())?.Tags).toEqual(Tags);
    const listed = await client.send(
      new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [connectionId] }] }),
    );
    expect(listed.Tags).toMatchObject([
      { ResourceId: connectionId, ResourceType: 'vpc-endpoint-connection', Key: 'decided' },
      { Key: 'why' },
    ]);
    await client.send(new DeleteTagsCommand({ Resources: [connectionId], Tags: [{ Key: 'why' }] }));
    expect((await describeConnection())?.Tags).toHaveLength(1);
    await expect(client.send(new CreateTagsCommand({ Resources: [endpointId], Tags }))).rejects.toMatchObject(
      { name: 'InvalidID' },
    );
    const tooLong = { Key: 'why', Value: 'x'.repeat(257) };
    await expect(
      client.send(new CreateTagsCommand({ Resources: [connectionId], Tags: [tooLong] })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const many = Array.from({ length: 51 }, (_, index) => ({ Key: `key-${index}`, Value: '' }));
    await expect(
      client.send(new CreateTagsCommand({ Resources: [connectionId], Tags: many })),
    ).rejects.toMatchObject({ name: 'TagLimitExceeded' });
  });

  it('come from another Region only where the service supports it, and are found as cross-region', async () => {
    const { serviceId, serviceName } = await createService('cross-region');
    await allow(serviceId, '*');
    const askFromEurope = () =>
      clientOf(fivetran, 'eu-west-1').send(
        new CreateVpcEndpointCommand({
          VpcId: 'vpc-0123456789abcdef0',
          VpcEndpointType: 'Interface',
          ServiceName: serviceName,
          ServiceRegion: 'us-east-1',
        }),
      );
    await expect(askFromEurope()).rejects.toMatchObject({ name: 'InvalidParameter' });
    const client = clientOf('AKIAOWN');
    await client.send(
      new ModifyVpcEndpointServiceConfigurationCommand({
        ServiceId: serviceId,
        AddSupportedRegions: ['eu-west-1'],
      }),
    );
    const { VpcEndpoint } = await askFromEurope();
    await ask(serviceName);
    const { VpcEndpointConnections } = await client.send(
      new DescribeVpcEndpointConnectionsCommand({
        Filters: [
          { Name: 'service-id', Values: [serviceId] },
          { Name: 'vpc-endpoint-region', Values: ['cross-region'] },
        ],
      }),
    );
    expect(VpcEndpointConnections).toMatchObject([
      { VpcEndpointId: VpcEndpoint?.VpcEndpointId, VpcEndpointRegion: 'eu-west-1' },
    ]);
  });

  it('are one for the same client token, however often it is asked', async () => {
    const { serviceId, serviceName } = await createService('token');
    await allow(serviceId, '*');
    const send = () =>
      clientOf(fivetran).send(
        new CreateVpcEndpointCommand({
          VpcId: 'vpc-0123456789abcdef0',
          VpcEndpointType: 'Interface',
          ServiceName: serviceName,
          ClientToken: 'same',
        }),
      );
    const [first, second] = [await send(), await send()];
    expect(second.VpcEndpoint?.VpcEndpointId).toBe(first.VpcEndpoint?.VpcEndpointId);
  });

  it('return to pending for a while when the consumer changes the endpoint', async () => {
    const { serviceId, serviceName } = await createService('modified');
    await allow(serviceId, '*');
    const endpointId = await ask(serviceName);
    await clientOf('AKIAOWN').send(
      new AcceptVpcEndpointConnectionsCommand({ ServiceId: serviceId, VpcEndpointIds: [endpointId] }),
    );
    await vi.waitFor(async () => expect(await stateOf(endpointId)).toBe('available'));
    await clientOf(fivetran).send(
      new ModifyVpcEndpointCommand({ VpcEndpointId: endpointId, AddSubnetIds: ['subnet-0123456789abcdef0'] }),
    );
    await vi.waitFor(() =>
      expect(history.get(endpointId)).toEqual([
        'pendingAcceptance',
        'pending',
        'available',
        'pending',
        'available',
      ]),
    );
  });
});

describe('connection notifications', () => {
  it('tell the topic of each event that was asked for', async () => {
    const { serviceId, serviceName } = await createService('notified');
    await allow(serviceId, '*');
    const topic = `arn:aws:sns:us-east-1:${own}:notified`;
    const client = clientOf('AKIAOWN');
    const { ConnectionNotification } = await client.send(
      new CreateVpcEndpointConnectionNotificationCommand({
        ServiceId: serviceId,
        ConnectionNotificationArn: topic,
        ConnectionEvents: ['Connect', 'Accept', 'Delete'],
      }),
    );
    expect(ConnectionNotification).toMatchObject({
      ConnectionNotificationType: 'Topic',
      ConnectionNotificationState: 'Enabled',
      ConnectionNotificationArn: topic,
    });
    const described = await client.send(
      new DescribeVpcEndpointConnectionNotificationsCommand({
        Filters: [{ Name: 'service-id', Values: [serviceId] }],
      }),
    );
    expect(described.ConnectionNotificationSet).toEqual([ConnectionNotification]);
    const endpointId = await ask(serviceName);
    const events = () =>
      published
        .filter(({ topicArn, message }) => topicArn === topic && message.includes(endpointId))
        .map(({ message }) => (JSON.parse(message) as { event: string }).event);
    await vi.waitFor(() => expect(events()).toEqual(['Connect']));
    const request = { ServiceId: serviceId, VpcEndpointIds: [endpointId] };
    await client.send(new AcceptVpcEndpointConnectionsCommand(request));
    await vi.waitFor(() => expect(events()).toEqual(['Connect', 'Accept']));
    await client.send(new RejectVpcEndpointConnectionsCommand(request));
    await clientOf(fivetran).send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpointId] }));
    await vi.waitFor(() => expect(events()).toEqual(['Connect', 'Accept', 'Delete']));
  });
});

describe('requests that EC2 refuses', () => {
  it('name a parameter that is missing, and one that the operation does not have', async () => {
    const request = async (body: string) => {
      const response = await fetch(endpoint.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization:
            'AWS4-HMAC-SHA256 Credential=AKIAOWN/20261122/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0',
        },
        body: `Version=2016-11-15&${body}`,
      });
      return `${response.status} ${await response.text()}`;
    };
    expect(await request('Action=DescribeVpcEndpointServicePermissions')).toMatch(
      /^400 .*<Errors><Error><Code>MissingParameter<\/Code>.*ServiceId.*<RequestID>/s,
    );
    expect(await request('Action=DescribeVpcEndpointConnections&ServiceId=vpce-svc-0')).toMatch(
      /<Code>UnknownParameter<\/Code>/,
    );
    expect(await request('Action=RunInstances')).toMatch(/^400 .*<Code>InvalidAction<\/Code>/s);
  });

  it('say what a dry run would have done', async () => {
    await expect(
      clientOf('AKIAOWN').send(
        new AcceptVpcEndpointConnectionsCommand({
          ServiceId: 'vpce-svc-0123456789abcdef0',
          VpcEndpointIds: ['vpce-0123456789abcdef0'],
          DryRun: true,
        }),
      ),
    ).rejects.toMatchObject({ name: 'DryRunOperation', $metadata: { httpStatusCode: 412 } });
  });
});

describe('the network', () => {
  it('lists two subnets in two zones, and security groups with their rules', async () => {
    const client = clientOf('AKIAOWN');
    const { Subnets } = await client.send(
      new DescribeSubnetsCommand({ SubnetIds: ec2.network.subnets.map(({ id }) => id) }),
    );
    expect(Subnets?.map(({ AvailabilityZoneId }) => AvailabilityZoneId)).toEqual(['use1-az1', 'use1-az2']);
    const provision = ec2.resources['AWS::EC2::SecurityGroup'];
    const { ref } = (await provision?.('Group', {
      GroupDescription: 'of a load balancer',
      VpcId: ec2.network.vpcId,
      SecurityGroupEgress: [{ IpProtocol: 'tcp', FromPort: '5432', ToPort: 5432, CidrIp: '127.0.0.0/8' }],
    })) ?? { ref: '' };
    const { SecurityGroups } = await client.send(new DescribeSecurityGroupsCommand({ GroupIds: [ref] }));
    expect(SecurityGroups?.[0]).toMatchObject({
      Description: 'of a load balancer',
      IpPermissions: [],
      IpPermissionsEgress: [{ FromPort: 5432, IpRanges: [{ CidrIp: '127.0.0.0/8' }] }],
    });
    const { SecurityGroupRules } = await client.send(
      new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [ref] }] }),
    );
    expect(SecurityGroupRules).toMatchObject([{ IsEgress: true, CidrIpv4: '127.0.0.0/8' }]);
  });
});
