import { localAwsClient } from '../support/aws-client.ts';
import type { Client } from './client.ts';

const modules: Record<string, () => Promise<object>> = {
  dynamodb: () => import('@aws-sdk/client-dynamodb'),
  ec2: () => import('@aws-sdk/client-ec2'),
  elbv2: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
  events: () => import('@aws-sdk/client-eventbridge'),
  lambda: () => import('@aws-sdk/client-lambda'),
  secretsmanager: () => import('@aws-sdk/client-secrets-manager'),
  sns: () => import('@aws-sdk/client-sns'),
  sqs: () => import('@aws-sdk/client-sqs'),
  stepfunctions: () => import('@aws-sdk/client-sfn'),
  sts: () => import('@aws-sdk/client-sts'),
};

const clientNames: Record<string, string> = {
  dynamodb: 'DynamoDBClient',
  ec2: 'EC2Client',
  elbv2: 'ElasticLoadBalancingV2Client',
  events: 'EventBridgeClient',
  lambda: 'LambdaClient',
  secretsmanager: 'SecretsManagerClient',
  sns: 'SNSClient',
  sqs: 'SQSClient',
  stepfunctions: 'SFNClient',
  sts: 'STSClient',
};

interface SdkClient {
  send: (command: object) => Promise<Record<string, unknown> & { $metadata: { requestId?: string } }>;
  destroy: () => void;
}
type Constructor<Made> = new (settings: object) => Made;

/** The JavaScript SDK, version 3: what the functions themselves use. */
export function javascriptClient(endpoint: string): Client {
  const clients = new Map<string, SdkClient>();
  return {
    tellsRequestId: true,
    send: async ({ service, operation, input, accessKeyId }) => {
      const sdk = (await modules[service]!()) as Record<string, unknown>;
      const key = `${service} ${accessKeyId}`;
      const client =
        clients.get(key) ??
        new (sdk[clientNames[service]!] as Constructor<SdkClient>)(localAwsClient(endpoint, accessKeyId));
      clients.set(key, client);
      const command = new (sdk[`${operation}Command`] as Constructor<object>)(input);
      try {
        const { $metadata, ...output } = await client.send(command);
        const text = JSON.stringify(output, (_, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString() : value,
        );
        return {
          kind: 'output',
          output: JSON.parse(text) as Record<string, unknown>,
          requestId: $metadata.requestId,
        };
      } catch (error) {
        const { name, message, $metadata } = error as Error & { $metadata?: { requestId?: string } };
        return { kind: 'error', code: name, message, requestId: $metadata?.requestId };
      }
    },
    stop: () => {
      for (const client of clients.values()) client.destroy();
      return Promise.resolve();
    },
  };
}
