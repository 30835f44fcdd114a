/** The signal was aborted before the machine ended. */
export class MachineAbortedError extends Error {
  override readonly name = 'MachineAbortedError';
}

/** @throws MachineAbortedError when the signal was aborted */
export function refuseIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new MachineAbortedError('The machine was stopped.');
}

/**
 * What the work gives, unless the signal is aborted before.
 *
 * @throws MachineAbortedError
 */
export async function orAborted<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new MachineAbortedError('The machine was stopped.'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, signal.aborted ? promise : work()]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
