import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { Scenario } from '../scenario.ts';
import { changeSourceSecret } from '../source-secret.ts';
import { useQueries, useTeleport } from './server.ts';

const hoursMs = 3_600_000;

/** What takes too long, or is put off too often. */
export const timeScenarios: Scenario[] = [
  {
    code: 'rescheduled',
    says: 'Fivetran rescheduled the sync 11 times.',
    in: 'run-sync',
    breaks: ({ stack }) => {
      const { faults } = stack.fivetran;
      faults.set({ kind: 'reschedule-sync', reason: 'the source is busy', afterSeconds: 1, times: 100 });
      return Promise.resolve(() => faults.clear('reschedule-sync'));
    },
  },
  {
    code: 'step-timed-out',
    says: 'Task timed out after 1.00 seconds',
    in: 'run-sync',
    breaks: async (stage) => {
      // A server that takes connections and says nothing, and a time limit that is shorter than our patience with it.
      const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      const mendSecret = await changeSourceSecret(stage, { port });
      const lambda = stage.aws(LambdaClient);
      const FunctionName = stage.stack.info.functions['check-source'];
      const { Timeout } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const limitTo = (seconds?: number) =>
        lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: seconds }));
      await limitTo(1);
      return async () => {
        await limitTo(Timeout);
        await mendSecret();
        silent.close();
      };
    },
  },
  {
    code: 'sync-timeout',
    says: 'The sync has not ended within 6 hours.',
    in: 'run-sync',
    breaks: ({ stack, holdFivetranAt }) =>
      holdFivetranAt('store', () => stack.lambda.letTimePass(7 * hoursMs)),
  },
  {
    code: 'relfilenode-changed',
    says: 'a table was rewritten and is copied anew (public.film)',
    in: 'run-sync',
    breaks: async (stage) => {
      const { stack, sql, holdFivetranAt } = stage;
      useQueries(stage);
      // Maintenance of hours: the table has got its new file already, and is held still.
      await sql('VACUUM FULL film');
      const release = await holdFivetranAt('film', () => stack.lambda.letTimePass(7 * hoursMs));
      return () => {
        useTeleport(stage);
        return release();
      };
    },
  },
];
