import type { Clock } from '../../clock.ts';
import { loginsAtOnce } from '../../rules/logins.ts';
import type { Leases } from './leases.ts';

/**
 * How many of our functions log in to one source at a time: a thousand syncs that start together must not open a
 * thousand sessions on the database that they are about to read.
 */
export interface LoginSlots {
  /**
   * Does `work` while it holds one of the source's slots, and gives the slot back however `work` ends.
   *
   * @param waitSeconds how long to wait for a slot to become free
   * @returns undefined when none became free; then `work` was not begun
   */
  use<Value>(source: string, waitSeconds: number, work: () => Promise<Value>): Promise<Value | undefined>;
}

/**
 * @param settings.longestSeconds after this long a slot is free again although nobody gave it back: the time-out of
 *   the function, which ends what it does
 * @param settings.holder a name that nobody else has, new with each call
 */
export function createLoginSlots(
  leases: Leases,
  settings: { clock: Clock; holder: () => string; longestSeconds: number },
): LoginSlots {
  const { clock, holder, longestSeconds } = settings;
  return {
    async use(source, waitSeconds, work) {
      const me = holder();
      const giveUpAt = clock.now().getTime() + waitSeconds * 1000;
      const first = firstSlot(me);
      for (let round = 0; clock.now().getTime() < giveUpAt; round += 1) {
        for (let place = 0; place < loginsAtOnce; place += 1) {
          const slot = `login#source#${source}#${String((first + place) % loginsAtOnce)}`;
          if (!(await leases.take(slot, me, longestSeconds))) continue;
          try {
            return await work();
          } finally {
            await leases.release(slot, me);
          }
        }
        await clock.sleep(Math.min(longestPauseMs, firstPauseMs * 2 ** round));
      }
      return undefined;
    },
  };
}

const firstPauseMs = 250;
const longestPauseMs = 4_000;

/** Spreads who begins where, so that not everybody asks for the first slot. */
const firstSlot = (holder: string): number => (holder.codePointAt(0) ?? 0) % loginsAtOnce;
