import { CreateVpcEndpointCommand, type EC2Client } from '@aws-sdk/client-ec2';

/**
 * Settings for an AWS client that speaks to the local endpoint as one account: an access key id of twelve digits is
 * that account, any other one the stack's own. One try only, so that a test sees the first error.
 */
export const localAwsClient = (endpoint: string, accessKeyId = 'AKIALOCAL', region = 'us-east-1') => ({
  region,
  endpoint,
  credentials: { accessKeyId, secretAccessKey: 'secret' },
  maxAttempts: 1,
});

/** Asks for an interface endpoint to a service, as the client's account, and answers the endpoint's id. */
export async function askToConnect(ec2: EC2Client, serviceName: string): Promise<string> {
  const { VpcEndpoint } = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId: 'vpc-0123456789abcdef0',
      VpcEndpointType: 'Interface',
      ServiceName: serviceName,
    }),
  );
  return VpcEndpoint?.VpcEndpointId ?? '';
}
