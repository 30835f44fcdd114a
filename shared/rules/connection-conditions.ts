import type { Connection } from '../contracts/fivetran.ts';
import { taskText } from './fivetran-task-text.ts';
import { fivetranTime } from './sync-view.ts';

/** A state of a connection that on-call wants to know of. */
export interface Condition {
  /** Kind of the alert. */
  kind: string;
  summary: string;
}

export interface ConditionFacts {
  connection: Connection;
  /** Fivetran's time. */
  serverTime: Date;
  /** Whether it was paused when it was last seen; undefined when it was never seen. */
  wasPaused: boolean | undefined;
  /** Kinds that on-call has been told about already. */
  standing: ReadonlySet<string>;
  /** An execution follows the connection's sync. */
  followed: boolean;
  /** Version of the role's secret now, and when it was last sent to Fivetran; undefined when it was not sent by us. */
  role: { sent: string; current: string | undefined } | undefined;
}

/** Until a sync is this many intervals late it is not called overdue. */
const overdueIntervals = 3;
const leastOverdueMinutes = 60;

/**
 * The conditions that hold. A connection that was paused when it was first seen is meant to be paused; one that
 * somebody paused since is reported, because it looks like a healthy one.
 */
export function conditionsOf(facts: ConditionFacts): Condition[] {
  const { connection, role } = facts;
  const { name } = connection;
  return [
    ...when(
      'connection-paused',
      isPaused(facts),
      `The connection ${name} was paused; its data is no longer updated.`,
    ),
    ...when(
      'connection-broken',
      connection.setupState === 'broken',
      `Fivetran says that the connection ${name} is broken: ${tasksOf(connection)}.`,
    ),
    ...when(
      'connection-delayed',
      connection.updateState === 'delayed' && !connection.paused,
      `Fivetran says that the data of ${name} is delayed.`,
    ),
    ...when(
      'sync-overdue',
      isOverdue(facts),
      `The last sync of ${name} succeeded at ${connection.succeededAt ?? 'no time yet'}, although it is due every ${connection.syncFrequency} minutes.`,
    ),
    ...when(
      'manual-reschedule',
      isManualReschedule(facts),
      `Fivetran rescheduled the sync of ${name} for ${connection.rescheduledFor ?? ''}; its schedule is manual, so it waits to be started.`,
    ),
    ...when(
      'secret-rotated',
      role?.current !== undefined && role.current !== role.sent,
      `The password of ${name} was rotated and Fivetran still has the old one; run-sync carries it over.`,
    ),
  ];
}

const when = (kind: string, holds: boolean, summary: string): Condition[] =>
  holds ? [{ kind, summary }] : [];

function isPaused({ connection, wasPaused, standing }: ConditionFacts): boolean {
  return connection.paused && (wasPaused === false || standing.has('connection-paused'));
}

function isOverdue({ connection, serverTime }: ConditionFacts): boolean {
  if (connection.paused || connection.scheduleType === 'manual' || connection.syncState === 'syncing')
    return false;
  if (connection.setupState !== 'connected' || connection.syncFrequency <= 0) return false;
  const since = fivetranTime(connection.succeededAt ?? connection.createdAt);
  const allowedMinutes = Math.max(overdueIntervals * connection.syncFrequency, leastOverdueMinutes);
  return Number.isFinite(since) && serverTime.getTime() - since > allowedMinutes * 60_000;
}

function isManualReschedule({ connection, serverTime, followed }: ConditionFacts): boolean {
  return (
    connection.syncState === 'rescheduled' &&
    connection.scheduleType === 'manual' &&
    !followed &&
    fivetranTime(connection.rescheduledFor) <= serverTime.getTime()
  );
}

const tasksOf = ({ tasks }: Connection): string =>
  tasks.length === 0 ? 'it names no task' : tasks.map(taskText).join('; ');
