import { describe, expect, it } from 'vitest';
import { bundleOf, functions, referencesOf, resourcesOf, roleOf, statementsOf } from './template.ts';

/**
 * Actions that AWS cannot limit to a resource, each with the page that says so. Nothing else may be granted on `*`.
 */
const withoutResourceLevel: Record<string, string> = {
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
  'ec2:DescribeVpcEndpointConnections': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeVpcEndpointServiceConfigurations': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeVpcEndpointServicePermissions': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeVpcEndpointConnectionNotifications': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeSecurityGroupRules': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeSecurityGroups': 'Describe actions of EC2 have no resource types',
  'ec2:DescribeSubnets': 'Describe actions of EC2 have no resource types',
  'ec2:CreateNetworkInterface': 'what Lambda itself needs to join a VPC',
  'ec2:DescribeNetworkInterfaces': 'what Lambda itself needs to join a VPC',
  'ec2:DetachNetworkInterface': 'what Lambda itself needs to join a VPC',
  'ec2:DeleteNetworkInterface': 'what Lambda itself needs to join a VPC',
  'ec2:AssignPrivateIpAddresses': 'what Lambda itself needs to join a VPC',
  'ec2:UnassignPrivateIpAddresses': 'what Lambda itself needs to join a VPC',
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
  'elasticloadbalancing:DescribeLoadBalancers': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeLoadBalancerAttributes': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeTargetGroups': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeTargetGroupAttributes': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeTargetHealth': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeListeners': 'Describe actions of ELBv2 have no resource types',
  'elasticloadbalancing:DescribeTags': 'Describe actions of ELBv2 have no resource types',
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

const roles = resourcesOf('AWS::IAM::Role').map(([roleId]) => roleId);

describe('every role', () => {
  it.each(roles)('%s grants no action by a wildcard', (roleId) => {
    for (const { Action } of statementsOf(roleId)) {
      for (const action of Action) expect(action).not.toContain('*');
    }
  });

  it.each(roles)('%s grants on every resource only what AWS cannot limit', (roleId) => {
    for (const { Effect, Action, Resource } of statementsOf(roleId)) {
      if (Effect === 'Allow' && Resource.includes('*')) {
        for (const action of Action) expect(Object.keys(withoutResourceLevel), roleId).toContain(action);
      }
    }
  });
});

describe('a function is granted nothing that its bundle cannot ask for', () => {
  /** What Lambda needs around our code; no client of ours asks for it. */
  const ofTheRuntime = /^(logs:|xray:|ec2:\w+(NetworkInterfaces?|PrivateIpAddresses)$|sqs:SendMessage$|kms:)/;
  const anAction =
    /["'`]((?:dynamodb|ec2|elasticloadbalancing|events|secretsmanager|states|sts):[A-Z]\w+)["'`]/g;

  it.each(functions.map(({ folder, properties }) => [folder, roleOf(properties)]))('%s', (folder, roleId) => {
    // Every request of ours goes through callAws, which names its IAM action. The other way round, what a bundle
    // asks and its role lacks, is denied by the local stack in every test that runs on it.
    const asked = new Set([...bundleOf(folder).matchAll(anAction)].map(([, action]) => action));
    const granted = statementsOf(roleId)
      .flatMap(({ Action }) => Action)
      .filter((action) => !ofTheRuntime.test(action));
    expect(granted.filter((action) => !asked.has(action))).toEqual([]);
  });
});

describe('a machine may call what its definition names, and nothing else', () => {
  it.each(resourcesOf('AWS::StepFunctions::StateMachine'))('%s', (_, { Properties }) => {
    const called = referencesOf(
      (Properties.DefinitionString as { 'Fn::Sub': [string, unknown] })['Fn::Sub'][1],
    );
    const granted = statementsOf(roleOf(Properties))
      .filter(({ Action }) =>
        Action.some((action) => /^(lambda:InvokeFunction|states:StartExecution)$/.test(action)),
      )
      .flatMap(({ Resource }) => referencesOf(Resource));
    expect(granted.sort()).toEqual([...new Set(called)].sort());
  });
});
