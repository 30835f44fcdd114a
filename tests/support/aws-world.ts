import { createServer, type Server } from 'node:http';
import net from 'node:net';
import {
  AcceptVpcEndpointConnectionsCommand,
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  DescribeVpcEndpointConnectionsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { createDynamodb } from '../../local/aws/dynamodb/dynamodb.ts';
import { startAwsEndpoint } from '../../local/aws/endpoint.ts';
import type { Ec2 } from '../../local/aws/ec2/ec2.ts';
import { createPrivateLink } from '../../local/aws/private-link.ts';
import { createSecretsManager } from '../../local/aws/secrets-manager/secrets-manager.ts';
import { AwsError, type Service } from '../../local/aws/service.ts';
import type { ResourceHandlers } from '../../local/template/resource-handler.ts';
import { localAwsClient } from './aws-client.ts';

const accountId = '111122223333';
const region = 'us-east-1';

/** A private link as Fivetran's API answers it. */
interface WireLink {
  id: string;
  region: string;
  service: string;
  state: string;
  created_at: string;
  config: { connection_service_name: string };
}

/**
 * The AWS endpoint with EC2, load balancing, DynamoDB and Secrets Manager, one endpoint service in front of a
 * listening database port, and Fivetran's private links behind HTTP: enough to run the endpoint functions as they
 * are shipped. Sets the environment that their handlers read.
 */
export async function startAwsWorld() {
  const requests: string[] = [];
  const links: WireLink[] = [];
  const behaviour = {
    /** An accepted endpoint is available by the time that EC2 is asked again. */
    quick: false,
    /** How many requests EC2 still refuses for coming too fast. */
    throttled: 0,
    /** Runs right before EC2 accepts. */
    beforeAccept: undefined as (() => Promise<void>) | undefined,
  };
  const { ec2, elbv2 } = createPrivateLink({ accountId, region, scale: 0.001, publish: () => undefined });
  const dynamodb = await createDynamodb({ accountId, region });
  const secrets = createSecretsManager({ accountId, region });
  const aws = await startAwsEndpoint({
    accountId,
    region,
    services: [
      counted(quickly(ec2, behaviour), requests),
      counted(elbv2.service, requests),
      counted(dynamodb.service, requests),
      counted(secrets.service, requests),
    ],
  });
  const database = net.createServer((socket) => socket.end());
  const databasePort = await listen(database);
  const fivetran = createServer((request, response) => {
    requests.push(`fivetran:${request.method ?? ''} ${request.url ?? ''}`);
    const id = /^\/v1\/private-links\/([^?]+)/.exec(request.url ?? '')?.[1];
    const data = id === undefined ? { items: links } : links.find((link) => link.id === id);
    response.writeHead(data === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(data === undefined ? { code: 'NotFound' } : { code: 'Success', data }));
  });
  const fivetranPort = await listen(fivetran);

  const make = async (handlers: ResourceHandlers, type: string, properties: Record<string, unknown>) => {
    const handler = handlers[type];
    if (handler === undefined) throw new Error(`Nobody makes ${type}.`);
    return (await handler(type.split('::').at(-1) ?? type, properties)).ref;
  };
  const { network } = ec2;
  const loadBalancer = await make(elbv2.resources, 'AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Name: 'rental',
    Type: 'network',
    Scheme: 'internal',
    Subnets: network.subnets.map(({ id }) => id),
    LoadBalancerAttributes: [{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }],
  });
  const targetGroup = await make(elbv2.resources, 'AWS::ElasticLoadBalancingV2::TargetGroup', {
    Name: 'rental',
    TargetType: 'ip',
    Protocol: 'TCP',
    Port: databasePort,
    VpcId: network.vpcId,
    HealthCheckIntervalSeconds: 10,
    HealthyThresholdCount: 2,
  });
  await make(elbv2.resources, 'AWS::ElasticLoadBalancingV2::Listener', {
    LoadBalancerArn: loadBalancer,
    Protocol: 'TCP',
    Port: 5432,
    DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroup }],
  });
  const serviceId = await make(ec2.resources, 'AWS::EC2::VPCEndpointService', {
    AcceptanceRequired: true,
    NetworkLoadBalancerArns: [loadBalancer],
    Tags: [{ Key: 'fivetran-privatelink', Value: 'auto-accept' }],
  });
  await make(ec2.resources, 'AWS::EC2::VPCEndpointServicePermissions', {
    ServiceId: serviceId,
    AllowedPrincipals: ['arn:aws:iam::834469178297:root'],
  });
  const serviceName = `com.amazonaws.vpce.${region}.${serviceId}`;
  await make(dynamodb.resources, 'AWS::DynamoDB::Table', {
    TableName: 'ledger',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  });
  secrets.put('fivetran', JSON.stringify({ apiKey: 'key', apiSecret: 'secret' }));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'AKIALOCAL',
    AWS_SECRET_ACCESS_KEY: 'secret',
    LEDGER_TABLE: 'ledger',
    FIVETRAN_BASE_URL: `http://127.0.0.1:${String(fivetranPort)}`,
    FIVETRAN_SECRET_ID: 'fivetran',
    ALLOWED_REGIONS: region,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  });
  const clientOf = (account: string) => new EC2Client(localAwsClient(aws.url, account));

  return {
    serviceId,
    serviceName,
    requests,
    behaviour,
    /** The database's address becomes a target, and the load balancer sees it as healthy. */
    async registerDatabase(): Promise<void> {
      elbv2.register(targetGroup, '127.0.0.1', databasePort);
      await until(() => elbv2.routes(loadBalancer).some(({ targets }) => targets[0]?.state === 'healthy'));
    },
    /** Fivetran makes a private link of ours. */
    createLink(id: string): void {
      links.push({
        id,
        region: 'AWS_US_EAST_1',
        service: 'SOURCE_AWS',
        state: 'CREATING',
        created_at: new Date().toISOString(),
        config: { connection_service_name: serviceName },
      });
    },
    /** Every private link of ours is gone. */
    removeLinks: (): void => void (links.length = 0),
    /** Accepts as somebody else at our side would, in the console. */
    async acceptOutside(endpointId: string): Promise<void> {
      await clientOf(accountId).send(
        new AcceptVpcEndpointConnectionsCommand({ ServiceId: serviceId, VpcEndpointIds: [endpointId] }),
      );
    },
    /** Another account's endpoint asks to connect. */
    async ask(account = '834469178297'): Promise<string> {
      const { VpcEndpoint } = await clientOf(account).send(
        new CreateVpcEndpointCommand({
          VpcId: 'vpc-0123456789abcdef0',
          VpcEndpointType: 'Interface',
          ServiceName: serviceName,
        }),
      );
      return VpcEndpoint?.VpcEndpointId ?? '';
    },
    async deleteEndpoint(endpointId: string, account = '834469178297'): Promise<void> {
      await clientOf(account).send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpointId] }));
    },
    /** The connection as EC2 describes it to us. */
    async connectionOf(endpointId: string) {
      const { VpcEndpointConnections } = await clientOf(accountId).send(
        new DescribeVpcEndpointConnectionsCommand({
          Filters: [{ Name: 'vpc-endpoint-id', Values: [endpointId] }],
        }),
      );
      return VpcEndpointConnections?.[0];
    },
    async stop(): Promise<void> {
      ec2.stop();
      elbv2.stop();
      await aws.stop();
      await dynamodb.stop();
      for (const server of [database, fivetran]) server.close();
      fivetran.closeAllConnections();
    },
  };
}
export type AwsWorld = Awaited<ReturnType<typeof startAwsWorld>>;

