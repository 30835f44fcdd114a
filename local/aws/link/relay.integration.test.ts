import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  AcceptVpcEndpointConnectionsCommand,
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  EC2Client,
  ModifyVpcEndpointCommand,
  RejectVpcEndpointConnectionsCommand,
} from '@aws-sdk/client-ec2';
import {
  ElasticLoadBalancingV2Client,
  ModifyLoadBalancerAttributesCommand,
  SetSecurityGroupsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { localAwsClient } from '../../../tests/support/aws-client.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import type { Elbv2 } from '../elbv2/elbv2.ts';
import { startAwsEndpoint, type AwsEndpoint } from '../endpoint.ts';
import { createPrivateLink } from '../private-link.ts';
import { startLink, type Link } from './relay.ts';

const own = '111122223333';
const consumer = '834469178297';

let endpoint: AwsEndpoint;
let ec2: Ec2;
let elbv2: Elbv2;
let link: Link;
let echo: Server;
let targetGroup: string;
let loadBalancer: string;
let securityGroup: string;
let serviceId: string;
let endpointId: string;
const echoed = new Set<Socket>();
const clients: { destroy: () => void }[] = [];

const clientOf = (account: string): EC2Client => {
  const client = new EC2Client(localAwsClient(endpoint.url, account));
  clients.push(client);
  return client;
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function provision(type: string, properties: Record<string, unknown>): Promise<string> {
  const handlers = { ...ec2.resources, ...elbv2.resources };
  const provisioned = await handlers[type]!('Thing', properties);
  return provisioned.ref;
}

beforeEach(async () => {
  ({ ec2, elbv2 } = createPrivateLink({
    accountId: own,
    region: 'us-east-1',
    scale: 0.005,
    publish: () => undefined,
  }));
  endpoint = await startAwsEndpoint({
    accountId: own,
    region: 'us-east-1',
    services: [ec2.service, elbv2.service],
  });
  link = startLink({ ec2, elbv2 });
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    echoed.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');

  const subnetIds = ec2.network.subnets.map(({ id }) => id);
  securityGroup = await provision('AWS::EC2::SecurityGroup', { GroupDescription: 'load balancer' });
  loadBalancer = await provision('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Type: 'network',
    Name: 'source',
    Subnets: subnetIds,
    SecurityGroups: [securityGroup],
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
    LoadBalancerAttributes: [{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }],
  });
  targetGroup = await provision('AWS::ElasticLoadBalancingV2::TargetGroup', {
    Name: 'source',
    TargetType: 'ip',
    Protocol: 'TCP',
    Port: portOf(echo),
    VpcId: ec2.network.vpcId,
    HealthCheckIntervalSeconds: 10,
    HealthyThresholdCount: 3,
    TargetGroupAttributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '0' }],
  });
  await provision('AWS::ElasticLoadBalancingV2::Listener', {
    LoadBalancerArn: loadBalancer,
    Protocol: 'TCP',
    Port: 5432,
    DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroup }],
  });
  serviceId = await provision('AWS::EC2::VPCEndpointService', {
    AcceptanceRequired: true,
    NetworkLoadBalancerArns: [loadBalancer],
  });
  await provision('AWS::EC2::VPCEndpointServicePermissions', {
    ServiceId: serviceId,
    AllowedPrincipals: [`arn:aws:iam::${consumer}:root`],
  });
  const { VpcEndpoint } = await clientOf(consumer).send(
    new CreateVpcEndpointCommand({
      VpcId: 'vpc-0123456789abcdef0',
      VpcEndpointType: 'Interface',
      ServiceName: `com.amazonaws.vpce.us-east-1.${serviceId}`,
    }),
  );
  endpointId = VpcEndpoint?.VpcEndpointId ?? '';
  await vi.waitFor(() => expect(resolve()).toBeDefined());
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await link.stop();
  ec2.stop();
  elbv2.stop();
  await endpoint.stop();
  for (const socket of echoed) socket.destroy();
  echo.close();
});

const balancing = (): ElasticLoadBalancingV2Client => {
  const client = new ElasticLoadBalancingV2Client(localAwsClient(endpoint.url, own));
  clients.push(client);
  return client;
};
const resolve = () => link.resolve(ec2.connections()[0]?.dnsNames[0] ?? '');
const request = () => ({ ServiceId: serviceId, VpcEndpointIds: [endpointId] });

/** Sends a word through the link; answers what came back, or the code of the error. */
async function send(word: string): Promise<string> {
  const socket = connect(resolve()!);
  return new Promise((settle) => {
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('end', () => settle(answer));
    socket.on('error', (error) => settle('code' in error ? String(error.code) : error.message));
    socket.end(word);
  });
}

