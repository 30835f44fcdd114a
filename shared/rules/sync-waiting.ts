/** When to look at a sync again, in seconds since it began. */
export interface Waiting {
  elapsedSeconds: number;
  /** How long the connection's last sync took; null when unknown. */
  expectedSeconds: number | null;
}

/** A sync that is not over by then is a failure. */
export const deadlineSeconds = { incremental: 6 * 3600, historical: 14 * 24 * 3600 } as const;

/** Without a prediction; a webhook tells of a shorter sync before. */
const firstQuestionSeconds = 8;
/** Shorter syncs are not worth a prediction. */
const leastExpectedSeconds = 30;
/** From then on, questions come at a steady pace. */
const steadyFromSeconds = 2000;
const steadySeconds = 600;
const slowSteadySeconds = 3600;
const incrementalSeconds = deadlineSeconds.incremental;

/**
 * When Fivetran is asked the next time, after it was asked at `elapsedSeconds`. Its API is asked rarely: a sync of
 * 30 minutes costs at most 5 questions and one of 5 hours at most 33, even when no webhook arrives and the
 * prediction is wrong. With a webhook, its report of the end brings the question forward.
 */
export function nextQuestionSeconds({ elapsedSeconds, expectedSeconds }: Waiting): number {
  if (elapsedSeconds >= incrementalSeconds) return elapsedSeconds + slowSteadySeconds;
  if (expectedSeconds !== null && expectedSeconds >= leastExpectedSeconds) {
    const first = 0.95 * expectedSeconds;
    if (elapsedSeconds < first) return first;
    if (elapsedSeconds >= steadyFromSeconds) return elapsedSeconds + steadySeconds;
    return first + Math.max(0.2 * expectedSeconds, 6 * (elapsedSeconds - first));
  }
  if (elapsedSeconds >= steadyFromSeconds) return elapsedSeconds + steadySeconds;
  return Math.max(firstQuestionSeconds, 4 * elapsedSeconds);
}

/**
 * How long until the next look. A look reads only our own ledger, where the webhook's report would be, and is
 * cheap; but each one is some events in the execution's history, so looks become rarer as time goes by.
 */
export function nextLookSeconds(elapsedSeconds: number): number {
  const rarest = elapsedSeconds < incrementalSeconds ? 300 : 2400;
  return Math.ceil(Math.min(Math.max(0.1 * elapsedSeconds, 2), rarest));
}
