import type { Json } from '../../json.ts';
import type { Alert, Connection, SyncRecord, SyncStatus } from '../model.ts';
import { messageOf, ReconnectError } from '../source/source.ts';

/** How a sync ended. */
export type Ending =
  | { status: 'SUCCESSFUL' }
  | { status: 'CANCELED' | 'FAILURE'; reason: string }
  | { status: 'FAILURE_WITH_TASK'; reason: string; task: Alert; broken?: boolean }
  | { status: 'RESCHEDULED'; reason: string; until: Date };

/** The ending of a sync that threw. */
export function endingOfError(error: unknown): Ending {
  const reason = messageOf(error);
  return error instanceof ReconnectError
    ? {
        status: 'FAILURE_WITH_TASK',
        reason,
        task: { code: 'reconnect', message: 'Reconnect', details: reason },
        broken: true,
      }
    : { status: 'FAILURE', reason };
}

/** The ending of a sync that another one replaces. */
export const canceled: Ending = {
  status: 'CANCELED',
  reason: 'Sync has been cancelled because another sync was forced by a user action.',
};

/** Writes a sync's ending into its record and its connection. */
export function recordEnding(connection: Connection, record: SyncRecord, ending: Ending, now: Date): void {
  record.endedAt = now;
  record.status = ending.status;
  if (ending.status !== 'SUCCESSFUL') record.reason = ending.reason;
  if (ending.status === 'FAILURE_WITH_TASK') record.taskType = ending.task.code;
  delete connection.rescheduledFor;
  switch (ending.status) {
    case 'SUCCESSFUL':
      connection.succeededAt = now;
      connection.isHistoricalSync = false;
      connection.tasks = [];
      break;
    case 'FAILURE':
      connection.failedAt = now;
      break;
    case 'FAILURE_WITH_TASK':
      connection.failedAt = now;
      connection.tasks = [ending.task];
      if (ending.broken === true) connection.setupState = 'broken';
      break;
    case 'RESCHEDULED':
      connection.rescheduledFor = ending.until;
      break;
    case 'CANCELED':
      break;
  }
}

/** What Fivetran tells of an ending, in its log and in its webhook. */
export function endData(ending: Ending): Json {
  if (ending.status === 'SUCCESSFUL') return { status: ending.status };
  return {
    status: ending.status,
    reason: ending.reason,
    ...(ending.status === 'FAILURE_WITH_TASK' ? { taskType: ending.task.code } : {}),
    ...(ending.status === 'RESCHEDULED' ? { rescheduledAt: ending.until.toISOString() } : {}),
  };
}

/** How grave the log calls it. */
export const levelOf = (status: SyncStatus): 'INFO' | 'WARNING' | 'SEVERE' =>
  status === 'SUCCESSFUL'
    ? 'INFO'
    : status === 'FAILURE' || status === 'FAILURE_WITH_TASK'
      ? 'SEVERE'
      : 'WARNING';
