import { setTimeout as delay } from 'node:timers/promises';
import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import pg from 'pg';
import { expect } from 'vitest';
import type { SlackMessage } from '../../local/slack/slack.ts';
import { startStack, type LocalStack } from '../../local/stack.ts';

interface ClientSettings {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** The local stack with one connection that works, and the hands to break it and to see what on-call is told. */
export interface FailureStage {
  stack: LocalStack;
  connectionId: string;
  /** One query of the database's owner, in the one session that stays open whatever is broken for others. */
  sql: (text: string) => Promise<pg.QueryResult>;
  /** A client of the AWS SDK for this stack; it is ended with the stage. */
  aws: <Client extends { destroy(): void }>(Client: new (settings: ClientSettings) => Client) => Client;
  /** Asks Fivetran as a person with the account's key does. */
  fivetran: (method: string, path: string, body: object) => Promise<void>;
  /** Runs a state machine to its end. */
  run: (machine: string, input: object) => Promise<{ status: string; output: string }>;
  /** Holds Fivetran's next sync at its first table until `meanwhile` is done. */
  whileFivetranReads: (meanwhile: () => unknown) => Promise<void>;
  /** Holds Fivetran's next sync at a table; `meanwhile` is done when it waits there. Answers the release. */
  holdFivetranAt: (table: string, meanwhile: () => unknown) => Promise<() => Promise<void>>;
  /** Does something as soon as something else is so, while what fails is under way. */
  when: (isSo: () => Promise<boolean>, then: () => unknown) => void;
  /** Starts what fails, and returns the first message of a channel that fits. */
  alertAfter: (begin: () => unknown, fits: (message: SlackMessage) => boolean) => Promise<SlackMessage>;
  /** Runs a sync that succeeds, and waits until the message is taken back. */
  recover: (alert: SlackMessage) => Promise<void>;
  stop: () => Promise<void>;
}

/** All that a message shows, as text. */
export const shown = ({ text, blocks }: SlackMessage): string => `${text}\n${JSON.stringify(blocks ?? [])}`;

/** Long enough for a machine that is busy with other tests; whoever waits looks again and again. */
const patienceMs = 60_000;

export async function startFailureStage(): Promise<FailureStage> {
  const stack = await startStack({ schedules: 'off', stepRetryMs: 100 });
  const clients: { destroy(): void }[] = [];
  const database = new pg.Pool({
    connectionString: stack.info.postgres.admin,
    ssl: { ca: stack.postgres.caPem },
    max: 1,
    idleTimeoutMillis: 0,
  });
  database.on('error', () => undefined);
  const sql = (text: string): Promise<pg.QueryResult> => database.query(text);

  const aws: FailureStage['aws'] = (Client) => {
    const client = new Client({
      endpoint: stack.awsEndpoint.url,
      region: stack.info.region,
      credentials: { accessKeyId: stack.info.accountId, secretAccessKey: 'local' },
    });
    clients.push(client);
    return client;
  };
  const stateMachines = aws(SFNClient);
  const ledger = aws(DynamoDBClient);

  const run: FailureStage['run'] = async (machine, input) => {
    const { executionArn } = await stateMachines.send(
      new StartExecutionCommand({
        stateMachineArn: stack.info.stateMachines[machine]!,
        input: JSON.stringify(input),
      }),
    );
    for (;;) {
      const { status, output, cause } = await stateMachines.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      if (status !== 'RUNNING') return { status: String(status), output: output ?? cause ?? '' };
      await delay(200);
    }
  };

  async function eventually<Value>(what: string, look: () => Value | undefined): Promise<Value> {
    const until = Date.now() + patienceMs;
    while (Date.now() < until) {
      const found = look();
      if (found !== undefined) return found;
      await delay(200);
    }
    const texts = stack.slack.messages().map(({ text }) => text);
    throw new Error(`${what} did not happen; Slack has: ${JSON.stringify(texts)}`);
  }

  /** The next failure is the first of its kind: earlier ones would make it a repeat, or one of many. */
  async function forgetIncident(): Promise<void> {
    const key = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });
    for (const Key of [
      key('incidents', `incident#connection#${connectionId}`),
      key('incidents', `incident#source#postgres/${connectionId}`),
      key('slack', 'burst'),
    ]) {
      await ledger.send(new DeleteItemCommand({ TableName: 'fivetran-privatelink-dev-ledger', Key }));
    }
  }

  const when: FailureStage['when'] = (isSo, then) => {
    void (async () => {
      const until = Date.now() + patienceMs;
      while (!(await isSo())) {
        if (Date.now() > until) throw new Error('What was waited for did not happen.');
        await delay(50);
      }
      await then();
    })();
  };

  const holdFivetranAt: FailureStage['holdFivetranAt'] = async (table, meanwhile) => {
    await sql('BEGIN');
    await sql(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    const isWaiting = async (): Promise<boolean> => {
      // A transaction sees the activity as it was when it first looked.
      await sql('SELECT pg_stat_clear_snapshot()');
      const { rowCount } = await sql(
        `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE relation = '${table}'::regclass AND NOT granted AND usename = 'fivetran'`,
      );
      return (rowCount ?? 0) > 0;
    };
    when(isWaiting, meanwhile);
    return async () => {
      await sql('COMMIT');
    };
  };

  const connected = await run('connect-source', {
    source: 'postgres',
    groupId: stack.fivetran.groupId,
    schemaPrefix: 'dvd',
  });
  expect(connected.status, connected.output).toBe('SUCCEEDED');
  const { connectionId } = JSON.parse(connected.output) as { connectionId: string };
  await stack.idle();

  return {
    stack,
    connectionId,
    sql,
    aws,
    run,

    async fivetran(method, path, body) {
      const { fivetranUrl, fivetranApiKey, fivetranApiSecret } = stack.info;
      const response = await fetch(`${fivetranUrl}${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(`${fivetranApiKey}:${fivetranApiSecret}`).toString('base64')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      });
      expect(response.status, await response.text()).toBeLessThan(300);
    },

    holdFivetranAt,
    when,

    async whileFivetranReads(meanwhile) {
      const release = await holdFivetranAt('actor', async () => {
        await meanwhile();
        await release();
      });
    },

    async alertAfter(begin, fits) {
      await forgetIncident();
      const before = new Set(stack.slack.messages().map(({ ts }) => ts));
      await begin();
      return eventually('the alert', () =>
        stack.slack
          .messages()
          .find((message) => message.threadTs === undefined && !before.has(message.ts) && fits(message)),
      );
    },

    async recover(alert) {
      const answer = await run('run-sync', { connectionId });
      expect(answer.status, answer.output).toBe('SUCCEEDED');
      await eventually('the taking back of the alert', () =>
        alert.text.startsWith('✅') ? true : undefined,
      );
      await stack.idle();
    },

    async stop() {
      await database.end().catch(() => undefined);
      for (const client of clients) client.destroy();
      await stack.stop();
    },
  };
}