interface Behaviour {
  quick: boolean;
  throttled: number;
  beforeAccept: (() => Promise<void>) | undefined;
}

/** EC2 in the test's hand: quick, throttling, or overtaken. */
function quickly(ec2: Ec2, behaviour: Behaviour): Service {
  const accept = ec2.service.operations.AcceptVpcEndpointConnections;
  if (accept === undefined) throw new Error('The local EC2 does not accept connections.');
  return {
    ...ec2.service,
    operations: {
      ...ec2.service.operations,
      async AcceptVpcEndpointConnections(call) {
        if (behaviour.throttled > 0) {
          behaviour.throttled -= 1;
          throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
        }
        const overtake = behaviour.beforeAccept;
        behaviour.beforeAccept = undefined;
        await overtake?.();
        const answer = await accept(call);
        if (behaviour.quick) {
          for (const { id, state } of ec2.connections()) {
            if (state === 'pending') ec2.force(id, 'available');
          }
        }
        return answer;
      },
    },
  };
}

/** The service, with every operation written down as `<scope>:<operation>`. */
function counted(service: Service, requests: string[]): Service {
  const { handOver } = service;
  return {
    ...service,
    ...(handOver === undefined
      ? {}
      : {
          handOver: (request, response) => {
            const target = String(request.headers['x-amz-target']);
            requests.push(`${service.scope}:${target.split('.').at(-1) ?? target}`);
            handOver(request, response);
          },
        }),
    operations: Object.fromEntries(
      Object.entries(service.operations).map(([operation, run]) => [
        operation,
        (call) => {
          if (call.caller.accountId === accountId) requests.push(`${service.scope}:${operation}`);
          return run(call);
        },
      ]),
    ),
  };
}

async function listen(server: net.Server | Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP port.');
  return address.port;
}

/** Waits for a condition by looking again and again, for at most ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('The condition did not come true within ten seconds.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
