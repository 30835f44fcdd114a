import type { Clock } from '../../shared/clock.ts';

/** Something that had to be true is not. The message says what was expected and what was seen instead. */
class ExpectationError extends Error {
  override readonly name = 'ExpectationError';
}

/** What one look at the world gave. */
export type Look<Value> =
  | { met: true; value: Value }
  /** `hopeless` when waiting longer cannot change it. */
  | { met: false; seen: string; hopeless?: boolean };

export interface Patience {
  clock: Clock;
  /** Ends the waiting early, with the signal's reason. */
  signal: AbortSignal;
  withinMs: number;
  everyMs?: number;
}

/**
 * Looks again and again until the condition is met, and gives what was seen then.
 *
 * @throws ExpectationError when the deadline passes, or at once when a look says that it is hopeless. An error of a
 *   look counts as something seen: what is not there yet may answer with one.
 */
export async function eventually<Value>(
  expected: string,
  look: () => Promise<Look<Value>> | Look<Value>,
  { clock, signal, withinMs, everyMs = 100 }: Patience,
): Promise<Value> {
  const deadline = clock.now().getTime() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const seen = await lookOnce(look);
    if (seen.met) return seen.value;
    if (seen.hopeless === true) throw new ExpectationError(`Expected ${expected}.\nSaw ${seen.seen}.`);
    if (clock.now().getTime() >= deadline) {
      throw new ExpectationError(
        `Expected ${expected} within ${withinMs / 1000} s.\nAt the end saw ${seen.seen}.`,
      );
    }
    await clock.sleep(everyMs, signal);
  }
}

async function lookOnce<Value>(look: () => Promise<Look<Value>> | Look<Value>): Promise<Look<Value>> {
  try {
    return await look();
  } catch (error) {
    return { met: false, seen: `an error: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** @throws ExpectationError with both sides unless `condition` holds */
export function expect(condition: boolean, expected: string, seen: string): asserts condition {
  if (!condition) throw new ExpectationError(`Expected ${expected}.\nSaw ${seen}.`);
}
