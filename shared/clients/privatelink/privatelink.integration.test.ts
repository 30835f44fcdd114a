import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAwsEndpoint, type AwsEndpoint } from '../../../local/aws/endpoint.ts';
import { AwsError, type Operation } from '../../../local/aws/service.ts';
import { pointAwsClientsAt } from '../../../tests/support/aws-client.ts';
import { AccessDeniedError } from '../../errors.ts';
import { createPrivateLink } from './privatelink.ts';

/** What EC2 answers in the test that runs. */
const answers: Record<string, Operation> = {};
let endpoint: AwsEndpoint;

beforeAll(async () => {
  endpoint = await startAwsEndpoint({
    accountId: '111122223333',
    region: 'us-east-1',
    services: [
      { scope: 'ec2', protocols: [{ kind: 'ec2-query', version: '2016-11-15' }], operations: answers },
    ],
  });
  pointAwsClientsAt(endpoint.url);
});
afterAll(() => endpoint.stop());

const client = () => createPrivateLink({ region: 'us-east-1' });
const connection = (index: number, change: Record<string, unknown> = {}) => ({
  serviceId: 'vpce-svc-0123456789abcdef0',
  vpcEndpointId: `vpce-${index.toString(16).padStart(17, '0')}`,
  vpcEndpointOwner: '834469178297',
  vpcEndpointState: 'pendingAcceptance',
  creationTimestamp: new Date('2026-11-22T10:00:00.000Z'),
  ...change,
});

test('all pages of a service with thousands of connections are read', async () => {
  answers.DescribeVpcEndpointConnections = ({ input }) => {
    const start = Number(input.NextToken ?? 0);
    return {
      vpcEndpointConnectionSet: Array.from({ length: 1000 }, (_, index) => connection(start + index)),
      ...(start < 2000 ? { nextToken: String(start + 1000) } : {}),
    };
  };
  const found = await client().connections(['vpce-svc-0123456789abcdef0']);
  expect(new Set(found.map(({ endpointId }) => endpointId)).size).toBe(3000);
});

test('no service at all costs no request', async () => {
  answers.DescribeVpcEndpointConnections = () => {
    throw new AwsError('InternalError', 'Nobody should have asked.', 500);
  };
  await expect(client().connections([])).resolves.toEqual([]);
});

test('more services than a filter takes are asked for in several requests', async () => {
  const asked: number[] = [];
  answers.DescribeVpcEndpointConnections = ({ input }) => {
    const [filter] = input.Filter as { Value: string[] }[];
    asked.push(filter?.Value.length ?? 0);
    return { vpcEndpointConnectionSet: [] };
  };
  await client().connections(Array.from({ length: 450 }, (_, index) => `vpce-svc-${String(index)}`));
  expect(asked).toEqual([200, 200, 50]);
});

test('what is missing or new in an answer is read carefully: no time is the oldest, no Region ours, a new word unknown', async () => {
  answers.DescribeVpcEndpointConnections = () => ({
    vpcEndpointConnectionSet: [{ vpcEndpointId: 'vpce-0000000000000000f', vpcEndpointState: 'quarantined' }],
  });
  await expect(client().connections(['vpce-svc-0123456789abcdef0'])).resolves.toEqual([
    {
      serviceId: '',
      endpointId: 'vpce-0000000000000000f',
      connectionId: '',
      ownerAccount: '',
      state: 'unknown',
      wireState: 'quarantined',
      createdAt: '1970-01-01T00:00:00.000Z',
      region: 'us-east-1',
      dnsNames: [],
    },
  ]);
});

test('a service of another stack is not managed, one that names no stack is', async () => {
  const tagged = (serviceId: string, stack?: string) => ({
    serviceId,
    tagSet: [
      { key: 'fivetran-privatelink', value: 'auto-accept' },
      ...(stack === undefined ? [] : [{ key: 'fivetran-privatelink-stack', value: stack }]),
    ],
  });
  answers.DescribeVpcEndpointServiceConfigurations = () => ({
    serviceConfigurationSet: [tagged('ours', 'app-prod'), tagged('theirs', 'app-dev'), tagged('brought')],
  });
  const managed = await client().managedServices('app-prod');
  expect(managed.map(({ serviceId }) => serviceId)).toEqual(['ours', 'brought']);
});

test('everybody is *, however EC2 says it', async () => {
  answers.DescribeVpcEndpointServicePermissions = () => ({
    allowedPrincipals: [
      { principalType: 'All' },
      { principalType: 'Account', principal: 'arn:aws:iam::834469178297:root' },
    ],
  });
  await expect(client().principals('vpce-svc-0123456789abcdef0')).resolves.toEqual([
    '*',
    'arn:aws:iam::834469178297:root',
  ]);
});

test('an acceptance that EC2 answers with 200 and refuses inside is no success', async () => {
  answers.AcceptVpcEndpointConnections = () => ({
    unsuccessful: [
      {
        resourceId: 'vpce-0000000000000000f',
        error: { code: 'InvalidVpcEndpointId.NotFound', message: 'No such endpoint.' },
      },
    ],
  });
  await expect(client().accept('vpce-svc-0123456789abcdef0', 'vpce-0000000000000000f')).resolves.toEqual({
    done: false,
    code: 'InvalidVpcEndpointId.NotFound',
    message: 'No such endpoint.',
  });
});

test('a service that is not ours is undefined, and a refusal names the permission to grant', async () => {
  answers.DescribeVpcEndpointServiceConfigurations = () => {
    throw new AwsError('InvalidVpcEndpointServiceId.NotFound', 'No such service.');
  };
  await expect(client().service('vpce-svc-0123456789abcdef0')).resolves.toBeUndefined();

  answers.DescribeVpcEndpointServiceConfigurations = () => {
    throw new AwsError('UnauthorizedOperation', 'You are not authorized.', 403);
  };
  const asking = client().service('vpce-svc-0123456789abcdef0');
  await expect(asking).rejects.toThrow(AccessDeniedError);
  await expect(asking).rejects.toThrow(/ec2:DescribeVpcEndpointServiceConfigurations/);
});
