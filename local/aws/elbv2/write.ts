import type { Listener, LoadBalancer, TargetGroup } from './model.ts';
import { loadBalancersOf, type Elbv2State } from './state.ts';

/** As DescribeLoadBalancers lists it. */
export function writeLoadBalancer(state: Elbv2State, loadBalancer: LoadBalancer): unknown {
  return {
    LoadBalancerArn: loadBalancer.arn,
    DNSName: loadBalancer.dnsName,
    CanonicalHostedZoneId: 'Z26RNL4JYFTOTI',
    CreatedTime: loadBalancer.createdAt,
    LoadBalancerName: loadBalancer.name,
    Scheme: loadBalancer.scheme,
    VpcId: loadBalancer.vpcId,
    State: { Code: 'active' },
    Type: 'network',
    AvailabilityZones: state.network.subnets
      .filter(({ id }) => loadBalancer.subnetIds.includes(id))
      .map(({ id, zone }) => ({ ZoneName: zone.name, SubnetId: id, LoadBalancerAddresses: [] })),
    SecurityGroups: loadBalancer.securityGroupIds,
    IpAddressType: 'ipv4',
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic:
      loadBalancer.securityGroupIds.length === 0
        ? undefined
        : loadBalancer.enforceOnPrivateLink
          ? 'on'
          : 'off',
  };
}

/** As DescribeTargetGroups lists it. */
export function writeTargetGroup(state: Elbv2State, group: TargetGroup): unknown {
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: group.protocol,
    Port: group.port,
    VpcId: group.vpcId,
    HealthCheckProtocol: group.healthCheck.protocol,
    HealthCheckPort: group.healthCheck.port,
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: group.healthCheck.intervalSeconds,
    HealthCheckTimeoutSeconds: group.healthCheck.timeoutSeconds,
    HealthyThresholdCount: group.healthCheck.healthyThreshold,
    UnhealthyThresholdCount: group.healthCheck.unhealthyThreshold,
    LoadBalancerArns: loadBalancersOf(state, group.arn).map(({ arn }) => arn),
    TargetType: group.targetType,
    IpAddressType: 'ipv4',
  };
}

/** As DescribeListeners lists it. */
export function writeListener(listener: Listener): unknown {
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: listener.loadBalancerArn,
    Port: listener.port,
    Protocol: listener.protocol,
    DefaultActions: [
      {
        Type: 'forward',
        TargetGroupArn: listener.targetGroupArn,
        Order: 1,
        ForwardConfig: { TargetGroups: [{ TargetGroupArn: listener.targetGroupArn }] },
      },
    ],
  };
}
