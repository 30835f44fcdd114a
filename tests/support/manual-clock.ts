import type { Clock } from '../../shared/clock.ts';

/** A clock that stands still until a test moves it; sleeping moves it by itself, so that no test waits. */
export interface ManualClock extends Clock {
  advance(seconds: number): void;
}

export function createManualClock(start = '2026-11-02T10:00:00.000Z'): ManualClock {
  let now = Date.parse(start);
  return {
    now: () => new Date(now),
    async sleep(ms) {
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    advance(seconds) {
      now += seconds * 1000;
    },
  };
}
