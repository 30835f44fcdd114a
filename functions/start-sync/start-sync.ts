import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { Leases } from '../../shared/clients/ledger/leases.ts';
import type { Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Clock } from '../../shared/clock.ts';
import type { StartSyncInput, StartSyncResult } from '../../shared/contracts/sync.ts';
import { FivetranRequestError } from '../../shared/errors.ts';
import { follow, nameOfReport, restart, secondsToLook } from '../../shared/rules/following.ts';
import { stepSeconds, syncLease } from '../../shared/rules/sync-lease.ts';

export interface StartSyncDependencies {
  fivetran: Fivetran;
  leases: Leases;
  syncs: Syncs;
  clock: Clock;
}

/**
 * Asks Fivetran for a sync, or adopts the one that is running. The state before it is taken from Fivetran in the
 * last moment, so that the end of an earlier sync is never taken for the end of this one.
 */
export async function startSync(
  { connectionId, execution, following: rescheduled }: StartSyncInput,
  { fivetran, leases, syncs, clock }: StartSyncDependencies,
): Promise<StartSyncResult> {
  await leases.take(syncLease(connectionId), execution, stepSeconds);
  const { durationSeconds, reported } = await syncs.state(connectionId);
  const connection = await fivetran.connections.get(connectionId);
  const started = connection.syncState !== 'syncing' && (await ask(fivetran, connectionId));
  const startedAt = started ? connection.serverTime.toISOString() : null;
  const now = clock.now();
  const following =
    rescheduled === undefined || rescheduled === null
      ? follow({
          connection,
          startedAt,
          now,
          expectedSeconds: durationSeconds,
          knownEnd: nameOfReport(reported),
        })
      : restart(rescheduled, startedAt, now);
  return { outcome: started ? 'started' : 'adopted', following, waitSeconds: secondsToLook(following, now) };
}

/** `false` when a sync was already running: it is adopted, never doubled and never stopped. */
async function ask(fivetran: Fivetran, connectionId: string): Promise<boolean> {
  try {
    await fivetran.connections.sync(connectionId);
    return true;
  } catch (error) {
    if (error instanceof FivetranRequestError && error.status === 409) return false;
    throw error;
  }
}
