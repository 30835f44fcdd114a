import type { ResourceHandlers } from '../../template/resource-handler.ts';
import type { Input } from '../input.ts';
import { createProperties } from '../properties.ts';
import { AwsError } from '../service.ts';
import { createListener, createLoadBalancer, createTargetGroup, type Elbv2State } from './state.ts';
import { registerTargets } from './targets.ts';

/** CloudFormation's resources of load balancing that the template uses. */
export function elbv2Resources(state: Elbv2State): ResourceHandlers {
  return {
    'AWS::ElasticLoadBalancingV2::LoadBalancer': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      if (properties.optionalString('Type') !== 'network') {
        throw new AwsError('ValidationError', `${logicalId}: only Network Load Balancers are served here.`);
      }
      const loadBalancer = createLoadBalancer(state, {
        name: properties.optionalString('Name') ?? logicalId,
        scheme: properties.optionalString('Scheme') ?? 'internet-facing',
        subnetIds: properties.strings('Subnets'),
        securityGroupIds: properties.strings('SecurityGroups'),
        enforceOnPrivateLink:
          properties.optionalString('EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic') !== 'off',
        attributes: pairs(properties, 'LoadBalancerAttributes'),
        tags: properties.tags(),
      });
      const { arn, dnsName, name } = loadBalancer;
      const fullName = arn.split(':loadbalancer/')[1] ?? '';
      return {
        ref: arn,
        attributes: {
          LoadBalancerArn: arn,
          DNSName: dnsName,
          LoadBalancerName: name,
          LoadBalancerFullName: fullName,
        },
      };
    },

    'AWS::ElasticLoadBalancingV2::TargetGroup': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const port = properties.integer('Port') ?? 0;
      const group = createTargetGroup(state, {
        name: properties.optionalString('Name') ?? logicalId,
        protocol: properties.string('Protocol'),
        port,
        vpcId: properties.string('VpcId'),
        targetType: properties.optionalString('TargetType') ?? 'instance',
        healthCheck: {
          protocol: properties.optionalString('HealthCheckProtocol') ?? 'TCP',
          port: properties.optionalString('HealthCheckPort') ?? 'traffic-port',
          intervalSeconds: properties.integer('HealthCheckIntervalSeconds') ?? 30,
          timeoutSeconds: properties.integer('HealthCheckTimeoutSeconds') ?? 10,
          healthyThreshold: properties.integer('HealthyThresholdCount') ?? 5,
          unhealthyThreshold: properties.integer('UnhealthyThresholdCount') ?? 2,
        },
        attributes: pairs(properties, 'TargetGroupAttributes'),
        tags: properties.tags(),
      });
      const targets = properties.structures('Targets').map((target) => ({
        id: target.string('Id'),
        port: target.integer('Port'),
        zone: target.optionalString('AvailabilityZone'),
      }));
      registerTargets(state, group, targets);
      const attributes = {
        TargetGroupArn: group.arn,
        TargetGroupName: group.name,
        TargetGroupFullName: group.arn.slice(group.arn.lastIndexOf(':') + 1),
      };
      return { ref: group.arn, attributes };
    },

    'AWS::ElasticLoadBalancingV2::Listener': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const [action] = properties.structures('DefaultActions');
      if (action?.string('Type') !== 'forward') {
        throw new AwsError('ValidationError', `${logicalId}: one forwarding default action is needed.`);
      }
      const listener = createListener(state, {
        loadBalancerArn: properties.string('LoadBalancerArn'),
        protocol: properties.string('Protocol'),
        port: properties.integer('Port') ?? 0,
        targetGroupArn: action.string('TargetGroupArn'),
        tags: [],
      });
      return { ref: listener.arn, attributes: { ListenerArn: listener.arn } };
    },
  };
}

const pairs = (properties: Input, name: string): [string, string][] =>
  properties.structures(name).map((pair) => [pair.string('Key'), pair.string('Value')]);
