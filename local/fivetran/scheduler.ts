import type { Clock } from '../../shared/clock.ts';
import type { Account, Connection } from './model.ts';

export interface SchedulerSettings {
  account: Account;
  clock: Clock;
  /** Milliseconds that one of Fivetran's minutes takes. */
  minuteMs: number;
  test: (connection: Connection) => Promise<void>;
  run: (connection: Connection) => void;
}

/** Starts the syncs that are due by Fivetran's own schedule. */
export interface Scheduler {
  /** Starts a sync now unless one runs; a connection that is paused or not connected does not sync. */
  sync: (connection: Connection, force: boolean) => Promise<void>;
  stop: () => void;
}

const tickMs = 100;

export function createScheduler(settings: SchedulerSettings): Scheduler {
  const { account, clock, minuteMs } = settings;

  function start(connection: Connection): void {
    if (connection.running !== undefined || connection.paused || connection.setupState !== 'connected')
      return;
    connection.dueAt = new Date(clock.now().getTime() + connection.syncFrequency * minuteMs);
    settings.run(connection);
  }

  async function lookAt(connection: Connection): Promise<void> {
    if (connection.scheduleType === 'manual' || connection.paused || connection.running !== undefined) return;
    if (connection.setupState === 'incomplete') return;
    if ((connection.rescheduledFor ?? connection.dueAt) > clock.now()) return;
    if (connection.setupState === 'broken') {
      connection.dueAt = new Date(clock.now().getTime() + connection.syncFrequency * minuteMs);
      await settings.test(connection);
    }
    start(connection);
  }

  const timer = setInterval(() => {
    for (const connection of account.connections.values()) void lookAt(connection);
  }, tickMs);

  return {
    sync: async (connection, force) => {
      if (force && connection.running !== undefined) {
        const { cancel, ended } = connection.running;
        cancel.abort(new Error('Another sync was forced.'));
        await ended;
      }
      start(connection);
    },
    stop: () => clearInterval(timer),
  };
}
