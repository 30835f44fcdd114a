import { describe, expect, it } from 'vitest';
import path from 'node:path';
import { createCallGraph } from './asked-actions.ts';
import {
  broken,
  functionsOf,
  packaged,
  referencesOf,
  resourcesOf,
  roleOf,
  root,
  statementsIn,
  statementsOf,
  type Resource,
  type Template,
} from './template.ts';

/**
 * Actions that AWS cannot limit to a resource, each with the page that says so. Nothing else may be granted on `*`.
 */
const withoutResourceLevel: Record<string, string> = {
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
  'ec2:DescribeVpcEndpointConnections': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeVpcEndpointServiceConfigurations': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeVpcEndpointServicePermissions': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeSubnets': 'Describe actions of EC2 have no resource types',
  'ec2:CreateNetworkInterface': 'what Lambda itself needs to join a VPC',
  'ec2:DescribeNetworkInterfaces': 'what Lambda itself needs to join a VPC',
  'ec2:DeleteNetworkInterface': 'what Lambda itself needs to join a VPC',
  'ec2:AssignPrivateIpAddresses': 'what Lambda itself needs to join a VPC',
  'ec2:UnassignPrivateIpAddresses': 'what Lambda itself needs to join a VPC',
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
  'elasticloadbalancing:DescribeLoadBalancers': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeLoadBalancerAttributes': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeTargetGroups': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeTargetGroupAttributes': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeTargetHealth': 'Describe actions of ELBv2 have no resource types',
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
  'xray:PutTraceSegments': 'X-Ray has no resource types for segments',
  'xray:PutTelemetryRecords': 'X-Ray has no resource types for segments',
  // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
  'logs:CreateLogDelivery': 'log delivery has no resource types',
  'logs:GetLogDelivery': 'log delivery has no resource types',
  'logs:UpdateLogDelivery': 'log delivery has no resource types',
  'logs:DeleteLogDelivery': 'log delivery has no resource types',
  'logs:ListLogDeliveries': 'log delivery has no resource types',
  'logs:PutResourcePolicy': 'log delivery has no resource types',
  'logs:DescribeResourcePolicies': 'log delivery has no resource types',
  'logs:DescribeLogGroups': 'log delivery has no resource types',
  'xray:GetSamplingRules': 'X-Ray has no resource types for sampling',
  'xray:GetSamplingTargets': 'X-Ray has no resource types for sampling',
};

/** Grants of a role that are wider than they must be: a pattern of actions, or everything where less is possible. */
function tooWide(template: Template): string[] {
  return resourcesOf(template, 'AWS::IAM::Role').flatMap(([roleId, { Properties }]) => [
    ...((Properties.ManagedPolicyArns ?? []) as unknown[]).map(() => `${roleId} has a managed policy`),
    ...statementsOf(template, roleId)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action, Resource }) =>
        Action.flatMap((action) => {
          if (action.includes('*')) return [`${roleId} may ${action}`];
          const isWide = Resource.includes('*') && !(action in withoutResourceLevel);
          return isWide ? [`${roleId} may ${action} on everything`] : [];
        }),
      ),
  ]);
}

/** Resource policies that let a service in without saying on whose behalf (confused deputy). */
function unconditional(template: Template): string[] {
  return ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy', 'AWS::KMS::Key'].flatMap((type) =>
    resourcesOf(template, type).flatMap(([logicalId, { Properties }]) =>
      statementsIn(Properties.PolicyDocument ?? Properties.KeyPolicy)
        .filter((statement) => JSON.stringify(statement).includes('"Service"'))
        .filter(({ Condition }) => !/aws:Source(Arn|Account)/.test(JSON.stringify(Condition ?? {})))
        .map(({ Action }) => `${logicalId} lets anybody's ${Action.join(', ')} in`),
    ),
  );
}

