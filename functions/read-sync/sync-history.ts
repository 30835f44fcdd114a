import type { PastSync } from '../../shared/contracts/fivetran.ts';
import type { EndedSync } from '../../shared/contracts/sync.ts';
import { webhookLagMs } from '../../shared/rules/heard-end.ts';
import { fivetranTime, toInstant } from '../../shared/rules/sync-view.ts';
import type { ReadSyncDependencies } from './dependencies.ts';

/** A sync whose start nobody told us is looked for among those that began in this time before its end. */
const longestUnknownMs = 12 * 3_600_000;
/** Fivetran gives the history of seven days at most. */
const longestWindowMs = 6.9 * 24 * 3_600_000;

/**
 * The ended sync with what only Fivetran's history tells: its id and start where no webhook did, its reason, and
 * Fivetran's own figures. Where there is no history, the sync stays as it is.
 */
export async function withHistory(
  connectionId: string,
  sync: EndedSync,
  { fivetran, log }: Pick<ReadSyncDependencies, 'fivetran' | 'log'>,
): Promise<EndedSync> {
  const endMs = fivetranTime(sync.endedAt);
  const startMs = sync.startedAt === null ? endMs - longestUnknownMs : fivetranTime(sync.startedAt);
  const to = new Date(endMs + webhookLagMs);
  const from = new Date(Math.max(startMs - webhookLagMs, to.getTime() - longestWindowMs));
  const history = await fivetran.syncHistory.list(connectionId, { from, to }).catch((error: unknown) => {
    log.warn('SYNC_HISTORY_UNREADABLE', 'Fivetran’s history of the sync could not be read.', { error });
    return undefined;
  });
  const past = history === undefined ? undefined : find(sync, history);
  if (past === undefined) return sync;
  return {
    ...sync,
    syncId: sync.syncId === '' ? past.syncId : sync.syncId,
    startedAt: sync.startedAt ?? toInstant(past.startedAt),
    reason: sync.reason === '' && sync.status !== 'SUCCESSFUL' ? past.reason : sync.reason,
    figures: Object.entries(past.figures)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', '),
  };
}

/** By its id, otherwise the one that ended nearest. */
function find({ syncId, endedAt }: EndedSync, history: readonly PastSync[]): PastSync | undefined {
  if (syncId !== '') return history.find((past) => past.syncId === syncId);
  const distance = (past: PastSync): number => Math.abs(fivetranTime(past.endedAt) - fivetranTime(endedAt));
  const [nearest] = history
    .filter((past) => distance(past) <= webhookLagMs)
    .sort((one, other) => distance(one) - distance(other));
  return nearest;
}
