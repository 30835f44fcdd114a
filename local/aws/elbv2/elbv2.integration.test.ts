import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import {
  AddTagsCommand,
  DeregisterTargetsCommand,
  DescribeListenerAttributesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyListenerAttributesCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  paginateDescribeTargetGroups,
  RegisterTargetsCommand,
  RemoveTagsCommand,
  SetSecurityGroupsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { localAwsClient } from '../../../tests/support/aws-client.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { startAwsEndpoint, type AwsEndpoint } from '../endpoint.ts';
import { createPrivateLink } from '../private-link.ts';
import type { Elbv2 } from './elbv2.ts';

let ec2: Ec2;
let elbv2: Elbv2;
let endpoint: AwsEndpoint;
let client: ElasticLoadBalancingV2Client;
let database: Server;
let securityGroup: string;
let loadBalancer: string;
let listener: string;
let port: number;
let names = 0;

async function provision(type: string, properties: Record<string, unknown>): Promise<string> {
  const handlers = { ...ec2.resources, ...elbv2.resources };
  const provisioned = await handlers[type]!('Thing', properties);
  return provisioned.ref;
}

const createGroup = (settings: Record<string, unknown> = {}) =>
  provision('AWS::ElasticLoadBalancingV2::TargetGroup', {
    Name: `group-${(names += 1)}`,
    TargetType: 'ip',
    Protocol: 'TCP',
    Port: port,
    VpcId: ec2.network.vpcId,
    HealthCheckIntervalSeconds: 10,
    HealthyThresholdCount: 3,
    UnhealthyThresholdCount: 3,
    ...settings,
  });

const listen = (group: string, at: number, on = loadBalancer) =>
  provision('AWS::ElasticLoadBalancingV2::Listener', {
    LoadBalancerArn: on,
    Protocol: 'TCP',
    Port: at,
    DefaultActions: [{ Type: 'forward', TargetGroupArn: group }],
  });

const healthOf = async (group: string) => {
  const { TargetHealthDescriptions } = await client.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: group }),
  );
  return (TargetHealthDescriptions ?? []).map(
    ({ Target, TargetHealth }) => `${Target?.Id} ${TargetHealth?.State} ${TargetHealth?.Reason ?? '-'}`,
  );
};

const register = (group: string, ...Targets: { Id: string; Port?: number; AvailabilityZone?: string }[]) =>
  client.send(new RegisterTargetsCommand({ TargetGroupArn: group, Targets }));

beforeAll(async () => {
  ({ ec2, elbv2 } = createPrivateLink({
    accountId: '111122223333',
    region: 'us-east-1',
    scale: 0.01,
    publish: () => undefined,
  }));
  endpoint = await startAwsEndpoint({
    accountId: '111122223333',
    region: 'us-east-1',
    services: [ec2.service, elbv2.service],
  });
  client = new ElasticLoadBalancingV2Client(localAwsClient(endpoint.url));
  database = createServer((socket) => socket.destroy());
  database.listen(0, '0.0.0.0');
  await once(database, 'listening');
  port = (database.address() as AddressInfo).port;
  securityGroup = await provision('AWS::EC2::SecurityGroup', {
    GroupDescription: 'load balancer',
    SecurityGroupEgress: [{ IpProtocol: 'tcp', FromPort: 1, ToPort: 65_535, CidrIp: ec2.network.cidr }],
  });
  loadBalancer = await provision('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Type: 'network',
    Name: 'source',
    Scheme: 'internal',
    Subnets: [ec2.network.subnets[0]!.id],
    SecurityGroups: [securityGroup],
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
    LoadBalancerAttributes: [{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }],
    Tags: [{ Key: 'team', Value: 'data' }],
  });
  listener = await listen(await createGroup(), 5432);
});

afterAll(async () => {
  client.destroy();
  elbv2.stop();
  ec2.stop();
  database.close();
  await endpoint.stop();
});

