import {
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type LoadBalancer as Description,
  type TargetGroup as GroupDescription,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { LoadBalancer, Target, TargetGroup } from '../../contracts/target-health.ts';
import { awsClientSettings, awsErrorName, callAws } from '../aws.ts';

/** Load balancers with their target groups and targets, read anew each time. */
export interface LoadBalancers {
  /** The load balancers that exist among those named, each with what it forwards to. */
  describe(arns: readonly string[]): Promise<LoadBalancer[]>;
}

export function createLoadBalancers(): LoadBalancers {
  const client = new ElasticLoadBalancingV2Client(awsClientSettings);

  async function describeOne(description: Description): Promise<LoadBalancer> {
    const arn = description.LoadBalancerArn ?? '';
    const [attributes, groups] = await Promise.all([
      callAws('elasticloadbalancing:DescribeLoadBalancerAttributes', () =>
        client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn })),
      ),
      groupsOf(arn),
    ]);
    return {
      name: description.LoadBalancerName ?? arn,
      arn,
      state: description.State?.Code ?? 'unknown',
      zones: (description.AvailabilityZones ?? []).flatMap(({ ZoneName }) => ZoneName ?? []),
      crossZone: attributeOf(attributes.Attributes, 'load_balancing.cross_zone.enabled') === 'true',
      securityGroups: description.SecurityGroups ?? [],
      // Matters only where a security group is attached, and is on unless it was switched off:
      // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancer.html
      enforcesSecurityGroups: description.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic !== 'off',
      targetGroups: await Promise.all(groups.map(describeGroup)),
    };
  }

  async function groupsOf(loadBalancerArn: string): Promise<GroupDescription[]> {
    const groups: GroupDescription[] = [];
    let marker: string | undefined;
    do {
      const page = await callAws('elasticloadbalancing:DescribeTargetGroups', () =>
        client.send(
          new DescribeTargetGroupsCommand({
            LoadBalancerArn: loadBalancerArn,
            ...(marker === undefined ? {} : { Marker: marker }),
          }),
        ),
      );
      groups.push(...(page.TargetGroups ?? []));
      marker = page.NextMarker === '' ? undefined : page.NextMarker;
    } while (marker !== undefined);
    return groups;
  }

  async function describeGroup(group: GroupDescription): Promise<TargetGroup> {
    const arn = group.TargetGroupArn ?? '';
    const [{ Attributes }, { TargetHealthDescriptions }] = await Promise.all([
      callAws('elasticloadbalancing:DescribeTargetGroupAttributes', () =>
        client.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: arn })),
      ),
      callAws('elasticloadbalancing:DescribeTargetHealth', () =>
        client.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn })),
      ),
    ]);
    return {
      name: group.TargetGroupName ?? arn,
      arn,
      protocol: group.Protocol ?? '',
      port: group.Port ?? 0,
      crossZone:
        attributeOf(Attributes, 'load_balancing.cross_zone.enabled') ?? 'use_load_balancer_configuration',
      proxyProtocol: attributeOf(Attributes, 'proxy_protocol_v2.enabled') === 'true',
      targets: (TargetHealthDescriptions ?? []).map(toTarget),
    };
  }

  return {
    async describe(arns) {
      if (arns.length === 0) return [];
      try {
        const { LoadBalancers: found } = await callAws('elasticloadbalancing:DescribeLoadBalancers', () =>
          client.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [...arns] })),
        );
        return await Promise.all((found ?? []).map(describeOne));
      } catch (error) {
        if (awsErrorName(error).startsWith('LoadBalancerNotFound')) return [];
        throw error;
      }
    },
  };
}

const attributeOf = (
  attributes: { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  key: string,
): string | undefined => attributes?.find(({ Key }) => Key === key)?.Value;

/** A target as our contracts know it. */
export function toTarget({ Target: target, TargetHealth: health }: TargetHealthDescription): Target {
  return {
    id: target?.Id ?? '',
    port: target?.Port ?? 0,
    zone: target?.AvailabilityZone ?? '',
    state: health?.State ?? 'unknown',
    reason: health?.Reason ?? '',
    description: health?.Description ?? '',
  };
}
