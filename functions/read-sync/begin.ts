import type { BeginResult, EndedSync, ReadSyncInput, RunSyncRequest } from '../../shared/contracts/sync.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { followedBy, isEndOfFollowed } from '../../shared/rules/heard-end.ts';
import { identifySync } from '../../shared/rules/sync-identity.ts';
import { handledElsewhere, stepSeconds, syncLease } from '../../shared/rules/sync-lease.ts';
import { toInstant } from '../../shared/rules/sync-view.ts';
import { describe, readConnection, unknownContext } from './context.ts';
import type { ReadSyncDependencies } from './dependencies.ts';
import { adopt } from './follow.ts';
import { withHistory } from './sync-history.ts';

type BeginInput = Extract<ReadSyncInput, { mode: 'begin' }>;

/** Finds out whose sync this is, and puts what other functions need to know of the connection into the ledger. */
export async function begin(
  { execution, request }: BeginInput,
  dependencies: ReadSyncDependencies,
): Promise<BeginResult> {
  const { leases } = dependencies;
  const { connectionId } = request;
  if (request.review !== true) {
    if (!(await leases.take(syncLease(connectionId), execution, stepSeconds))) return handled(connectionId);
    return start(execution, request, dependencies);
  }
  if (await isFollowedElsewhere(execution, request, dependencies)) return handled(connectionId);
  return review(execution, request, dependencies);
}

/** Whether another execution sees the end by itself; that of an earlier sync it does not. */
async function isFollowedElsewhere(
  execution: string,
  { connectionId, syncId = '', endedAt }: RunSyncRequest,
  { leases, syncs }: ReadSyncDependencies,
): Promise<boolean> {
  const holder = await leases.holder(syncLease(connectionId));
  if (holder === undefined || holder === execution) return false;
  if (endedAt === undefined) return true;
  const { followed, reportedStart } = await syncs.state(connectionId);
  const its = followedBy(holder, followed);
  return its !== undefined && isEndOfFollowed({ syncId, endedAt }, its, reportedStart);
}

const handled = (connectionId: string): BeginResult => ({
  ...unknownContext(connectionId),
  ...handledElsewhere(connectionId),
});

async function start(
  execution: string,
  request: RunSyncRequest,
  dependencies: ReadSyncDependencies,
): Promise<BeginResult> {
  const connection = await readConnection(request.connectionId, dependencies);
  if (connection.paused) {
    const policy = request.whenPaused ?? 'fail';
    if (policy === 'fail') {
      throw new InvalidInputError(
        `The connection ${connection.name} is paused: unpause it in Fivetran, or start run-sync with "whenPaused": "unpause" or "skip".`,
      );
    }
    if (policy === 'skip') {
      await dependencies.leases.release(syncLease(connection.id), execution);
      return {
        ...(await describe(connection, dependencies)),
        outcome: 'skipped',
        summary: `The connection ${connection.name} is paused and is left so.`,
      };
    }
  }
  return {
    ...(await describe(connection, dependencies)),
    outcome: 'start',
    summary: `A sync of ${connection.name} is started.`,
    // Only when all is checked and the mark is taken: an unpaused connection may begin its sync at once.
    unpause: connection.paused,
  };
}

async function review(
  execution: string,
  request: RunSyncRequest,
  dependencies: ReadSyncDependencies,
): Promise<BeginResult> {
  const { syncs, leases } = dependencies;
  const connection = await readConnection(request.connectionId, dependencies);
  const told = {
    syncId: request.syncId ?? '',
    status: request.status ?? '',
    endedAt: request.endedAt ?? connection.serverTime.toISOString(),
  };
  const sync = identifySync(told, connection);
  for (const claim of sync.claims) {
    if (!(await syncs.claim(connection.id, claim, execution))) return handled(connection.id);
  }
  const described = await describe(connection, dependencies);
  if (sync.status === 'RESCHEDULED' && !sync.overtaken) {
    if (!(await leases.take(syncLease(connection.id), execution, stepSeconds))) return handled(connection.id);
    const following = await adopt(connection, execution, dependencies);
    return {
      ...described,
      outcome: 'follow',
      summary: `Fivetran rescheduled the sync of ${connection.name}; it is followed to its end.`,
      following,
      waitSeconds: 1,
    };
  }
  const { reported } = await syncs.state(connection.id);
  const isReported = reported !== undefined && told.syncId !== '' && reported.syncId === told.syncId;
  const ended: EndedSync = {
    status: sync.status,
    reason: sync.overtaken ? '' : (request.reason ?? ''),
    tasks: connection.tasks,
    warnings: connection.warnings,
    endedAt: toInstant(sync.endedAt) ?? connection.serverTime.toISOString(),
    startedAt: isReported && !sync.overtaken ? reported.startedAt : null,
    syncId: sync.overtaken ? '' : told.syncId,
    figures: '',
  };
  const succeeded = sync.status === 'SUCCESSFUL';
  return {
    ...described,
    outcome: succeeded ? 'succeeded' : 'failed',
    summary: `The sync of ${connection.name} that ended at ${sync.endedAt} ${succeeded ? 'succeeded' : `ended as ${sync.status}`}.`,
    sync: await withHistory(connection.id, ended, dependencies),
  };
}
