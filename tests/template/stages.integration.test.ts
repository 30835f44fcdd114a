import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDeployAccount, type DeployAccount } from './deploy-account.ts';
import { lint } from './lint.ts';
import { copyProject, type ProjectCopy } from './project-copy.ts';
import { resourcesOf, root, statementsIn, statementsOf, type Template } from './template.ts';

const example = readFileSync(path.join(root, 'params.example.yml'), 'utf8');
const broughtGroup =
  'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/billing/0123456789abcdef';
const large = `${example.replace('VpcCidr: 10.20.0.0/16', 'VpcCidr: [10.20.0.0/16, 10.21.0.0/16]\n  TargetRanges: 192.168.7.0/24')}
  - name: orders
    port: 5432
  - name: billing
    endpointServiceId: vpce-svc-0123456789abcdef0
    targetGroupArn: ${broughtGroup}
  - name: legacy
    endpointServiceId: vpce-svc-0123456789abcdef1
schedules:
  - { connectionId: assimilate_seem, expression: cron(15 6 * * ? *), timeZone: Europe/Berlin }
  - { connectionId: speak_inexpensive, expression: rate(6 hours), whenPaused: unpause }
`;

const far = example.replace('parameters:', 'parameters:\n  AllowedRegions: [us-east-1, eu-west-1]');
const bare = example.replace('    port: 5432', '    endpointServiceId: vpce-svc-0123456789abcdef0');

let projects: ProjectCopy[];
let account: DeployAccount;
/** Several sources, ranges and schedules. */
let prod: Template;
/** Another stage in the same account, for Fivetran in another Region. */
let test: Template;
/** As deployed: behind an endpoint service that exists already. */
let edge: Template;

beforeAll(async () => {
  account = await startDeployAccount();
  projects = await Promise.all([copyProject(), copyProject(), copyProject()]);
  const [first, second, third] = projects;
  const ended = await Promise.all([
    first!.package('prod', large),
    second!.package('test', far),
    third!.deploy('edge', bare, account.environment),
  ]);
  for (const { code, output } of ended) expect(code, output).toBe(0);
  prod = ended[0].template();
  test = ended[1].template();
  edge = account.requests.at(-1)!.template as Template;
  // Each packages on its own.
}, 600_000);
afterAll(async () => {
  await account.stop();
  await Promise.all(projects.map((project) => project.remove()));
});

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

it('a first deployment gives every template exactly parameters that it declares', () => {
  const [first, second] = account.requests;
  expect(account.requests).toHaveLength(2);
  expect(Object.keys(first?.template.Resources ?? {})).toContain('ServerlessDeploymentBucket');
  expect(first).toMatchObject({ operation: 'CreateStack' });
  expect(second).toMatchObject({ operation: 'UpdateStack' });
  expect(second?.given).toEqual(expect.arrayContaining(['VpcId', 'SubnetIds', 'VpcCidr', 'AlarmEmail']));
});

