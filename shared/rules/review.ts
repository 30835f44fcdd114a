import type { SyncState } from '../contracts/sync-state.ts';
import { isVerificationDue } from './verification-due.ts';

export interface EndSeen {
  status: string;
  /** Fivetran's time. */
  endedAt: string;
}

/**
 * Whether run-sync looks at a sync that Fivetran ran by itself. A failure always is looked at; a reschedule too,
 * because Fivetran waits for us when the schedule is manual; a success when a verification is due. A canceled sync
 * was somebody's wish.
 *
 * @param known what the ledger knows of the connection
 * @param policy `always`, `never`, or `every <n>h` or `every <n>m`
 * @throws ConfigError when the policy is none of these
 */
export function isReviewDue(
  end: EndSeen,
  known: Pick<SyncState, 'lastOutcome' | 'lastJudgedAt'>,
  policy: string,
): boolean {
  if (end.status === 'CANCELED') return false;
  if (end.status !== 'SUCCESSFUL') return true;
  return isVerificationDue(
    policy,
    { lastJudgedAt: known.lastJudgedAt, recovered: known.lastOutcome === 'failed' },
    new Date(end.endedAt),
  );
}
