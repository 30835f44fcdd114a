import { expect } from 'vitest';
import type { Known, ServiceCases } from './case.ts';

const loadBalancer = ({ services: { refs } }: Known) => ({ LoadBalancerArn: refs.loadBalancer });
const listener = ({ services: { refs } }: Known) => ({ ListenerArn: refs.listener });
const group = ({ services: { refs } }: Known) => ({ TargetGroupArn: refs.targetGroup1 });
const crossZone = { Attributes: [{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }] };
const containing = (attributes: unknown[]) => ({
  Attributes: expect.arrayContaining(attributes) as unknown[],
});

/** A load balancer with two target groups and a listener. */
export const elbv2: ServiceCases = {
  service: 'elbv2',
  scope: 'elasticloadbalancing',
  cases: [
    {
      operation: 'DescribeLoadBalancers',
      input: ({ services: { refs } }) => ({ LoadBalancerArns: [refs.loadBalancer] }),
      output: ({ services: { refs } }) => ({
        LoadBalancers: [
          {
            LoadBalancerArn: refs.loadBalancer,
            Type: 'network',
            State: { Code: 'active' },
            SecurityGroups: [refs.securityGroup],
            EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'on',
            CreatedTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
          },
        ],
      }),
    },
    {
      operation: 'DescribeLoadBalancers',
      about: 'by a name that does not exist',
      input: () => ({ Names: ['absent'] }),
      error: { code: 'LoadBalancerNotFound', javascript: 'LoadBalancerNotFoundException' },
    },
    {
      operation: 'ModifyLoadBalancerAttributes',
      input: (known) => ({ ...loadBalancer(known), ...crossZone }),
      output: () => containing(crossZone.Attributes),
    },
    {
      operation: 'DescribeLoadBalancerAttributes',
      input: loadBalancer,
      output: () => containing(crossZone.Attributes),
    },
    {
      operation: 'ModifyLoadBalancerAttributes',
      about: 'with a key that does not exist',
      input: (known) => ({ ...loadBalancer(known), Attributes: [{ Key: 'no.such.key', Value: '1' }] }),
      error: 'ValidationError',
    },
    {
      operation: 'SetSecurityGroups',
      input: (known) => ({
        ...loadBalancer(known),
        SecurityGroups: [known.services.refs.securityGroup],
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
      }),
      output: () => ({ EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off' }),
    },
    {
      operation: 'DescribeTargetGroups',
      input: loadBalancer,
      output: (known) => ({
        TargetGroups: [{ ...group(known), Port: 5432, HealthCheckEnabled: true, TargetType: 'ip' }],
      }),
    },
    {
      operation: 'DescribeTargetGroups',
      about: 'in pages',
      singlePage: true,
      input: () => ({ PageSize: 1 }),
      output: (known) => ({
        TargetGroups: [group(known)],
        NextMarker: expect.any(String) as string,
      }),
      learn: (output, ids) => {
        ids.marker = String(output.NextMarker);
      },
    },
    {
      operation: 'DescribeTargetGroups',
      about: 'on the next page',
      singlePage: true,
      input: ({ ids }) => ({ PageSize: 1, Marker: ids.marker }),
      output: ({ services: { refs } }) => ({ TargetGroups: [{ TargetGroupArn: refs.targetGroup2 }] }),
    },
    {
      operation: 'ModifyTargetGroupAttributes',
      input: (known) => ({ ...group(known), ...crossZone }),
      output: () => containing(crossZone.Attributes),
    },
    {
      operation: 'DescribeTargetGroupAttributes',
      input: group,
      output: () => containing(crossZone.Attributes),
    },
    {
      operation: 'DescribeListeners',
      input: loadBalancer,
      output: (known) => ({
        Listeners: [
          { ...listener(known), Port: 5432, DefaultActions: [{ Type: 'forward', ...group(known) }] },
        ],
      }),
    },
    {
      operation: 'ModifyListenerAttributes',
      input: (known) => ({
        ...listener(known),
        Attributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '600' }],
      }),
      output: () => ({ Attributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '600' }] }),
    },
    {
      operation: 'DescribeListenerAttributes',
      input: listener,
      output: () => ({ Attributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '600' }] }),
    },
    {
      operation: 'RegisterTargets',
      input: (known) => ({ ...group(known), Targets: [{ Id: '127.0.0.1', Port: 5432 }] }),
      output: () => ({}),
    },
    {
      operation: 'RegisterTargets',
      about: 'of an address that is nowhere near',
      input: (known) => ({ ...group(known), Targets: [{ Id: '8.8.8.8' }] }),
      error: { code: 'InvalidTarget', javascript: 'InvalidTargetException' },
    },
    {
      operation: 'DescribeTargetHealth',
      input: group,
      output: () => ({
        TargetHealthDescriptions: [
          {
            Target: { Id: '127.0.0.1', Port: 5432, AvailabilityZone: 'us-east-1a' },
            HealthCheckPort: '5432',
            TargetHealth: { State: expect.stringMatching(/^(initial|unhealthy|healthy)$/) as string },
          },
        ],
      }),
    },
    {
      operation: 'DeregisterTargets',
      input: (known) => ({ ...group(known), Targets: [{ Id: '127.0.0.1', Port: 5432 }] }),
      output: () => ({}),
    },
    {
      operation: 'AddTags',
      input: ({ services: { refs } }) => ({
        ResourceArns: [refs.loadBalancer],
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '2' },
        ],
      }),
      output: () => ({}),
    },
    {
      operation: 'RemoveTags',
      input: ({ services: { refs } }) => ({ ResourceArns: [refs.loadBalancer], TagKeys: ['a'] }),
      output: () => ({}),
    },
    {
      operation: 'DescribeTags',
      input: ({ services: { refs } }) => ({ ResourceArns: [refs.loadBalancer] }),
      output: ({ services: { refs } }) => ({
        TagDescriptions: [{ ResourceArn: refs.loadBalancer, Tags: [{ Key: 'b', Value: '2' }] }],
      }),
    },
    { operation: 'DescribeAccountLimits', about: 'which is not there', error: 'InvalidAction' },
  ],
};
