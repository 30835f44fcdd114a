/**
 * Seconds until the next look at something that changes by itself: a quarter of the time waited so far, so that a
 * wait of any length costs about as many looks per doubling, from 1 second to 1 minute.
 */
export function waitSecondsAfter(elapsedSeconds: number): number {
  return Math.min(60, Math.max(1, Math.ceil(elapsedSeconds / 4)));
}

/** Whole seconds from an instant until now; 0 for an instant that is not readable or lies ahead. */
export function secondsSince(since: string, now: Date): number {
  const seconds = Math.floor((now.getTime() - Date.parse(since)) / 1000);
  return seconds > 0 ? seconds : 0;
}
