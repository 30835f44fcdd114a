import type { Connection } from '../contracts/fivetran.ts';
import { webhookLagMs } from './heard-end.ts';
import { fivetranTime, lastEndOf, type LastEnd } from './sync-view.ts';

/** The end of a sync as its observer told us. */
export interface ToldEnd {
  syncId: string;
  status: string;
  /** Fivetran's time: of the webhook's event, or the connection's own timestamp. */
  endedAt: string;
}

export interface IdentifiedSync {
  /** What to review: what was told, or the later end that Fivetran shows by now. */
  status: string;
  endedAt: string;
  /** Whether the sync that was told has been overtaken by a later one. */
  overtaken: boolean;
  /** Names under which this sync is claimed; whoever loses one of them leaves the sync to the other. */
  claims: string[];
}

/** After these Fivetran moves none of the connection's timestamps. */
const notAnEnd = new Set(['RESCHEDULED', 'CANCELED']);

/**
 * One sync has several names: the webhook knows its id, the connection only when it ended. All names that can be
 * known are claimed, so that trigger, webhook and reconciliation find each other in any order. Every time that is
 * compared here is Fivetran's.
 */
export function identifySync(told: ToldEnd, connection: Connection): IdentifiedSync {
  const last = lastEndOf(connection);
  const byId = told.syncId === '' ? [] : [nameOfId(told)];
  if (last !== undefined && isSameEnd(told, last)) {
    return {
      status: told.status,
      endedAt: last.endedAt,
      overtaken: false,
      claims: [...byId, nameOfEnd(last.endedAt)],
    };
  }
  if (last !== undefined && fivetranTime(last.endedAt) > fivetranTime(told.endedAt)) {
    return { ...last, overtaken: true, claims: [...byId, nameOfEnd(last.endedAt)] };
  }
  return {
    status: told.status,
    endedAt: told.endedAt,
    overtaken: false,
    claims: [...byId, nameOfEnd(told.endedAt)],
  };
}

function isSameEnd(told: ToldEnd, last: LastEnd): boolean {
  const sameKind = told.status === 'SUCCESSFUL' ? 'SUCCESSFUL' : 'FAILURE';
  const apartMs = Math.abs(fivetranTime(told.endedAt) - fivetranTime(last.endedAt));
  return last.status === sameKind && !notAnEnd.has(told.status) && apartMs <= webhookLagMs;
}

/** Names under which a sync is claimed that was followed to its end. */
export function claimsOf(end: ToldEnd): string[] {
  return [...(end.syncId === '' ? [] : [nameOfId(end)]), nameOfEnd(end.endedAt)];
}

/** Teleport was seen to fail and then to succeed under one id: that is two ends, and the second takes back the first. */
const nameOfId = ({ syncId, status }: ToldEnd): string => `id:${syncId}:${kindOfEnd(status)}`;
/** One failure is told as FAILURE by the connection's timestamps and as FAILURE_WITH_TASK by the webhook. */
const kindOfEnd = (status: string): string => (status === 'FAILURE_WITH_TASK' ? 'FAILURE' : status);
/** The same instant in whatever notation is the same name. */
const nameOfEnd = (endedAt: string): string => `end:${String(fivetranTime(endedAt))}`;
