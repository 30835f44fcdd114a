// The provider side, once for each source: what stands between Fivetran's endpoint and the database.
// A generator, because YAML cannot loop over the sources of params.yml.
import { readDeployment } from '../scripts/parameters.ts';
import { pascalCase } from './names.js';
import { databasePort, databaseRanges, oneForEachPort, tcpRules } from './sources.js';

/** Enough for a query that sorts for half an hour before its first row. */
const longIdleTimeoutSeconds = 1800;

/**
 * The load balancer's own: cross-Region PrivateLink refuses any other. Written out, because a listener keeps what it
 * was once given when the attribute is merely left out.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html
 */
const standardIdleTimeoutSeconds = 350;

const serviceArn = (/** @type {unknown} */ id) => ({
  'Fn::Sub': [
    'arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc-endpoint-service/${Service}',
    { Service: id },
  ],
});

/**
 * @param {import('../scripts/parameters.ts').Source} source
 * @param {{ accounts: number, crossRegion: boolean, regions: string[], ranges: unknown[] }} deployment
 */
function pathTo(source, { accounts, crossRegion, regions, ranges }) {
  const suffix = pascalCase(source.name);
  const tag = `\${self:service}-\${sls:stage}-${source.name}`;
  const idleTimeoutSeconds = crossRegion
    ? standardIdleTimeoutSeconds
    : (source.idleTimeoutSeconds ?? longIdleTimeoutSeconds);
  return {
    [`TargetGroup${suffix}`]: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: {
        TargetType: 'ip',
        Protocol: 'TCP',
        Port: databasePort(source),
        VpcId: { Ref: 'VpcId' },
        HealthCheckProtocol: 'TCP',
        HealthCheckIntervalSeconds: 10,
        HealthyThresholdCount: 3,
        UnhealthyThresholdCount: 3,
        TargetGroupAttributes: [
          // After a fail-over the old address must not keep connections for five minutes.
          { Key: 'deregistration_delay.timeout_seconds', Value: '0' },
          { Key: 'deregistration_delay.connection_termination.enabled', Value: 'true' },
        ],
        Tags: [{ Key: 'Name', Value: tag }],
      },
    },
    [`LoadBalancerSecurityGroup${suffix}`]: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: `Load balancer in front of the PostgreSQL source ${source.name}`,
        VpcId: { Ref: 'VpcId' },
        SecurityGroupEgress: tcpRules({
          ports: [databasePort(source)],
          ranges,
          description: 'To the database, health checks included',
        }),
      },
    },
    [`LoadBalancer${suffix}`]: {
      Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      Properties: {
        Type: 'network',
        Scheme: 'internal',
        Subnets: { Ref: 'SubnetIds' },
        SecurityGroups: [{ Ref: `LoadBalancerSecurityGroup${suffix}` }],
        // Fivetran's addresses are unknown and only accepted endpoints get here, so PrivateLink traffic is not held
        // against the group's (empty) inbound rules; all other inbound traffic is.
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
        LoadBalancerAttributes: [
          // PrivateLink is zonal: without it, a zone whose target is elsewhere leads nowhere.
          { Key: 'load_balancing.cross_zone.enabled', Value: 'true' },
        ],
        Tags: [{ Key: 'Name', Value: tag }],
      },
    },
    [`Listener${suffix}`]: {
      Type: 'AWS::ElasticLoadBalancingV2::Listener',
      Properties: {
        LoadBalancerArn: { Ref: `LoadBalancer${suffix}` },
        Protocol: 'TCP',
        Port: databasePort(source),
        DefaultActions: [{ Type: 'forward', TargetGroupArn: { Ref: `TargetGroup${suffix}` } }],
        ListenerAttributes: [{ Key: 'tcp.idle_timeout.seconds', Value: String(idleTimeoutSeconds) }],
      },
    },
    [`EndpointService${suffix}`]: {
      Type: 'AWS::EC2::VPCEndpointService',
      DependsOn: `Listener${suffix}`,
      Properties: {
        AcceptanceRequired: true,
        NetworkLoadBalancerArns: [{ Ref: `LoadBalancer${suffix}` }],
        ...(crossRegion ? { SupportedRegions: regions } : {}),
        Tags: [
          { Key: 'Name', Value: tag },
          { Key: 'fivetran-privatelink', Value: 'auto-accept' },
          { Key: 'fivetran-privatelink-source', Value: source.name },
          { Key: 'fivetran-privatelink-stack', Value: '${self:service}-${sls:stage}' },
        ],
      },
    },
    [`EndpointServicePermissions${suffix}`]: {
      Type: 'AWS::EC2::VPCEndpointServicePermissions',
      Properties: {
        ServiceId: { Ref: `EndpointService${suffix}` },
        AllowedPrincipals: Array.from({ length: accounts }, (_, index) => ({
          'Fn::Sub': [
            'arn:${AWS::Partition}:iam::${Account}:root',
            { Account: { 'Fn::Select': [index, { Ref: 'FivetranAccounts' }] } },
          ],
        })),
      },
    },
  };
}

