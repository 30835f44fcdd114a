import { isVerificationDue } from './verification-due.ts';

export interface EndSeen {
  status: string;
  /** Fivetran's time. */
  endedAt: string;
}

/** What the ledger knows of the connection. */
export interface ReviewFacts {
  lastOutcome?: 'succeeded' | 'failed' | undefined;
  /** Fivetran's time: end of the last sync that was verified. */
  lastVerifiedAt?: string | undefined;
}

/**
 * Whether run-sync looks at a sync that Fivetran ran by itself. A failure always is looked at; a reschedule too,
 * because Fivetran waits for us when the schedule is manual; a success when a verification is due. A canceled sync
 * was somebody's wish.
 *
 * @param policy `always`, `never`, or `every <n>h` or `every <n>m`
 * @throws ConfigError when the policy is none of these
 */
export function isReviewDue(end: EndSeen, facts: ReviewFacts, policy: string): boolean {
  if (end.status === 'CANCELED') return false;
  if (end.status !== 'SUCCESSFUL') return true;
  return isVerificationDue(
    policy,
    { lastVerifiedAt: facts.lastVerifiedAt, recovered: facts.lastOutcome === 'failed' },
    new Date(end.endedAt),
  );
}