it('describes the load balancer with its zones and its security groups', async () => {
  const { LoadBalancers, $metadata } = await client.send(
    new DescribeLoadBalancersCommand({ LoadBalancerArns: [loadBalancer] }),
  );
  expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(LoadBalancers).toMatchObject([
    {
      LoadBalancerArn: loadBalancer,
      LoadBalancerName: 'source',
      Type: 'network',
      Scheme: 'internal',
      State: { Code: 'active' },
      VpcId: ec2.network.vpcId,
      AvailabilityZones: [{ ZoneName: 'us-east-1a', SubnetId: ec2.network.subnets[0]!.id }],
      SecurityGroups: [securityGroup],
      EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
      CreatedTime: expect.any(Date) as Date,
    },
  ]);
});

it('reads and changes attributes of all three kinds, and refuses unknown ones', async () => {
  const TargetGroupArn = await createGroup();
  const attributes = { Attributes: [{ Key: 'load_balancing.cross_zone.enabled', Value: 'false' }] };
  const ofLoadBalancer = await client.send(
    new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn: loadBalancer, ...attributes }),
  );
  expect(ofLoadBalancer.Attributes).toContainEqual(attributes.Attributes[0]);
  expect(
    (await client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: loadBalancer })))
      .Attributes,
  ).toEqual(ofLoadBalancer.Attributes);

  const fresh = await client.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
  expect(fresh.Attributes).toContainEqual({
    Key: 'load_balancing.cross_zone.enabled',
    Value: 'use_load_balancer_configuration',
  });
  expect(fresh.Attributes).toContainEqual({ Key: 'deregistration_delay.timeout_seconds', Value: '300' });
  await client.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, ...attributes }));

  await client.send(
    new ModifyListenerAttributesCommand({
      ListenerArn: listener,
      Attributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '6000' }],
    }),
  );
  expect(
    (await client.send(new DescribeListenerAttributesCommand({ ListenerArn: listener }))).Attributes,
  ).toEqual([{ Key: 'tcp.idle_timeout.seconds', Value: '6000' }]);
  await expect(
    client.send(
      new ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn: loadBalancer,
        Attributes: [{ Key: 'no.such.attribute', Value: 'x' }],
      }),
    ),
  ).rejects.toMatchObject({ name: 'ValidationError' });
});

it('finds target groups by load balancer, and in pages', async () => {
  const { TargetGroups } = await client.send(
    new DescribeTargetGroupsCommand({ LoadBalancerArn: loadBalancer }),
  );
  expect(TargetGroups?.[0]).toMatchObject({
    Protocol: 'TCP',
    Port: port,
    TargetType: 'ip',
    HealthCheckProtocol: 'TCP',
    HealthCheckPort: 'traffic-port',
    HealthCheckIntervalSeconds: 10,
    LoadBalancerArns: [loadBalancer],
  });
  await createGroup();
  await createGroup();
  const pages: number[] = [];
  for await (const page of paginateDescribeTargetGroups({ client }, { PageSize: 2 })) {
    pages.push(page.TargetGroups?.length ?? 0);
  }
  expect(pages.length).toBeGreaterThan(1);
  expect(Math.max(...pages)).toBe(2);
  const { Listeners } = await client.send(new DescribeListenersCommand({ LoadBalancerArn: loadBalancer }));
  expect(Listeners?.[0]).toMatchObject({
    ListenerArn: listener,
    Port: 5432,
    Protocol: 'TCP',
    DefaultActions: [{ Type: 'forward' }],
  });
});

it('brings a reachable target from initial to healthy, through real health checks', async () => {
  const group = await createGroup();
  await listen(group, 6001);
  await register(group, { Id: '127.0.0.1' });
  expect((await healthOf(group))[0]).toMatch(/^127\.0\.0\.1 (initial Elb\.|healthy)/);
  await vi.waitFor(async () => expect(await healthOf(group)).toEqual(['127.0.0.1 healthy -']), 5_000);
});

it('calls an unreachable target unhealthy once its threshold is reached', async () => {
  const group = await createGroup({ Port: 1 });
  await listen(group, 6002);
  await register(group, { Id: '127.0.0.1' });
  await vi.waitFor(
    async () => expect(await healthOf(group)).toEqual(['127.0.0.1 unhealthy Target.FailedHealthChecks']),
    5_000,
  );
});

