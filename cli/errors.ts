/** What the person asked for cannot be done as asked; the message says what to change. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The person pressed Ctrl-C while an execution ran; it goes on without them. Exit code 130, as shells have it. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
