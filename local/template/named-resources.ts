import type { Provisioned, ResourceHandlers } from './resource-handler.ts';

/**
 * Types that get a name and an ARN here and nothing else: permissions, log groups, alarms and the like have no
 * effect on one machine, but others refer to them.
 */
const types: Record<string, { service: string; resource: string; nameProperty: string; regional: boolean }> =
  {
    'AWS::IAM::Role': { service: 'iam', resource: 'role/', nameProperty: 'RoleName', regional: false },
    'AWS::IAM::Policy': { service: 'iam', resource: 'policy/', nameProperty: 'PolicyName', regional: false },
    'AWS::IAM::ManagedPolicy': {
      service: 'iam',
      resource: 'policy/',
      nameProperty: 'ManagedPolicyName',
      regional: false,
    },
    'AWS::Logs::LogGroup': {
      service: 'logs',
      resource: 'log-group:',
      nameProperty: 'LogGroupName',
      regional: true,
    },
    'AWS::Logs::MetricFilter': {
      service: 'logs',
      resource: 'filter:',
      nameProperty: 'FilterName',
      regional: true,
    },
    'AWS::Logs::ResourcePolicy': {
      service: 'logs',
      resource: 'policy:',
      nameProperty: 'PolicyName',
      regional: true,
    },
    'AWS::S3::Bucket': { service: 's3', resource: '', nameProperty: 'BucketName', regional: false },
    'AWS::S3::BucketPolicy': { service: 's3', resource: '', nameProperty: 'Bucket', regional: false },
    'AWS::KMS::Key': { service: 'kms', resource: 'key/', nameProperty: 'KeyId', regional: true },
    'AWS::KMS::Alias': { service: 'kms', resource: '', nameProperty: 'AliasName', regional: true },
    'AWS::CloudWatch::Alarm': {
      service: 'cloudwatch',
      resource: 'alarm:',
      nameProperty: 'AlarmName',
      regional: true,
    },
    'AWS::CloudWatch::CompositeAlarm': {
      service: 'cloudwatch',
      resource: 'alarm:',
      nameProperty: 'AlarmName',
      regional: true,
    },
    'AWS::CloudWatch::Dashboard': {
      service: 'cloudwatch',
      resource: 'dashboard/',
      nameProperty: 'DashboardName',
      regional: false,
    },
    'AWS::RDS::EventSubscription': {
      service: 'rds',
      resource: 'es:',
      nameProperty: 'SubscriptionName',
      regional: true,
    },
    'AWS::Events::Archive': {
      service: 'events',
      resource: 'archive/',
      nameProperty: 'ArchiveName',
      regional: true,
    },
    'AWS::EC2::VPCEndpoint': {
      service: 'ec2',
      resource: 'vpc-endpoint/',
      nameProperty: 'Id',
      regional: true,
    },
  };

interface Account {
  accountId: string;
  region: string;
  stackName: string;
}

/** Handlers that give resources of these types their physical names. */
export function namedResources({ accountId, region, stackName }: Account): ResourceHandlers {
  return Object.fromEntries(
    Object.entries(types).map(([type, { service, resource, nameProperty, regional }]) => [
      type,
      (logicalId: string, properties: Record<string, unknown>): Provisioned => {
        const given = properties[nameProperty];
        const name = typeof given === 'string' ? given : `${stackName}-${logicalId}`;
        const place = service === 's3' ? '::' : `${regional ? region : ''}:${accountId}:`;
        const arn = `arn:aws:${service}:${place}${resource}${name}`;
        return { ref: name, attributes: { Arn: arn, Id: name } };
      },
    ]),
  );
}
