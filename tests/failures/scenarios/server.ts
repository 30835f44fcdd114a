import { withClient } from '../../../local/postgres/postgres.ts';
import { caughtUp, startStandby } from '../../support/standby.ts';
import type { FailureStage } from '../failure-stage.ts';
import { moveSource } from '../move-source.ts';
import { addRowPolicy } from '../row-policy.ts';
import type { Scenario } from '../scenario.ts';

/** What breaks because the source is, or becomes, another server. */
export const serverScenarios: Scenario[] = [
  {
    code: 'standby-conflict',
    says: 'conflict with recovery',
    breaks: async (stage) => {
      const { stack } = stage;
      const standby = await startStandby(stack.postgres);
      const onStandby = (text: string) => withClient(standby, 'admin', (client) => client.query(text));
      await onStandby('ALTER SYSTEM SET max_standby_streaming_delay = 0');
      await onStandby('SELECT pg_reload_conf()');
      // A long read without a lock of ours: each row of the table takes a minute.
      const dropPolicy = await addRowPolicy(stage, 'store', 'pg_sleep(60) IS NOT NULL');
      await caughtUp(stack.postgres, standby);
      await moveSource(stage, standby);
      const reads = `SELECT FROM pg_stat_activity WHERE usename = 'fivetran' AND wait_event = 'PgSleep'`;
      stage.when(async () => (await onStandby(reads)).rowCount === 1, dropPolicy);
      return async () => {
        await dropPolicy();
        await moveSource(stage, stack.postgres);
        await standby.stop();
      };
    },
  },
  {
    code: 'transaction-id-backwards',
    says: 'Current transaction ID has moved backwards',
    breaks: async (stage) => {
      const { stack, sql } = stage;
      useQueries(stage);
      const standby = await startStandby(stack.postgres);
      await caughtUp(stack.postgres, standby);
      // A fail-over to a standby that lags: what was written after its promotion is not on it.
      await withClient(standby, 'admin', (client) => client.query('SELECT pg_promote()'));
      for (let spent = 0; spent < 100; spent += 1) await sql('SELECT pg_current_xact_id()');
      await stage.run('run-sync', { connectionId: stage.connectionId });
      await moveSource(stage, standby);
      return async () => {
        await moveSource(stage, stack.postgres);
        useTeleport(stage);
        await standby.stop();
      };
    },
  },
];

/** Fivetran tells what changed by transaction ids from now on. */
export const useQueries = ({ stack, connectionId }: FailureStage): void =>
  stack.fivetran.switchMethod(connectionId, 'QUERY_BASED');

export const useTeleport = ({ stack, connectionId }: FailureStage): void =>
  stack.fivetran.switchMethod(connectionId, 'TELEPORT');
