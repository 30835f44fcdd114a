import type { CloseResult, EndedSync, ReadSyncInput } from '../../shared/contracts/sync.ts';
import type { SyncState } from '../../shared/contracts/sync-state.ts';
import { secondsBetween } from '../../shared/rules/instants.ts';
import { claimsOf } from '../../shared/rules/sync-identity.ts';
import { syncLease } from '../../shared/rules/sync-lease.ts';
import { fivetranTime } from '../../shared/rules/sync-view.ts';
import type { ReadSyncDependencies } from './dependencies.ts';

/** Remembers how the sync ended and gives the lease back. Doing it twice changes nothing. */
export async function close(
  { connectionId, execution, outcome, sync, verdict }: Extract<ReadSyncInput, { mode: 'close' }>,
  { syncs, leases, clock }: Pick<ReadSyncDependencies, 'syncs' | 'leases' | 'clock'>,
): Promise<CloseResult> {
  if (sync !== null) {
    // Claimed under every name that is known by now: a webhook or reconciliation that comes later loses.
    for (const claim of claimsOf(sync)) await syncs.claim(connectionId, claim, execution);
    await syncs.change(connectionId, remembered(sync, outcome, verdict));
  } else if (outcome === 'failed') {
    await syncs.change(connectionId, { lastOutcome: 'failed' });
  }
  await leases.release(syncLease(connectionId), execution);
  return {
    outcome: 'closed',
    observedAt: sync?.endedAt ?? clock.now().toISOString(),
    scope: verdict === 'verified' ? 'all' : 'sync',
  };
}

function remembered(sync: EndedSync, outcome: 'succeeded' | 'failed', verdict: string): Partial<SyncState> {
  const durationSeconds =
    sync.startedAt === null
      ? Number.NaN
      : secondsBetween(fivetranTime(sync.startedAt), fivetranTime(sync.endedAt));
  return {
    lastEndedAt: sync.endedAt,
    lastOutcome: outcome,
    // Looked at counts: a verification that can say nothing would otherwise be due after every sync.
    ...(verdict === '' ? {} : { lastJudgedAt: sync.endedAt }),
    ...(sync.status === 'SUCCESSFUL' && durationSeconds >= 0 ? { durationSeconds } : {}),
  };
}
