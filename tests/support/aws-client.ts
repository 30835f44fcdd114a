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
