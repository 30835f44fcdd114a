import { setTimeout as delay } from 'node:timers/promises';

/** Where the current time comes from. Rules and logic receive it, so that tests pass time in. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** How long a function still has, in milliseconds, before Lambda stops it. */
export type TimeLeft = () => number;

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
};
