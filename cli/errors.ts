/** What the person asked for cannot be done as asked; the message says what to change. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The person pressed Ctrl-C while an execution ran; it goes on without them. Exit code 130, as shells have it. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** An execution can no longer be looked at; it goes on. The message names it. */
export class OutOfSightError extends Error {
  override readonly name = 'OutOfSightError';
}

/** Names by which AWS refuses whoever asks, whatever they ask for. */
const badCredentials = new Set([
  'AuthFailure',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** A failure in one sentence that says what to change, where its own message is for programmers. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof UsageError || error instanceof OutOfSightError) return error.message;
  // What our own clients throw has AWS's own error, or Node's, as its cause.
  const cause = error.cause instanceof Error ? error.cause : error;
  if (badCredentials.has(cause.name)) {
    return `AWS does not accept these credentials (${cause.name}: ${cause.message}): sign in again, or choose others with AWS_PROFILE.`;
  }
  if (/CredentialsProviderError|TokenProviderError/.test(error.name)) {
    const profile = process.env.AWS_PROFILE ?? '';
    const chosen = profile === '' ? 'AWS_PROFILE is not set' : `AWS_PROFILE is "${profile}"`;
    return `There are no AWS credentials to use: sign in, or set AWS_PROFILE (${chosen}). ${error.message}`;
  }
  const code = codeOf(cause);
  if (/^E[A-Z_]+$/.test(code) || cause.name === 'TimeoutError') {
    const what = cause.message === '' ? code : cause.message;
    return `${error === cause ? 'AWS could not be reached' : error.message.replace(/\.$/, '')} (${what}): check the network, --region and AWS_ENDPOINT_URL.`;
  }
  return error.message === '' ? error.name : error.message;
}

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : '';
