import { AccessDeniedError, UnavailableError } from '../errors.ts';

/**
 * What every AWS client of ours is built with: few tries and short waits, because a state machine retries the
 * whole step, and a Lambda that hangs in a socket tells nobody why. All tries of one request take less than the 30
 * seconds that most functions have at least.
 */
export const awsClientSettings = {
  maxAttempts: 4,
  // Without the last, the SDK only logs that a request takes too long.
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 7_000, throwOnRequestTimeout: true },
} as const;

/** The name of an AWS error (its code on the wire), or an empty string for anything else. */
export function awsErrorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

const transient = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServiceError',
  'TimeoutError',
  'AbortError',
  'NetworkingError',
]);

const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'AuthorizationError',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
]);

/**
 * Runs one AWS request and gives its failure one of our names.
 *
 * @param action the IAM action, for instance `ec2:AcceptVpcEndpointConnections`: what to grant when it is denied
 * @throws AccessDeniedError, UnavailableError, or the SDK's own error when it is neither
 */
export async function callAws<Output>(action: string, request: () => Promise<Output>): Promise<Output> {
  try {
    return await request();
  } catch (error) {
    const name = awsErrorName(error);
    if (denied.has(name)) {
      throw new AccessDeniedError(`AWS refused ${action} (${name}): allow the action in the caller's role.`, {
        cause: error,
      });
    }
    if (transient.has(name) || isServerFault(error) || systemCode(error) !== undefined) {
      throw new UnavailableError(`${action} failed after all retries (${systemCode(error) ?? name}).`, {
        cause: error,
      });
    }
    throw error;
  }
}

function isServerFault(error: unknown): boolean {
  return error instanceof Error && '$fault' in error && error.$fault === 'server';
}

/** The code of Node's own socket and lookup failures, for instance ECONNREFUSED; errors of a service have none. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^E[A-Z_]+$/.test(error.code) ? error.code : undefined;
}
