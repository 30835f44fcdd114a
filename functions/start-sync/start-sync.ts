import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { Leases } from '../../shared/clients/ledger/leases.ts';
import type { Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Clock } from '../../shared/clock.ts';
import type { HandledElsewhere, StartSyncInput, StartSyncResult } from '../../shared/contracts/sync.ts';
import { FivetranRequestError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { follow, nameOfReport, restart, secondsToLook } from '../../shared/rules/sync-following.ts';
import { handledElsewhere, stepSeconds, syncLease } from '../../shared/rules/sync-lease.ts';

export interface StartSyncDependencies {
  fivetran: Fivetran;
  leases: Leases;
  syncs: Syncs;
  clock: Clock;
  log: Log;
}

/**
 * Asks Fivetran for a sync, or adopts the one that is running. The state before it is taken from Fivetran in the
 * last moment, so that the end of an earlier sync is never taken for the end of this one; and the ledger knows whose
 * sync it is before it begins, so that no webhook's report of it is taken for a stranger's.
 */
export async function startSync(
  { connectionId, execution, following: rescheduled, unpause }: StartSyncInput,
  { fivetran, leases, syncs, clock, log }: StartSyncDependencies,
): Promise<StartSyncResult | HandledElsewhere> {
  if (!(await leases.take(syncLease(connectionId), execution, stepSeconds))) {
    return handledElsewhere(connectionId);
  }
  const { durationSeconds, reported } = await syncs.state(connectionId);
  const connection = await fivetran.connections.get(connectionId);
  const since = connection.serverTime.toISOString();
  const adopted = connection.syncState === 'syncing';
  await syncs.change(connectionId, { followed: { execution, since, startedByUs: !adopted } });
  if (connection.paused && unpause === true) {
    await fivetran.connections.update(connectionId, { paused: false });
    log.info('UNPAUSED', 'The connection was paused and has been unpaused, as the input asks for.');
  }
  const started = !adopted && (await ask(fivetran, connectionId));
  if (!adopted && !started) {
    // It began before we asked, so its start may have been reported before `since`.
    await syncs.change(connectionId, { followed: { execution, since, startedByUs: false } });
  }
  const startedAt = started ? since : null;
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