/** Roles that a service which acts for whole accounts may take on without saying on whose behalf. */
function takenOnForAnybody(template: Template): string[] {
  return resourcesOf(template, 'AWS::IAM::Role')
    .filter(([, { Properties }]) => {
      const trust = JSON.stringify(Properties.AssumeRolePolicyDocument);
      // Lambda takes on a role for the function that carries it, and for no event.
      return !trust.includes('"lambda.amazonaws.com"') && !trust.includes('"aws:SourceArn"');
    })
    .map(([roleId]) => roleId);
}

/** Roles that nothing in the template runs as. */
function unused(template: Template): string[] {
  const others = Object.entries(template.Resources);
  return resourcesOf(template, 'AWS::IAM::Role')
    .map(([roleId]) => roleId)
    .filter(
      (roleId) =>
        !others.some(([id, { Properties }]) => id !== roleId && referencesOf(Properties).includes(roleId)),
    );
}

/** What Lambda needs around our code; no client of ours asks for it. */
const ofTheRuntime =
  /^(logs:|xray:|kms:|sqs:SendMessage$|ec2:\w+(NetworkInterfaces?|PrivateIpAddresses)$|ec2:DescribeSubnets$)/;

/** Differences between what a function's code can ask AWS for and what its role allows. */
function unmatched(template: Template, actionsOf: (folder: string) => string[]): string[] {
  return functionsOf(template).flatMap(({ folder, properties }) => {
    const granted = statementsOf(template, roleOf(properties))
      .flatMap(({ Action }) => Action)
      .filter((action) => !ofTheRuntime.test(action));
    const asked = actionsOf(folder);
    return [
      ...asked.filter((action) => !granted.includes(action)).map((action) => `${folder} lacks ${action}`),
      ...granted
        .filter((action) => !asked.includes(action))
        .map((action) => `${folder} has ${action} and never asks it`),
    ];
  });
}

/** Differences between what a machine's definition calls and what its role allows. */
function unmatchedMachines(template: Template): string[] {
  return resourcesOf(template, 'AWS::StepFunctions::StateMachine').flatMap(([machineId, { Properties }]) => {
    const definition = Properties.DefinitionString as { 'Fn::Sub': [string, unknown] };
    const called = [...new Set(referencesOf(definition['Fn::Sub'][1]))].sort();
    const granted = statementsOf(template, roleOf(Properties))
      .filter(({ Action }) =>
        Action.some((action) => /^(lambda:InvokeFunction|states:StartExecution)$/.test(action)),
      )
      .flatMap(({ Resource }) => referencesOf(Resource));
    return [
      ...called.filter((id) => !granted.includes(id)).map((id) => `${machineId} may not call ${id}`),
      ...granted.filter((id) => !called.includes(id)).map((id) => `${machineId} may call ${id}`),
    ];
  });
}

/** Adds a statement to a role of a copy. */
function grant(role: Resource | undefined, Action: string, Resource: unknown): void {
  const [policy] = role!.Properties.Policies as { PolicyDocument: { Statement: unknown[] } }[];
  policy!.PolicyDocument.Statement.push({ Effect: 'Allow', Action, Resource });
}

/** Takes every statement with an action from a role of a copy. */
function revoke(role: Resource | undefined, action: string): void {
  const [policy] = role!.Properties.Policies as { PolicyDocument: { Statement: { Action: unknown }[] } }[];
  const { PolicyDocument } = policy!;
  PolicyDocument.Statement = PolicyDocument.Statement.filter(
    ({ Action }) => !JSON.stringify(Action).includes(`"${action}"`),
  );
}

