import type { Context } from 'aws-lambda';
import type { TimeLeft } from './clock.ts';
import { createLog, type Log } from './log.ts';

interface HandlerParts<Input, Dependencies, Output> {
  /** The function's folder name; every log line carries it. */
  name: string;
  /** Turns the raw event into the function's input, or throws InvalidInputError. Runs for each invocation. */
  parse: (event: unknown) => Input;
  /**
   * Reads settings and builds clients. Runs once per execution environment; runs again after it failed. `timeLeftMs`
   * always tells of the invocation that is running.
   */
  setUp: (log: Log, timeLeftMs: TimeLeft) => Dependencies | Promise<Dependencies>;
  /** The function's logic. */
  run: (input: Input, dependencies: Dependencies) => Promise<Output>;
}

/**
 * A Lambda handler out of its three parts. Logs when it started, ended or failed, and lets every error through
 * with its name, because Retry and Catch in the state machines match on it.
 */
export function createHandler<Input, Dependencies, Output>(
  parts: HandlerParts<Input, Dependencies, Output>,
): (event: unknown, context: Context) => Promise<Output> {
  const log = createLog(parts.name);
  let timeLeftMs: TimeLeft = () => Number.POSITIVE_INFINITY;
  let dependencies: Promise<Dependencies> | undefined;
  const ready = (): Promise<Dependencies> => {
    dependencies ??= Promise.resolve()
      .then(() => parts.setUp(log, () => timeLeftMs()))
      .catch((error: unknown) => {
        // One bad read must not poison every later invocation of this environment.
        dependencies = undefined;
        throw error;
      });
    return dependencies;
  };
  return async (event, context) => {
    timeLeftMs = () => context.getRemainingTimeInMillis();
    log.forget();
    log.remember({ requestId: context.awsRequestId });
    log.info('STARTED', 'The function started.');
    try {
      const output = await parts.run(parts.parse(event), await ready());
      log.info('COMPLETED', 'The function completed.');
      return output;
    } catch (error) {
      log.error('FAILED', 'The function failed.', { error });
      throw error;
    }
  };
}
