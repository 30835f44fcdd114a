/** How long an endpoint that EC2 does not show is waited for: EC2 is eventually consistent. */
export const visibilitySeconds = 90;

/**
 * Seconds until the next look at something that changes by itself: a quarter of the time waited so far, so that a
 * wait of any length costs about as many looks per doubling, from 1 second to 1 minute; after an hour they become
 * rarer, up to 5 minutes, because a day of looks has to fit into one execution's history.
 */
export function waitSecondsAfter(elapsedSeconds: number): number {
  return Math.min(
    Math.max(1, Math.ceil(elapsedSeconds / 4)),
    Math.max(60, Math.min(300, Math.ceil(elapsedSeconds / 60))),
  );
}

/** Whole seconds from an instant until now; 0 for an instant that is not readable or lies ahead. */
export function secondsSince(since: string, now: Date): number {
  const seconds = Math.floor((now.getTime() - Date.parse(since)) / 1000);
  return seconds > 0 ? seconds : 0;
}
