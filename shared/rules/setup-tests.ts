import type { Connection, SetupTest } from '../contracts/fivetran.ts';
import { taskText } from './fivetran-task-text.ts';

export interface TestedConnection {
  outcome: 'passed' | 'failed';
  /** Tests that did not pass and keep the connection from working. */
  failing: { title: string; message: string }[];
  /** Tests that passed with a reservation. */
  warnings: { title: string; message: string }[];
}

/** Fivetran's words that are no obstacle; every other word, also one that is new to us, is. */
const harmless = new Set(['PASSED', 'SKIPPED', 'WARNING']);

/**
 * Whether a connection may sync: its setup state is `connected` and no test failed. Fivetran answers 200 and 201
 * with failed tests inside, so the state decides, never the HTTP status.
 */
export function judgeSetupTests(connection: Connection): TestedConnection {
  const failing = connection.setupTests.filter(({ status }) => !harmless.has(status.toUpperCase()));
  const warnings = connection.setupTests.filter(({ status }) => status.toUpperCase() === 'WARNING');
  if (failing.length === 0 && connection.setupState === 'connected') {
    return { outcome: 'passed', failing: [], warnings: warnings.map(brief) };
  }
  const reasons = failing.length > 0 ? failing.map(brief) : tasksOf(connection);
  return { outcome: 'failed', failing: reasons, warnings: warnings.map(brief) };
}

const brief = ({ title, message }: SetupTest) => ({ title, message });

function tasksOf({ tasks, setupState }: Connection): { title: string; message: string }[] {
  if (tasks.length > 0) return tasks.map((task) => ({ title: task.code, message: taskText(task) }));
  return [{ title: 'Setup', message: `Fivetran says that the set-up is ${setupState || 'unknown'}.` }];
}
