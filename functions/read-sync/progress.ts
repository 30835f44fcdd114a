import type { ProgressResult, ReadSyncInput } from '../../shared/contracts/sync.ts';
import { nameOfReport, secondsToLook } from '../../shared/rules/following.ts';
import { stepSeconds, syncLease } from '../../shared/rules/sync-lease.ts';
import { judgeProgress } from '../../shared/rules/sync-progress.ts';
import type { ReadSyncDependencies } from './read-sync.ts';

type ProgressInput = Extract<ReadSyncInput, { mode: 'progress' }>;

/**
 * One look at a sync. It costs an API call only when the webhook has reported an end or a question is due;
 * otherwise the ledger is all that is read. The lease is held on until the next look.
 */
export async function lookAtProgress(
  { connectionId, execution, following }: ProgressInput,
  dependencies: ReadSyncDependencies,
): Promise<ProgressResult> {
  const { fivetran, syncs, leases, clock } = dependencies;
  const { reported: report } = await syncs.state(connectionId);
  const now = clock.now();
  const isNews = report !== undefined && nameOfReport(report) !== following.knownEnd;
  const result: ProgressResult =
    isNews || now.getTime() >= Date.parse(following.nextQuestionAt)
      ? judgeProgress({
          following,
          connection: await fivetran.connections.get(connectionId),
          report,
          now: clock.now(),
        })
      : {
          outcome: 'running',
          summary: 'Nobody has reported the end of the sync yet.',
          following,
          waitSeconds: secondsToLook(following, now),
          sync: null,
        };
  if (result.outcome === 'succeeded') await recordCapturedTables(connectionId, dependencies);
  await leases.take(syncLease(connectionId), execution, result.waitSeconds + stepSeconds);
  return result;
}

/**
 * Fivetran knows a connection's tables from its initial sync on: a run that began before could not record them, and
 * the mark that it takes at its end needs them.
 */
async function recordCapturedTables(
  connectionId: string,
  { fivetran, connections, clock }: ReadSyncDependencies,
): Promise<void> {
  const known = await connections.read(connectionId);
  if (known === undefined || known.tables.length > 0) return;
  const tables = await fivetran.schemas.selectedTables(connectionId);
  if (tables === undefined) return;
  await connections.write({ ...known, tables, recordedAt: clock.now().toISOString() });
}
