import { createServer } from 'node:http';
import { startAwsEndpoint } from '../../local/aws/endpoint.ts';
import { AwsError, type Call, type Service } from '../../local/aws/service.ts';
import { createSts } from '../../local/aws/sts.ts';
import { listenOnLoopback, readBody } from '../../local/loopback.ts';
import type { Template } from './template.ts';

/** One request that changed the stack, in order. */
export interface StackRequest {
  operation: string;
  /** Names of the parameters that it gave. */
  given: string[];
  template: Partial<Template>;
}

/** What the framework sends: a small template itself, a large one by its place in the bucket. */
interface StackInput {
  TemplateBody?: string;
  TemplateURL?: string;
  Parameters?: { ParameterKey: string }[];
}

/** An account in which nothing is deployed yet, as far as `serverless deploy` looks at it. */
export interface DeployAccount {
  /** What leads AWS clients to it. */
  environment: Record<string, string>;
  requests: StackRequest[];
  stop: () => Promise<void>;
}

const bucket = 'deployment-bucket';
/** In bytes. */
const largestObject = 50 * 1024 * 1024;

/**
 * CloudFormation, S3 and STS on loopback. As CloudFormation itself does, it refuses a parameter that the template at
 * hand does not declare, and a template whose required parameter is not given:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
 */
export async function startDeployAccount(): Promise<DeployAccount> {
  const objects = new Map<string, Buffer>();
  const requests: StackRequest[] = [];

  const change = (status: string, { operation, input }: Call) => {
    const { TemplateBody, TemplateURL, Parameters = [] } = input as unknown as StackInput;
    const uploaded = TemplateURL === undefined ? undefined : objects.get(keyOf(TemplateURL));
    const template = JSON.parse(TemplateBody ?? String(uploaded)) as Partial<Template>;
    const given = Parameters.map(({ ParameterKey }) => ParameterKey);
    const declared = template.Parameters ?? {};
    const unknown = given.filter((name) => !(name in declared));
    if (unknown.length > 0) {
      throw new AwsError(
        'ValidationError',
        `Parameters: [${unknown.join(', ')}] do not exist in the template`,
      );
    }
    const missing = Object.keys(declared).filter(
      (name) => declared[name]?.Default === undefined && !given.includes(name),
    );
    if (missing.length > 0) {
      throw new AwsError('ValidationError', `Parameters: [${missing.join(', ')}] must have values`);
    }
    requests.push({ operation, given, template });
    stack = { name: input.StackName as string, status };
    return { StackId: stack.name };
  };
  let stack: { name: string; status: string } | undefined;

  const cloudFormation: Service = {
    scope: 'cloudformation',
    protocols: [{ kind: 'query', version: '2010-05-15' }],
    operations: {
      DescribeStacks: ({ input }) => {
        if (stack === undefined) {
          throw new AwsError('ValidationError', `Stack with id ${input.StackName as string} does not exist`);
        }
        const { name: StackName, status: StackStatus } = stack;
        const Outputs = [{ OutputKey: 'ServerlessDeploymentBucketName', OutputValue: bucket }];
        return { Stacks: [{ StackName, StackStatus, CreationTime: new Date(), Outputs }] };
      },
      DescribeStackResource: ({ input }) => ({
        StackResourceDetail: {
          LogicalResourceId: input.LogicalResourceId,
          PhysicalResourceId: bucket,
          ResourceType: 'AWS::S3::Bucket',
        },
      }),
      DescribeStackEvents: () => ({
        StackEvents: ['COMPLETE', 'IN_PROGRESS'].map((end) => ({
          EventId: `${String(stack?.status)}-${end}`,
          StackName: stack?.name,
          LogicalResourceId: stack?.name,
          ResourceType: 'AWS::CloudFormation::Stack',
          ResourceStatus: stack?.status.replace('COMPLETE', end),
          Timestamp: new Date(),
        })),
      }),
      ListStackResources: () => ({ StackResourceSummaries: [] }),
      ValidateTemplate: () => ({}),
      CreateStack: (call) => change('CREATE_COMPLETE', call),
      UpdateStack: (call) => change('UPDATE_COMPLETE', call),
    },
  };

  const s3 = await listenOnLoopback(
    createServer((request, response) => {
      void readBody(request, largestObject).then((body) => {
        if (request.method === 'PUT' && body !== undefined) objects.set(keyOf(request.url ?? ''), body);
        response.setHeader('content-type', 'application/xml');
        response.end(request.method === 'GET' ? '<ListBucketResult/>' : '');
      });
    }),
  );
  const endpoint = await startAwsEndpoint({
    accountId: '111122223333',
    region: 'us-east-1',
    services: [cloudFormation, createSts().service],
  });
  return {
    environment: {
      AWS_ENDPOINT_URL: endpoint.url,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${String(s3.port)}`,
      AWS_ACCESS_KEY_ID: 'AKIALOCAL',
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
    requests,
    stop: async () => {
      await Promise.all([endpoint.stop(), s3.stop()]);
    },
  };
}

/** Bucket and key, however much of the path is escaped. */
const keyOf = (url: string): string => decodeURIComponent(new URL(url, 'http://s3.local').pathname);
