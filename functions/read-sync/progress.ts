import type { HandledElsewhere, ProgressResult, ReadSyncInput } from '../../shared/contracts/sync.ts';
import { reportOf } from '../../shared/rules/heard-end.ts';
import { nameOfReport, secondsToLook } from '../../shared/rules/sync-following.ts';
import { handledElsewhere, stepSeconds, syncLease } from '../../shared/rules/sync-lease.ts';
import { judgeProgress } from '../../shared/rules/sync-progress.ts';
import type { ReadSyncDependencies } from './dependencies.ts';
import { withHistory } from './sync-history.ts';

type ProgressInput = Extract<ReadSyncInput, { mode: 'progress' }>;

/**
 * One look at a sync. It costs an API call only when the webhook has reported an end or a question is due;
 * otherwise the ledger is all that is read. The lease is held on until the next
 * look; when it is lost, the sync is another execution's.
 */
export async function lookAtProgress(
  { connectionId, execution, following }: ProgressInput,
  dependencies: ReadSyncDependencies,
): Promise<ProgressResult | HandledElsewhere> {
  const { fivetran, syncs, leases, clock } = dependencies;
  const state = await syncs.state(connectionId);
  const report = reportOf(following, state);
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
  if (!(await leases.take(syncLease(connectionId), execution, result.waitSeconds + stepSeconds))) {
    return handledElsewhere(connectionId);
  }
  if (result.sync !== null && state.followed?.execution === execution) {
    await syncs.change(connectionId, { followed: { ...state.followed, endedAt: result.sync.endedAt } });
  }
  if (result.outcome === 'succeeded') await recordSuccess(connectionId, dependencies);
  return result.sync === null
    ? result
    : { ...result, sync: await withHistory(connectionId, result.sync, dependencies) };
}

/**
 * What the mark at the end of the run needs to know: the next sync copies changes only, and of which tables, where
 * they were not known before the initial sync.
 */
async function recordSuccess(
  connectionId: string,
  { fivetran, connections, clock }: ReadSyncDependencies,
): Promise<void> {
  const known = await connections.read(connectionId);
  if (known === undefined || (known.tables.length > 0 && known.copiesAll !== true)) return;
  const tables = (await fivetran.schemas.selectedTables(connectionId)) ?? known.tables;
  await connections.write({ ...known, tables, copiesAll: false, recordedAt: clock.now().toISOString() });
}
