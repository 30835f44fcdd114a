import {
  CreateTagsCommand,
  DeleteTagsCommand,
  EC2Client,
  ModifyVpcEndpointServiceConfigurationCommand,
  ModifyVpcEndpointServicePermissionsCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startStack, type LocalStack } from '../local/stack.ts';
import { createOperator, type Operator } from '../tests/support/operator.ts';

let stack: LocalStack;
let operator: Operator;
let ec2: EC2Client;
let ServiceId: string;

// Every command is a process of its own.
vi.setConfig({ testTimeout: 300_000 });

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
  operator = createOperator(stack.info);
  ServiceId = stack.info.endpointService.serviceId;
  ec2 = new EC2Client({
    endpoint: stack.info.awsEndpoint,
    region: stack.info.region,
    credentials: { accessKeyId: stack.info.accountId, secretAccessKey: 'local' },
  });
});
afterAll(() => stack.stop());

const tag = { Key: 'fivetran-privatelink', Value: 'auto-accept' };
const everybody = ['*'];

it('finds a whole stack whole, and exits with 0', async () => {
  const { output } = await operator.wholeDoctor();
  expect(output).toContain('targets.health');
  expect(output).toMatch(/^ok +permission\.accept +Your own credentials may accept endpoints/m);
  expect(output).not.toContain('BROKEN');
});

it.each([
  {
    name: 'an empty secret',
    breakIt: () => stack.secrets.put('fivetran-privatelink/dev/slack', {}),
    mend: () => stack.secrets.put('fivetran-privatelink/dev/slack', { botToken: stack.slack.botToken }),
    says: /^BROKEN +secret\.slack +The secret \S+\/slack is not complete/m,
  },
  {
    name: 'a service without our tag',
    breakIt: () => ec2.send(new DeleteTagsCommand({ Resources: [ServiceId], Tags: [tag] })),
    mend: () => ec2.send(new CreateTagsCommand({ Resources: [ServiceId], Tags: [tag] })),
    says: /^BROKEN +service\.tag +No endpoint service carries the tag/m,
  },
  {
    name: 'a service that lets in without asking',
    breakIt: () =>
      ec2.send(new ModifyVpcEndpointServiceConfigurationCommand({ ServiceId, AcceptanceRequired: false })),
    mend: () =>
      ec2.send(new ModifyVpcEndpointServiceConfigurationCommand({ ServiceId, AcceptanceRequired: true })),
    says: /^BROKEN +service\.acceptance +vpce-svc-\w+ accepts everybody by itself/m,
  },
  {
    name: 'a service that everybody may ask',
    breakIt: () =>
      ec2.send(
        new ModifyVpcEndpointServicePermissionsCommand({ ServiceId, AddAllowedPrincipals: everybody }),
      ),
    mend: () =>
      ec2.send(
        new ModifyVpcEndpointServicePermissionsCommand({ ServiceId, RemoveAllowedPrincipals: everybody }),
      ),
    says: /^BROKEN +service\.principals +May ask to connect to vpce-svc-\w+: everybody/m,
  },
  {
    name: "a key that is not Fivetran's",
    breakIt: () =>
      stack.secrets.put('fivetran-privatelink/dev/fivetran', { apiKey: 'wrong', apiSecret: 'wrong' }),
    mend: () =>
      stack.secrets.put('fivetran-privatelink/dev/fivetran', {
        apiKey: stack.fivetran.apiKey,
        apiSecret: stack.fivetran.apiSecret,
      }),
    says: /^BROKEN +fivetran\.api/m,
  },
])('names $name, shows everything else, and exits with 1', async ({ breakIt, mend, says }) => {
  await breakIt();
  const { code, output } = await operator.run('doctor');
  await mend();
  expect(output).toMatch(says);
  expect(output).toMatch(/^ok +secret\.databricks/m);
  expect(code).toBe(1);
  expect(output.match(/^BROKEN/gm)).toHaveLength(1);
});

it('warns of a webhook that is not there, which is not broken yet, as JSON', async () => {
  const { fivetranUrl, fivetranApiKey, fivetranApiSecret } = stack.info;
  const headers = { authorization: `Basic ${btoa(`${fivetranApiKey}:${fivetranApiSecret}`)}` };
  const response = await fetch(`${fivetranUrl}/v1/webhooks`, { headers });
  const { data } = (await response.json()) as { data: { items: { id: string }[] } };
  for (const { id } of data.items) {
    await fetch(`${fivetranUrl}/v1/webhooks/${id}`, { method: 'DELETE', headers });
  }
  const { code, output } = await operator.run('doctor', '--json');
  const { status, findings } = JSON.parse(output) as {
    status: string;
    findings: { check: string; status: string }[];
  };
  expect({ code, status }).toEqual({ code: 0, status: 'warning' });
  expect(findings).toContainEqual(expect.objectContaining({ check: 'fivetran.webhook', status: 'warning' }));
  expect((await operator.run('webhook')).code).toBe(0);
});

it('names a target that is not there', async () => {
  const group = [...stack.provisioned.resources.values()].find(
    ({ type }) => type === 'AWS::ElasticLoadBalancingV2::TargetGroup',
  );
  stack.elbv2.deregister(group!.ref, stack.postgres.host, stack.postgres.port);
  const { code, output } = await operator.run('doctor');
  expect(output).toMatch(/^BROKEN +targets\.health/m);
  expect(code).toBe(1);
});

it('says that a stack is not there, and what to check', async () => {
  const { code, output } = await operator.run('doctor', '--stage', 'nowhere');
  expect(output).toMatch(/^BROKEN +stack .*fivetran-privatelink-nowhere-readSync/m);
  expect(output).toContain('Check the credentials');
  expect(code).toBe(1);
});
