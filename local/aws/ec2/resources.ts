import type { ResourceHandlers } from '../../template/resource-handler.ts';
import { createProperties } from '../properties.ts';
import { createNotification } from './notifications.ts';
import { allowPrincipals } from './permissions.ts';
import { createGroup } from './security-groups.ts';
import { createService } from './service-configurations.ts';
import { findService, type Ec2State } from './state.ts';
import { setTags } from './tags.ts';

/** CloudFormation's resources of EC2 that the template uses. */
export function ec2Resources(state: Ec2State): ResourceHandlers {
  const owner = state.accountId;
  return {
    'AWS::EC2::VPCEndpointService': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const service = createService(state, {
        owner,
        acceptanceRequired: properties.boolean('AcceptanceRequired') ?? true,
        networkLoadBalancerArns: properties.strings('NetworkLoadBalancerArns'),
        supportedRegions: properties.structures('SupportedRegions').map((region) => region.string('Region')),
        tags: properties.tags(),
      });
      return { ref: service.id, attributes: { ServiceId: service.id } };
    },

    'AWS::EC2::VPCEndpointServicePermissions': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const service = findService(state, properties.string('ServiceId'), owner);
      allowPrincipals(service, properties.strings('AllowedPrincipals'));
      return { ref: service.id };
    },

    'AWS::EC2::VPCEndpointConnectionNotification': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const serviceId = properties.string('ServiceId');
      findService(state, serviceId, owner);
      const { id } = createNotification(state, {
        owner,
        serviceId,
        topicArn: properties.string('ConnectionNotificationArn'),
        events: properties.strings('ConnectionEvents'),
      });
      return { ref: id, attributes: { VPCEndpointConnectionNotificationId: id } };
    },

    'AWS::EC2::SecurityGroup': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const rules = (name: string, egress: boolean) =>
        properties.structures(name).map((rule) => ({
          egress,
          protocol: rule.string('IpProtocol'),
          fromPort: rule.integer('FromPort') ?? -1,
          toPort: rule.integer('ToPort') ?? -1,
          cidr: rule.optionalString('CidrIp'),
          sourceGroupId: rule.optionalString(egress ? 'DestinationSecurityGroupId' : 'SourceSecurityGroupId'),
          description: rule.optionalString('Description'),
        }));
      const group = createGroup(state, {
        name: properties.optionalString('GroupName') ?? logicalId,
        description: properties.string('GroupDescription'),
        vpcId: properties.optionalString('VpcId') ?? state.network.vpcId,
        rules: [...rules('SecurityGroupIngress', false), ...rules('SecurityGroupEgress', true)],
      });
      setTags(state, group.id, properties.tags());
      return { ref: group.id, attributes: { GroupId: group.id, VpcId: group.vpcId, Id: group.id } };
    },
  };
}