it('calls targets unused when nothing forwards to them or their zone is not enabled', async () => {
  const lonely = await createGroup();
  await register(lonely, { Id: '127.0.0.1' });
  expect(await healthOf(lonely)).toEqual(['127.0.0.1 unused Target.NotInUse']);
  const group = await createGroup();
  await listen(group, 6003);
  await register(group, { Id: '127.0.1.1' });
  expect(await healthOf(group)).toEqual(['127.0.1.1 unused Target.NotInUse']);
  const { TargetHealthDescriptions } = await client.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: group, Targets: [{ Id: '127.0.0.9' }] }),
  );
  expect(TargetHealthDescriptions?.[0]?.TargetHealth).toMatchObject({ Reason: 'Target.NotRegistered' });
});

it('drains a deregistered target for as long as the group says', async () => {
  const group = await createGroup({
    TargetGroupAttributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '200' }],
  });
  await listen(group, 6004);
  await register(group, { Id: '127.0.0.1' });
  await client.send(new DeregisterTargetsCommand({ TargetGroupArn: group, Targets: [{ Id: '127.0.0.1' }] }));
  expect(await healthOf(group)).toEqual(['127.0.0.1 draining Target.DeregistrationInProgress']);
  await vi.waitFor(async () => expect(await healthOf(group)).toEqual([]), 5_000);
});

it('refuses targets that a load balancer could not reach, and ones that are not registered', async () => {
  const group = await createGroup();
  await expect(register(group, { Id: 'db.example.com' })).rejects.toMatchObject({
    name: 'InvalidTargetException',
  });
  await expect(register(group, { Id: '8.8.8.8' })).rejects.toMatchObject({ name: 'InvalidTargetException' });
  await expect(register(group, { Id: '10.0.0.1' })).rejects.toMatchObject({ name: 'InvalidTargetException' });
  await register(group, { Id: '10.0.0.1', AvailabilityZone: 'all' });
  await expect(
    client.send(new DeregisterTargetsCommand({ TargetGroupArn: group, Targets: [{ Id: '127.0.0.77' }] })),
  ).rejects.toMatchObject({ name: 'InvalidTargetException' });
});

it('fails health checks that the security group does not let out', async () => {
  const closed = await provision('AWS::EC2::SecurityGroup', {
    GroupDescription: 'closed',
    SecurityGroupEgress: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '127.0.0.0/8' }],
  });
  const other = await provision('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Type: 'network',
    Name: 'closed',
    Subnets: [ec2.network.subnets[0]!.id],
    SecurityGroups: [closed],
  });
  const group = await createGroup();
  await listen(group, 5432, other);
  await register(group, { Id: '127.0.0.1' });
  await vi.waitFor(
    async () => expect(await healthOf(group)).toEqual(['127.0.0.1 unhealthy Target.FailedHealthChecks']),
    5_000,
  );
  const set = await client.send(
    new SetSecurityGroupsCommand({
      LoadBalancerArn: other,
      SecurityGroups: [securityGroup],
      EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
    }),
  );
  expect(set).toMatchObject({
    SecurityGroupIds: [securityGroup],
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
  });
  await vi.waitFor(async () => expect(await healthOf(group)).toEqual(['127.0.0.1 healthy -']), 5_000);
});

it('carries tags', async () => {
  const ResourceArns = [loadBalancer];
  await client.send(new AddTagsCommand({ ResourceArns, Tags: [{ Key: 'stage', Value: 'dev' }] }));
  await client.send(new RemoveTagsCommand({ ResourceArns, TagKeys: ['team'] }));
  const { TagDescriptions } = await client.send(new DescribeTagsCommand({ ResourceArns }));
  expect(TagDescriptions).toEqual([{ ResourceArn: loadBalancer, Tags: [{ Key: 'stage', Value: 'dev' }] }]);
});

it('names what is not found, and refuses a page of no size', async () => {
  const missing = loadBalancer.replace('source', 'absent');
  await expect(
    client.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [missing] })),
  ).rejects.toMatchObject({ name: 'LoadBalancerNotFoundException' });
  await expect(
    client.send(new DescribeTargetHealthCommand({ TargetGroupArn: missing })),
  ).rejects.toMatchObject({ name: 'TargetGroupNotFoundException' });
  await expect(client.send(new DescribeLoadBalancersCommand({ PageSize: 0 }))).rejects.toMatchObject({
    name: 'ValidationError',
  });
});
