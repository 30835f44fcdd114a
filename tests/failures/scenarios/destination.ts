import type { Scenario } from '../scenario.ts';

/** What breaks at the destination. */
export const destinationScenarios: Scenario[] = [
  {
    code: 'destination-failed',
    says: 'the SQL warehouse',
    breaks: ({ stack }) => {
      stack.databricks.setFault({ kind: 'removed', removed: true });
      return Promise.resolve(() => stack.databricks.setFault({ kind: 'removed', removed: false }));
    },
  },
  {
    code: 'access-denied',
    says: 'AccessDeniedError',
    in: 'run-sync',
    breaks: ({ stack }) => {
      stack.databricks.setFault({ kind: 'answer', status: 403, times: 1_000 });
      return Promise.resolve(() => stack.databricks.setFault({ kind: 'answer', status: 403, times: 0 }));
    },
  },
  {
    code: 'increment-short',
    says: 'rows are missing at the destination',
    in: 'run-sync',
    breaks: async (stage) => {
      stage.stack.fivetran.faults.set({ kind: 'lose-rows', table: 'actor', count: 1 });
      await stage.sql(`INSERT INTO actor (first_name, last_name) VALUES ('lost', 'row')`);
      return () => stage.sql(`UPDATE actor SET last_name = 'found' WHERE first_name = 'lost'`);
    },
  },
];
