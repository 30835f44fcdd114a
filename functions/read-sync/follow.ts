import type { ConnectionNow } from '../../shared/contracts/fivetran.ts';
import type { Following } from '../../shared/contracts/sync.ts';
import { follow, nameOfReport } from '../../shared/rules/sync-following.ts';
import type { ReadSyncDependencies } from './dependencies.ts';

/** Begins to follow a sync that we did not ask for. */
export async function adopt(
  connection: ConnectionNow,
  execution: string,
  { syncs, clock }: Pick<ReadSyncDependencies, 'syncs' | 'clock'>,
): Promise<Following> {
  const { durationSeconds, reported } = await syncs.state(connection.id);
  const since = connection.serverTime.toISOString();
  await syncs.change(connection.id, { followed: { execution, since, startedByUs: false } });
  return follow({
    connection,
    startedAt: null,
    now: clock.now(),
    expectedSeconds: durationSeconds,
    knownEnd: nameOfReport(reported),
  });
}
