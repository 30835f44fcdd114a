import { expect, it } from 'vitest';
import { broken, packaged, resourcesOf, type Template } from './template.ts';

/**
 * What may not be made anew while it is in use (Fivetran's endpoint hangs on the load balancer and its service, claims
 * and marks are in the table), with the properties whose change makes CloudFormation replace it: "Update requires:
 * Replacement" on these pages.
 */
const createOnly: Record<string, string[]> = {
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-elasticloadbalancingv2-loadbalancer.html
  'AWS::ElasticLoadBalancingV2::LoadBalancer': ['Name', 'Scheme', 'Type'],
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-vpcendpointservice.html: none
  'AWS::EC2::VPCEndpointService': [],
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-table.html
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'ImportSourceSpecification'],
};

/** Properties that an update could change, by a parameter, a condition or another resource, and so replace. */
function replaceable(template: Template): string[] {
  return Object.entries(createOnly).flatMap(([type, properties]) =>
    resourcesOf(template, type).flatMap(([logicalId, { Condition, Properties }]) => [
      ...(Condition === undefined ? [] : [`${logicalId} comes and goes with ${Condition}`]),
      ...properties
        .filter((property) => /"(Ref|Condition|Fn::\w+)":/.test(JSON.stringify(Properties[property] ?? null)))
        .map((property) => `${logicalId}.${property} depends on what an update may change`),
    ]),
  );
}

it('no update replaces a load balancer, an endpoint service or the ledger', () => {
  for (const type of Object.keys(createOnly)) expect(resourcesOf(packaged, type)).not.toEqual([]);
  expect(replaceable(packaged)).toEqual([]);
});

it('a name that follows a parameter is told', () => {
  const changed = broken(({ Ledger, LoadBalancerPostgres }) => {
    Ledger!.Properties.TableName = { 'Fn::Sub': '${SecretPrefix}-ledger' };
    LoadBalancerPostgres!.Condition = 'CreateEndpoints';
  });
  expect(replaceable(changed)).toEqual([
    'LoadBalancerPostgres comes and goes with CreateEndpoints',
    'Ledger.TableName depends on what an update may change',
  ]);
});
