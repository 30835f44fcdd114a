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

/** Points the AWS clients that read this process's environment, as those of the functions do, at an endpoint. */
export function pointAwsClientsAt(endpoint: string): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIALOCAL',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
}
