/** How fast requests of one kind may come. */
export interface Pace {
  perHour: number;
}

/** Part of an hour's requests that may come at once, so that together with the steady rest no hour exceeds its limit. */
const burstPart = 0.08;

export type Admission = { admitted: true; busyUntilMs: number } | { admitted: false; waitSeconds: number };

/**
 * Admits requests at a steady pace with a small burst: in any hour at most `perHour`, and of these at most a tenth in
 * any minute, which is the proportion of Fivetran's own limits.
 * https://www.fivetran.com/docs/rest-api/rate-limiting
 *
 * @param busyUntilMs until when the requests that were admitted before use the pace up
 * @param count requests that come together; more than a burst count as one burst
 */
export function admit({
  busyUntilMs,
  nowMs,
  count,
  perHour,
}: Pace & { busyUntilMs: number; nowMs: number; count: number }): Admission {
  const burst = Math.max(1, Math.floor(perHour * burstPart));
  const intervalMs = Math.ceil(3_600_000 / (perHour * (1 - burstPart)));
  const until = Math.max(busyUntilMs, nowMs) + Math.min(count, burst) * intervalMs;
  const tooEarlyMs = until - nowMs - burst * intervalMs;
  return tooEarlyMs > 0
    ? { admitted: false, waitSeconds: Math.ceil(tooEarlyMs / 1000) }
    : { admitted: true, busyUntilMs: until };
}
