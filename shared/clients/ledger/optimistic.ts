import type { Clock } from '../../clock.ts';
import { UnavailableError } from '../../errors.ts';

const mostTries = 40;
const longestPauseMs = 400;

/**
 * Tries a conditional write until it is won. Between two tries it pauses for a random while that grows, so that many
 * writers of one item come through one after the other.
 *
 * @param attempt reads, decides and writes once; `undefined` when somebody else was faster
 * @param what names the item in the error
 * @throws UnavailableError when others are always faster
 */
export async function untilWon<Answer>(
  clock: Clock,
  what: string,
  attempt: () => Promise<{ answer: Answer } | undefined>,
): Promise<Answer> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const won = await attempt();
    if (won !== undefined) return won.answer;
    await clock.sleep(Math.random() * Math.min(longestPauseMs, 20 * 2 ** tries));
  }
  throw new UnavailableError(`${what} changes faster than it can be written.`);
}
