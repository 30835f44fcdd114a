/** When increments of syncs that Fivetran ran by itself are verified. */
export type VerificationPolicy = { when: 'always' } | { when: 'never' } | { when: 'every'; seconds: number };

/** `always`, `never`, `every 24h` or `every 30m`; anything else is read as `every 24h`. */
export function readPolicy(text: string): VerificationPolicy {
  if (text === 'always' || text === 'never') return { when: text };
  const [, count, unit] = /^every ([1-9]\d*)([hm])$/.exec(text) ?? [];
  if (count === undefined) return { when: 'every', seconds: 24 * 3600 };
  return { when: 'every', seconds: Number(count) * (unit === 'h' ? 3600 : 60) };
}

export interface EndSeen {
  status: string;
  /** Fivetran's time. */
  endedAt: string;
}

/** What the ledger knows of the connection. */
export interface ReviewFacts {
  /** An execution follows the connection's sync and sees its end by itself. */
  followed: boolean;
  lastOutcome: 'succeeded' | 'failed' | undefined;
  /** Fivetran's time: end of the last sync that was verified. */
  lastVerifiedAt: string | undefined;
}

/**
 * Whether run-sync looks at a sync that Fivetran ran by itself. A failure always is looked at; a reschedule too,
 * because Fivetran waits for us when the schedule is manual; a success when a verification is due: by the policy,
 * or once after a failure. A canceled sync was somebody's wish.
 */
export function reviewIsDue(end: EndSeen, facts: ReviewFacts, policy: VerificationPolicy): boolean {
  if (facts.followed || end.status === 'CANCELED') return false;
  if (end.status !== 'SUCCESSFUL') return true;
  if (policy.when === 'never') return false;
  if (policy.when === 'always' || facts.lastOutcome === 'failed') return true;
  if (facts.lastVerifiedAt === undefined) return true;
  const ageSeconds = (Date.parse(end.endedAt) - Date.parse(facts.lastVerifiedAt)) / 1000;
  return !(ageSeconds < policy.seconds);
}