/** @param {{ options: { stage?: string, region?: string } }} framework */
function privateLink({ options }) {
  const region = options.region ?? 'us-east-1';
  const { parameters, sources } = readDeployment({ stage: options.stage ?? 'dev', region });
  const regions = (parameters['AllowedRegions'] ?? region).split(',');
  const deployment = {
    accounts: (parameters['FivetranAccounts'] ?? '834469178297').split(',').length,
    crossRegion: regions.some((name) => name !== region),
    regions,
    ranges: databaseRanges(parameters),
  };
  const built = sources.filter(({ endpointServiceId }) => endpointServiceId === undefined);
  const serviceIds = sources.map(({ name, endpointServiceId }) => ({
    suffix: pascalCase(name),
    name,
    id: endpointServiceId ?? { Ref: `EndpointService${pascalCase(name)}` },
  }));
  return {
    Parameters: Object.fromEntries(
      [...new Set([...built, ...oneForEachPort(sources)])].map(({ name, port }) => [
        `DatabasePort${pascalCase(name)}`,
        {
          Type: 'Number',
          Default: port,
          MinValue: 1,
          MaxValue: 65_535,
          Description: `Port that PostgreSQL listens on at the source ${name}.`,
        },
      ]),
    ),
    Resources: {
      ...Object.assign({}, ...built.map((source) => pathTo(source, deployment))),
      EndpointNotificationsPolicy: {
        Type: 'AWS::SNS::TopicPolicy',
        Properties: {
          Topics: [{ Ref: 'EndpointNotifications' }],
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: 'vpce.amazonaws.com' },
                Action: 'sns:Publish',
                Resource: { Ref: 'EndpointNotifications' },
                // Both conditions keep another account's endpoint service from speaking through ours (confused deputy):
                // https://docs.aws.amazon.com/vpc/latest/privatelink/create-notification-endpoint-service.html
                Condition: {
                  ArnLike: { 'aws:SourceArn': serviceIds.map(({ id }) => serviceArn(id)) },
                  StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
                },
              },
            ],
          },
        },
      },
      ...Object.fromEntries(
        serviceIds.map(({ suffix, id }) => [
          `EndpointConnectionNotification${suffix}`,
          {
            Type: 'AWS::EC2::VPCEndpointConnectionNotification',
            DependsOn: 'EndpointNotificationsPolicy',
            Properties: {
              ServiceId: id,
              ConnectionNotificationArn: { Ref: 'EndpointNotifications' },
              ConnectionEvents: ['Connect', 'Accept', 'Reject', 'Delete'],
            },
          },
        ]),
      ),
    },
    Outputs: Object.fromEntries([
      ...built.map(({ name }) => [
        `LoadBalancerSecurityGroupId${pascalCase(name)}`,
        {
          Description: `Security group that the security group of the source ${name} has to admit on its port.`,
          Value: { Ref: `LoadBalancerSecurityGroup${pascalCase(name)}` },
        },
      ]),
      ...serviceIds.flatMap(({ suffix, name, id }) => [
        [`EndpointServiceId${suffix}`, { Description: `Endpoint service of the source ${name}.`, Value: id }],
        [
          `EndpointServiceName${suffix}`,
          {
            Description: `Name to hand to Fivetran for the source ${name}.`,
            Value: { 'Fn::Sub': ['com.amazonaws.vpce.${AWS::Region}.${Service}', { Service: id }] },
          },
        ],
      ]),
    ]),
  };
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { privateLink as 'module.exports' };
