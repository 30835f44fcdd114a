import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAwsEndpoint, type AwsEndpoint } from '../../../local/aws/endpoint.ts';
import { pointAwsClientsAt } from '../../../tests/support/aws-client.ts';
import { createTargets } from './targets.ts';

const tagsOf: Record<string, Record<string, string>> = {
  ours: { 'fivetran-privatelink-source': 'postgres', 'fivetran-privatelink-stack': 'app-prod' },
  theirs: { 'fivetran-privatelink-source': 'postgres', 'fivetran-privatelink-stack': 'app-dev' },
  brought: { 'fivetran-privatelink-source': 'orders' },
  'of no source': {},
};
let endpoint: AwsEndpoint;

beforeAll(async () => {
  endpoint = await startAwsEndpoint({
    accountId: '111122223333',
    region: 'us-east-1',
    services: [
      {
        scope: 'elasticloadbalancing',
        protocols: [{ kind: 'query', version: '2015-12-01' }],
        operations: {
          DescribeTargetGroups: () => ({
            TargetGroups: Object.keys(tagsOf).map((TargetGroupArn) => ({
              TargetGroupArn,
              Port: 5432,
              TargetType: 'ip',
            })),
          }),
          DescribeTags: () => ({
            TagDescriptions: Object.entries(tagsOf).map(([ResourceArn, tags]) => ({
              ResourceArn,
              Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
            })),
          }),
        },
      },
    ],
  });
  pointAwsClientsAt(endpoint.url);
});
afterAll(() => endpoint.stop());

test('a target group follows the source that it names, unless it names another stack', async () => {
  expect(await createTargets().groups('app-prod')).toEqual([
    { arn: 'ours', port: 5432, source: 'postgres' },
    { arn: 'brought', port: 5432, source: 'orders' },
  ]);
});
