import {
  DescribeVpcEndpointConnectionsCommand,
  type EC2Client,
  type VpcEndpointConnection,
} from '@aws-sdk/client-ec2';

/** An endpoint's connection to our service as EC2 shows it; undefined when it is not listed. */
export async function findConnection(
  ec2: EC2Client,
  serviceId: string,
  endpointId: string,
): Promise<VpcEndpointConnection | undefined> {
  const { VpcEndpointConnections = [] } = await ec2.send(
    new DescribeVpcEndpointConnectionsCommand({ Filters: [{ Name: 'service-id', Values: [serviceId] }] }),
  );
  return VpcEndpointConnections.find(({ VpcEndpointId }) => VpcEndpointId === endpointId);
}
