// What the functions inside the VPC may reach: the databases, and the endpoints of AWS services. A database's own
// security group has to admit this one on its port.
import { readDeployment } from '../scripts/parameters.ts';
import { databasePort, databaseRanges, oneForEachPort, tcpRules, vpcRanges } from './sources.js';

/** @param {{ options: { stage?: string, region?: string } }} framework */
function sourceAccess({ options }) {
  const { parameters, sources } = readDeployment({
    stage: options.stage ?? 'dev',
    region: options.region ?? 'us-east-1',
  });
  const ports = oneForEachPort(sources).map(databasePort);
  return {
    Resources: {
      SourceAccessSecurityGroup: {
        Type: 'AWS::EC2::SecurityGroup',
        Properties: {
          GroupDescription: 'Functions of ${self:service}-${sls:stage} that read the PostgreSQL source',
          VpcId: { Ref: 'VpcId' },
          SecurityGroupEgress: [
            // The gateway endpoint of DynamoDB keeps its public addresses; without NAT nothing else is behind them.
            ...tcpRules({
              ports: [443],
              ranges: ['0.0.0.0/0'],
              description:
                'To the VPC endpoints of DynamoDB, Secrets Manager, Elastic Load Balancing and EventBridge',
            }),
            ...tcpRules({ ports, ranges: databaseRanges(parameters), description: 'To the databases' }),
          ],
        },
      },
      EndpointsSecurityGroup: {
        Type: 'AWS::EC2::SecurityGroup',
        Condition: 'CreateEndpoints',
        Properties: {
          GroupDescription: 'Interface endpoints that ${self:service}-${sls:stage} made',
          VpcId: { Ref: 'VpcId' },
          // Their private DNS names are the whole VPC's: who else is in it asks AWS through them, too.
          SecurityGroupIngress: tcpRules({
            ports: [443],
            ranges: vpcRanges(parameters),
            description: 'From the VPC',
          }),
        },
      },
    },
    Outputs: {
      SourceAccessSecurityGroupId: {
        Description: "Security group that the database's security group has to admit on its port.",
        Value: { Ref: 'SourceAccessSecurityGroup' },
      },
    },
  };
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { sourceAccess as 'module.exports' };