describe('every role', () => {
  it('allows no pattern of actions, and everything only where AWS cannot limit it', () => {
    expect(tooWide(packaged)).toEqual([]);
    const wide = broken(({ NotifyLambdaRole, ReadSyncLambdaRole, StartSyncLambdaRole }) => {
      grant(NotifyLambdaRole, 'dynamodb:*', { 'Fn::GetAtt': ['Ledger', 'Arn'] });
      grant(ReadSyncLambdaRole, 'dynamodb:Scan', '*');
      StartSyncLambdaRole!.Properties.ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    });
    expect(tooWide(wide).sort()).toEqual([
      'NotifyLambdaRole may dynamodb:*',
      'ReadSyncLambdaRole may dynamodb:Scan on everything',
      'StartSyncLambdaRole has a managed policy',
    ]);
  });

  it('needs every exception that the list makes', () => {
    const everywhere = new Set(
      resourcesOf(packaged, 'AWS::IAM::Role')
        .flatMap(([roleId]) => statementsOf(packaged, roleId))
        .filter(({ Resource }) => Resource.includes('*'))
        .flatMap(({ Action }) => Action),
    );
    expect(Object.keys(withoutResourceLevel).filter((action) => !everywhere.has(action))).toEqual([]);
  });

  it('is taken on for a rule, schedule or machine of this account only', () => {
    expect(takenOnForAnybody(packaged)).toEqual([]);
    const open = broken(({ EventsRole }) => {
      const { Statement } = EventsRole!.Properties.AssumeRolePolicyDocument as {
        Statement: { Condition?: unknown }[];
      };
      delete Statement[0]!.Condition;
    });
    expect(takenOnForAnybody(open)).toEqual(['EventsRole']);
  });

  it('is used', () => {
    expect(unused(packaged)).toEqual([]);
    expect(unused(broken((resources) => delete resources.NotifyLambdaFunction))).toEqual([
      'NotifyLambdaRole',
    ]);
  });
});

describe('the policies of queues, topics and the key', () => {
  it('let a service in on behalf of this account only', () => {
    expect(unconditional(packaged)).toEqual([]);
    const open = broken(({ UndeliveredEventsPolicy }) => {
      const [statement] = (
        UndeliveredEventsPolicy!.Properties.PolicyDocument as { Statement: { Condition?: unknown }[] }
      ).Statement;
      delete statement!.Condition;
    });
    expect(unconditional(open)).toEqual(["UndeliveredEventsPolicy lets anybody's sqs:SendMessage in"]);
  });
});

// The compiler reads the whole project.
describe('the role of a function', { timeout: 120_000 }, () => {
  const fileOf = (folder: string): string => path.join(root, 'functions', folder, 'handler.ts');
  const graph = createCallGraph(
    root,
    functionsOf(packaged).map(({ folder }) => fileOf(folder)),
  );
  const actionsOf = (folder: string): string[] => graph.actionsOf(fileOf(folder));

  it('allows exactly what its code can ask AWS for', () => {
    expect(actionsOf('check-endpoint')).toEqual(['ec2:DescribeVpcEndpointConnections']);
    expect(unmatched(packaged, actionsOf)).toEqual([]);
  });

  it('is told when it lacks an action, and when it has one too many', () => {
    const changed = broken(({ CheckEndpointLambdaRole, StartSyncLambdaRole }) => {
      revoke(CheckEndpointLambdaRole, 'ec2:DescribeVpcEndpointConnections');
      grant(StartSyncLambdaRole, 'dynamodb:DeleteItem', { 'Fn::GetAtt': ['Ledger', 'Arn'] });
    });
    expect(unmatched(changed, actionsOf)).toEqual([
      'check-endpoint lacks ec2:DescribeVpcEndpointConnections',
      'start-sync has dynamodb:DeleteItem and never asks it',
    ]);
  });
});

describe('the role of a machine', () => {
  it('may call what its definition names, and nothing else', () => {
    expect(unmatchedMachines(packaged)).toEqual([]);
    const changed = broken(({ RunSyncRole, AcceptEndpointRole }) => {
      revoke(RunSyncRole, 'lambda:InvokeFunction');
      grant(AcceptEndpointRole, 'lambda:InvokeFunction', {
        'Fn::GetAtt': ['MarkSourceLambdaFunction', 'Arn'],
      });
    });
    expect(unmatchedMachines(changed)).toContain('RunSyncMachine may not call NotifyLambdaFunction');
    expect(unmatchedMachines(changed)).toContain('AcceptEndpointMachine may call MarkSourceLambdaFunction');
  });
});
