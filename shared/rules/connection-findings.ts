import type { Finding } from '../contracts/finding.ts';
import type { Connection } from '../contracts/fivetran.ts';
import { taskText } from './fivetran-task-text.ts';
import { lastEndOf } from './sync-view.ts';

/** What Fivetran itself says about a connection, as findings. */
export function connectionFindings(connection: Connection): Finding[] {
  return [
    setupFinding(connection),
    ...connection.tasks.map((task): Finding => ({
      check: 'fivetran.task',
      status: 'blocking',
      summary: `Fivetran's task ${task.code}: ${taskText(task)}`,
    })),
    ...connection.warnings.map((warning): Finding => ({
      check: 'fivetran.warning',
      status: 'warning',
      summary: `Fivetran's warning ${warning.code}: ${taskText(warning)}`,
    })),
    scheduleFinding(connection),
    lastSyncFinding(connection),
  ];
}

function setupFinding({ setupState }: Connection): Finding {
  if (setupState === 'connected') {
    return { check: 'fivetran.setup', status: 'ok', summary: 'Fivetran says that the set-up is connected.' };
  }
  return {
    check: 'fivetran.setup',
    status: 'blocking',
    summary: `Fivetran says that the set-up is ${setupState || 'unknown'}.`,
    remedy: "Open the connection's Setup tab in Fivetran, mend what it names, and run the setup tests.",
  };
}

function scheduleFinding({ paused, syncState, rescheduledFor, scheduleType }: Connection): Finding {
  if (paused) {
    return {
      check: 'fivetran.schedule',
      status: 'blocking',
      summary: 'The connection is paused.',
      remedy: 'Unpause the connection in Fivetran, or run it with "whenPaused": "unpause".',
    };
  }
  if (syncState === 'rescheduled') {
    return {
      check: 'fivetran.schedule',
      status: 'warning',
      summary: `Fivetran rescheduled the sync to ${rescheduledFor ?? 'an unknown time'}.`,
      ...(scheduleType === 'manual'
        ? { remedy: 'Its schedule is manual: start the sync at that time, or let run-sync follow it.' }
        : {}),
    };
  }
  return { check: 'fivetran.schedule', status: 'ok', summary: `The connection is ${syncState || 'idle'}.` };
}

function lastSyncFinding(connection: Connection): Finding {
  const last = lastEndOf(connection);
  if (last === undefined) {
    return { check: 'fivetran.last-sync', status: 'skipped', summary: 'No sync has ended yet.' };
  }
  return last.status === 'SUCCESSFUL'
    ? { check: 'fivetran.last-sync', status: 'ok', summary: `The last sync succeeded at ${last.endedAt}.` }
    : {
        check: 'fivetran.last-sync',
        status: 'warning',
        summary: `The last sync failed at ${last.endedAt}; the last success was ${connection.succeededAt ?? 'never'}.`,
      };
}