describe('a deployment with four sources and schedules', () => {
  it('stays below the limit of 500 resources', () => {
    expect(resourcesOf(prod, 'AWS::EC2::VPCEndpointService')).toHaveLength(2);
    expect(resourcesOf(prod, 'AWS::EC2::VPCEndpointConnectionNotification')).toHaveLength(4);
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
    path.join(projects[0]!.folder, '.serverless'),
  );
});

/** A security group's rules in one direction, with what the parameters say in place. */
function rulesOf({ Resources, Parameters }: Template, group: string, direction: string): string[] {
  const given: Record<string, string[]> = {
    VpcCidr: ['10.20.0.0/16', '10.21.0.0/16'],
    TargetRanges: ['192.168.7.0/24'],
  };
  const resolved = (value: unknown): unknown => {
    const text = JSON.stringify(value);
    const [, name = ''] = /"Ref":"(\w+)"/.exec(text) ?? [];
    const [, index] = /"Fn::Select":\[(\d+)/.exec(text) ?? [];
    if (name === '') return value;
    return index === undefined ? Parameters[name]?.Default : given[name]?.[Number(index)];
  };
  const rules = Resources[group]?.Properties[direction] as { FromPort: unknown; CidrIp: unknown }[];
  return rules.map(({ FromPort, CidrIp }) => `${String(resolved(FromPort))} ${String(resolved(CidrIp))}`);
}

describe('the security groups of four sources on one port, in several ranges', () => {
  const database = ['5432 10.20.0.0/16', '5432 10.21.0.0/16', '5432 192.168.7.0/24'];

  it('let the functions out to each port in each range, by no rule twice', () => {
    expect(rulesOf(prod, 'SourceAccessSecurityGroup', 'SecurityGroupEgress')).toEqual([
      '443 0.0.0.0/0',
      ...database,
    ]);
    expect(resourcesOf(prod, 'AWS::EC2::SecurityGroupEgress')).toEqual([]);
  });

  it('let each load balancer out to each range, and are handed out for the database to admit', () => {
    for (const source of ['Postgres', 'Orders']) {
      const group = `LoadBalancerSecurityGroup${source}`;
      expect(rulesOf(prod, group, 'SecurityGroupEgress')).toEqual(database);
      expect(prod.Outputs[`LoadBalancerSecurityGroupId${source}`]?.Value).toEqual({ Ref: group });
    }
  });

  it('let the whole VPC in to endpoints whose names are the whole VPC’s, and no further than to this account', () => {
    expect(rulesOf(prod, 'EndpointsSecurityGroup', 'SecurityGroupIngress')).toEqual([
      '443 10.20.0.0/16',
      '443 10.21.0.0/16',
    ]);
    const endpoints = resourcesOf(prod, 'AWS::EC2::VPCEndpoint');
    expect(endpoints).toHaveLength(4);
    for (const [, { Properties }] of endpoints) {
      const [statement] = statementsIn(Properties.PolicyDocument);
      expect(statement?.Condition).toEqual({
        StringEquals: { 'aws:ResourceAccount': { Ref: 'AWS::AccountId' } },
      });
    }
  });
});

it('a listener that Fivetran reaches from another Region is given the standard idle timeout, not left with its own', () => {
  const idleTimeout = (of: Template): unknown => of.Resources.ListenerPostgres?.Properties.ListenerAttributes;
  expect(idleTimeout(test)).toEqual([{ Key: 'tcp.idle_timeout.seconds', Value: '350' }]);
  expect(idleTimeout(prod)).toEqual([{ Key: 'tcp.idle_timeout.seconds', Value: '1800' }]);
});

/** What refresh-targets is told to follow, and what its role may change. */
function followed(template: Template): { setting: unknown; grants: unknown[][] } {
  const { Environment } = template.Resources.RefreshTargetsLambdaFunction!.Properties;
  const { TARGET_GROUPS: setting } = (Environment as { Variables: Record<string, unknown> }).Variables;
  const grants = statementsOf(template, 'RefreshTargetsLambdaRole')
    .filter(({ Action }) => Action.includes('elasticloadbalancing:RegisterTargets'))
    .map(({ Resource }) => Resource);
  return { setting, grants };
}

describe('the targets that follow a database', () => {
  it('are those of the groups that the stack makes and of those that are named, and of no other', () => {
    const made = ['TargetGroupPostgres', 'TargetGroupOrders'].map((logicalId) => ({ Ref: logicalId }));
    expect(followed(prod)).toEqual({
      setting: {
        'Fn::Join': [
          ',',
          [
            { 'Fn::Join': ['=', ['postgres', made[0]]] },
            { 'Fn::Join': ['=', ['orders', made[1]]] },
            { 'Fn::Join': ['=', ['billing', broughtGroup]] },
          ],
        ],
      },
      grants: [[...made, broughtGroup]],
    });
  });

  it('are none behind an endpoint service whose target group nobody named', () => {
    expect(followed(edge)).toEqual({ setting: '', grants: [] });
  });
});

it('two stages in one account give nothing the same name', () => {
  const names = new Set(namesIn(prod));
  expect(names.size).toBeGreaterThan(60);
  expect(namesIn(test).filter((name) => names.has(name))).toEqual([]);
});

it('a wrong parameter stops the packaging with a sentence that names it', async () => {
  const { code, output } = await projects[0]!.package(
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