async function openLink(): Promise<void> {
  elbv2.register(targetGroup, '127.0.0.1');
  await clientOf(own).send(new AcceptVpcEndpointConnectionsCommand(request()));
  await vi.waitFor(async () => expect(await send('hello')).toBe('hello'), 5_000);
}

/** An established connection that has proven that it passes data. */
async function establish(): Promise<{ socket: Socket; error: Promise<string> }> {
  const socket = connect(resolve()!);
  const error = new Promise<string>((settle) =>
    socket.on('error', (reason) => settle('code' in reason ? String(reason.code) : reason.message)),
  );
  socket.write('up');
  await once(socket, 'data');
  return { socket, error };
}

it('passes nothing before the connection is accepted, though the target is healthy', async () => {
  elbv2.register(targetGroup, '127.0.0.1');
  await vi.waitFor(() => expect(elbv2.routes(loadBalancer)[0]?.targets[0]?.state).toBe('healthy'), 5_000);
  expect(await send('hello')).toBe('ECONNRESET');
});

it('passes nothing while no target is registered, though the connection is available', async () => {
  await clientOf(own).send(new AcceptVpcEndpointConnectionsCommand(request()));
  await vi.waitFor(() => expect(ec2.connections()[0]?.state).toBe('available'), 5_000);
  expect(await send('hello')).toBe('ECONNRESET');
});

it('passes data both ways once the connection is available and the target healthy', async () => {
  await openLink();
  const long = 'x'.repeat(300_000);
  expect(await send(long)).toBe(long);
});

it('resets an established connection when the provider rejects the endpoint', async () => {
  await openLink();
  const { error } = await establish();
  await clientOf(own).send(new RejectVpcEndpointConnectionsCommand(request()));
  expect(await error).toBe('ECONNRESET');
  expect(await send('hello')).toBe('ECONNRESET');
});

it('resets an established connection when its target is deregistered', async () => {
  await openLink();
  const { error } = await establish();
  elbv2.deregister(targetGroup, '127.0.0.1');
  expect(await error).toBe('ECONNRESET');
});

it('resets an established connection when its target becomes unhealthy, and passes again after recovery', async () => {
  await openLink();
  const { error } = await establish();
  const port = portOf(echo);
  echo.close();
  expect(await error).toBe('ECONNRESET');
  expect(await send('hello')).toBe('ECONNRESET');
  echo.listen(port, '127.0.0.1');
  await vi.waitFor(async () => expect(await send('again')).toBe('again'), 5_000);
});

it('stops passing for a while when the consumer changes the endpoint', async () => {
  await openLink();
  const { error } = await establish();
  await clientOf(consumer).send(
    new ModifyVpcEndpointCommand({
      VpcEndpointId: endpointId,
      AddSecurityGroupIds: ['sg-0123456789abcdef0'],
    }),
  );
  expect(await error).toBe('ECONNRESET');
  await vi.waitFor(async () => expect(await send('again')).toBe('again'), 5_000);
});

it('passes nothing that the security group does not let in, once that is enforced on PrivateLink traffic', async () => {
  await openLink();
  const { error } = await establish();
  const enforce = (group: string) =>
    balancing().send(
      new SetSecurityGroupsCommand({
        LoadBalancerArn: loadBalancer,
        SecurityGroups: [group],
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'on',
      }),
    );
  await enforce(securityGroup);
  expect(await error).toBe('ECONNRESET');
  expect(await send('hello')).toBe('ECONNRESET');
  const open = await provision('AWS::EC2::SecurityGroup', {
    GroupDescription: 'lets consumers in',
    SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, CidrIp: '10.0.0.0/8' }],
  });
  await enforce(open);
  expect(await send('hello')).toBe('hello');
});

it('leads nowhere from a zone without a target, unless cross-zone is on', async () => {
  await openLink();
  await balancing().send(
    new ModifyLoadBalancerAttributesCommand({
      LoadBalancerArn: loadBalancer,
      Attributes: [{ Key: 'load_balancing.cross_zone.enabled', Value: 'false' }],
    }),
  );
  const answers = [await send('one'), await send('two'), await send('one'), await send('two')];
  expect(answers.filter((answer) => answer === 'ECONNRESET')).toHaveLength(2);
});

it('forgets the name of an endpoint that its owner deleted', async () => {
  await openLink();
  await clientOf(consumer).send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpointId] }));
  await vi.waitFor(() => expect(resolve()).toBeUndefined(), 5_000);
});

it('does not know a name that is no endpoint of ours', () => {
  expect(link.resolve('db.example.com')).toBeUndefined();
});
