import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lint } from './lint.ts';
import { copyProject, type ProjectCopy } from './project-copy.ts';
import { resourcesOf, root, type Template } from './template.ts';

const example = readFileSync(path.join(root, 'params.example.yml'), 'utf8');
const large = `${example}
  - name: orders
    port: 5433
  - name: billing
    endpointServiceId: vpce-svc-0123456789abcdef0
schedules:
  - { connectionId: assimilate_seem, expression: cron(15 6 * * ? *), timeZone: Europe/Berlin }
  - { connectionId: speak_inexpensive, expression: rate(6 hours), whenPaused: unpause }
`;

let project: ProjectCopy;
let prod: Template;
let test: Template;

beforeAll(async () => {
  project = await copyProject();
  const first = await project.package('prod', large);
  expect(first, first.output).toMatchObject({ code: 0 });
  prod = first.template();
  const second = await project.package('test', example);
  expect(second, second.output).toMatchObject({ code: 0 });
  test = second.template();
  // Two packages are made, one after the other.
}, 600_000);
afterAll(() => project.remove());

/** Properties whose name ends so and that name something else than the resource itself. */
const otherNames = new Set(['ServiceName', 'StageName', 'MetricName', 'PolicyName']);

/** Names that the template gives, with what parameters say by default in place. */
function namesIn({ Resources, Outputs, Parameters }: Template): string[] {
  const resolved = (value: unknown): string =>
    JSON.stringify(value).replaceAll('${SecretPrefix}', Parameters.SecretPrefix?.Default as string);
  const ofResources = Object.values(Resources).flatMap(({ Type, Properties }) =>
    Object.entries(Properties)
      .filter(([property]) => property.endsWith('Name') && !otherNames.has(property))
      .filter(([, value]) => !/"Ref"|"Fn::GetAtt"/.test(JSON.stringify(value)))
      .map(([property, value]) => `${Type}.${property} ${resolved(value)}`),
  );
  const exported = Object.values(Outputs).flatMap((output) =>
    'Export' in output ? [`export ${resolved(output.Export)}`] : [],
  );
  return [...ofResources, ...exported];
}

vi.setConfig({ testTimeout: 300_000 });

describe('a deployment with three sources and schedules', () => {
  it('stays below the limit of 500 resources', () => {
    expect(resourcesOf(prod, 'AWS::EC2::VPCEndpointService')).toHaveLength(2);
    expect(resourcesOf(prod, 'AWS::EC2::VPCEndpointConnectionNotification')).toHaveLength(3);
    expect(resourcesOf(prod, 'AWS::Scheduler::Schedule')).toHaveLength(6);
    expect(Object.keys(prod.Resources).length).toBeLessThan(500);
  });

  it('hands out what people need: services to hand over, webhook, machines, dashboard', () => {
    expect(Object.keys(prod.Outputs)).toEqual(
      expect.arrayContaining([
        'SourceAccessSecurityGroupId',
        'LoadBalancerSecurityGroupIdPostgres',
        'EndpointServiceNamePostgres',
        'EndpointServiceNameOrders',
        'EndpointServiceNameBilling',
        'WebhookUrl',
        'AcceptEndpointMachineArn',
        'RunSyncMachineArn',
        'ConnectSourceMachineArn',
        'DashboardUrl',
      ]),
    );
  });

  lint('has no finding of cfn-lint but the framework’s redundant DependsOn', () =>
    path.join(project.folder, '.serverless'),
  );
});

it('two stages in one account give nothing the same name', () => {
  const names = new Set(namesIn(prod));
  expect(names.size).toBeGreaterThan(60);
  expect(namesIn(test).filter((name) => names.has(name))).toEqual([]);
});

it('a wrong parameter stops the packaging with a sentence that names it', async () => {
  const { code, output } = await project.package(
    'wrong',
    example.replace(/^ {2}VpcId:.*$/m, '  VpcID: vpc-1'),
  );
  expect(code).toBe(1);
  expect(output.trim()).toBe(
    'params.wrong.yml: parameter VpcID does not exist (docs/configuration.md lists them); parameter VpcId is required: VPC of the PostgreSQL source.',
  );
});

it('an alert is about the machines of its own stage, however the name of another one goes on', () => {
  const told = resourcesOf(prod, 'AWS::Events::Rule').flatMap(([, { Properties }]) => {
    const pattern = Properties.EventPattern as { detail?: { stateMachineArn?: unknown[] } };
    return pattern.detail?.stateMachineArn ?? [];
  });
  const arn = 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:';
  const machines = ['accept-endpoint', 'connect-source', 'run-sync'];
  expect(told).toEqual(machines.map((name) => ({ 'Fn::Sub': `${arn}fivetran-privatelink-prod-${name}` })));
});
