import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeVpcEndpointConnectionsCommand,
  EC2Client,
  RejectVpcEndpointConnectionsCommand,
} from '@aws-sdk/client-ec2';
import {
  DeregisterTargetsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SlackMessage } from '../../local/slack/slack.ts';
import { startStack, type LocalStack } from '../../local/stack.ts';

// Each failure is brought about for real where one machine can do so: in PostgreSQL, at the load balancer, in
// Fivetran, in a secret. What cannot (a full disk, another server under the same name, a sync of six hours) fails with
// the words that it is known by, and its row says so.

let stack: LocalStack;
let database: pg.Pool;
let connectionId = '';
const clients: { destroy(): void }[] = [];

const settings = () => ({
  endpoint: stack.awsEndpoint.url,
  region: stack.info.region,
  credentials: { accessKeyId: stack.info.accountId, secretAccessKey: 'local' },
});

const keep = <Client extends { destroy(): void }>(client: Client): Client => {
  clients.push(client);
  return client;
};

async function run(machine: string, input: object): Promise<{ status: string; output: string }> {
  const sfn = keep(new SFNClient(settings()));
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({
      stateMachineArn: stack.info.stateMachines[machine]!,
      input: JSON.stringify(input),
    }),
  );
  for (;;) {
    const { status, output, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (status !== 'RUNNING') return { status: String(status), output: output ?? cause ?? '' };
    await delay(200);
  }
}

const sql = (text: string): Promise<unknown> => database.query(text);

beforeAll(async () => {
  stack = await startStack({ schedules: 'off' });
  database = new pg.Pool({
    connectionString: stack.info.postgres.admin,
    ssl: { ca: stack.postgres.caPem },
    max: 1,
    // What is broken for everybody else can still be mended by the session that is open.
    idleTimeoutMillis: 0,
  });
  database.on('error', () => undefined);
  const connected = await run('connect-source', {
    source: 'postgres',
    groupId: stack.fivetran.groupId,
    schemaPrefix: 'dvd',
  });
  expect(connected.status, connected.output).toBe('SUCCEEDED');
  connectionId = (JSON.parse(connected.output) as { connectionId: string }).connectionId;
  await stack.idle();
});

afterAll(async () => {
  await database.end().catch(() => undefined);
  for (const client of clients) client.destroy();
  await stack.stop();
});

/** The next failure is the first of its kind: earlier ones would make it a repeat. */
async function forgetIncident(): Promise<void> {
  const ledger = keep(new DynamoDBClient(settings()));
  const key = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });
  for (const Key of [key('incidents', `incident#connection#${connectionId}`), key('slack', 'burst')]) {
    await ledger.send(new DeleteItemCommand({ TableName: 'fivetran-privatelink-dev-ledger', Key }));
  }
}

async function eventually<Value>(what: string, look: () => Value | undefined): Promise<Value> {
  for (let tries = 0; tries < 150; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await delay(200);
  }
  throw new Error(
    `${what} did not happen within 30 s; Slack has: ${JSON.stringify(stack.slack.messages().map(({ text }) => text))}`,
  );
}

const shown = ({ text, blocks }: SlackMessage): string => `${text}\n${JSON.stringify(blocks ?? [])}`;

/** Starts what fails, and returns the message that this leads to; on a busy machine a late repeat may come between. */
async function alertAfter(
  begin: () => unknown,
  isIt: (message: SlackMessage) => boolean = () => true,
): Promise<SlackMessage> {
  await forgetIncident();
  const before = new Set(stack.slack.messages().map(({ ts }) => ts));
  await begin();
  return eventually('an alert', () =>
    stack.slack
      .messages()
      .find(
        (message) =>
          message.threadTs === undefined &&
          !before.has(message.ts) &&
          message.text.startsWith('🔴') &&
          isIt(message),
      ),
  );
}

const begins = {
  'a sync that Fivetran runs': () => stack.fivetran.comeDue(connectionId),
  'run-sync': async () => {
    expect((await run('run-sync', { connectionId })).status).toBe('FAILED');
  },
};

const alertOfFivetransSync = (): Promise<SlackMessage> => alertAfter(begins['a sync that Fivetran runs']);

/** Asks Fivetran as a person with the account's key does. */
async function fivetran(method: string, path: string, body: object): Promise<void> {
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
}

const connectionPath = (): string => `/v1/connections/${connectionId}`;

/** Holds Fivetran's next sync at its first table, until `meanwhile` is done. */
async function whileFivetranReads(meanwhile: () => Promise<unknown>): Promise<void> {
  await sql('BEGIN');
  await sql('LOCK TABLE actor IN ACCESS EXCLUSIVE MODE');
  const waits = async (): Promise<boolean> => {
    const { rowCount } = await database.query(
      `SELECT FROM pg_locks WHERE relation = 'actor'::regclass AND NOT granted`,
    );
    return (rowCount ?? 0) > 0;
  };
  void (async () => {
    for (let looks = 0; looks < 200 && !(await waits()); looks += 1) await delay(50);
    await meanwhile();
    await sql('COMMIT');
  })();
}

async function recover(alert: SlackMessage): Promise<void> {
  const answer = await run('run-sync', { connectionId });
  expect(answer.status, answer.output).toBe('SUCCEEDED');
  await eventually('the alert to be taken back', () => (alert.text.startsWith('✅') ? true : undefined));
  await stack.idle();
}

const targetGroup = async (elb: ElasticLoadBalancingV2Client): Promise<string> =>
  (await elb.send(new DescribeTargetGroupsCommand({}))).TargetGroups![0]!.TargetGroupArn!;

let targets: TargetDescription[] = [];
let access = '';

let sourceSecret = '';
const secretId = 'fivetran-privatelink/dev/source/postgres';

const failures: {
  code: string;
  says: string;
  /** What fails; a sync that Fivetran runs by itself where nothing is said. */
  in?: keyof typeof begins;
  /** `by its words`: one machine cannot bring it about. */
  how?: 'by its words';
  cause: () => Promise<unknown>;
  mend: () => Promise<unknown>;
}[] = [
  {
    code: 'teleport-limit',
    says: 'rental',
    cause: () => sql(`UPDATE rental SET return_date = return_date + interval '1 minute'`),
    mend: () => Promise.resolve(),
  },
  {
    code: 'authentication-failed',
    says: 'password authentication failed',
    cause: () => sql(`ALTER ROLE ${stack.postgres.users.fivetran.name} PASSWORD 'another'`),
    mend: () =>
      sql(
        `ALTER ROLE ${stack.postgres.users.fivetran.name} PASSWORD '${stack.postgres.users.fivetran.password}'`,
      ),
  },
  {
    code: 'too-many-connections',
    says: 'too many connections for role',
    cause: () => sql(`ALTER ROLE ${stack.postgres.users.fivetran.name} CONNECTION LIMIT 0`),
    mend: () => sql(`ALTER ROLE ${stack.postgres.users.fivetran.name} CONNECTION LIMIT -1`),
  },
  {
    code: 'statement-timeout',
    says: 'statement timeout',
    cause: () => sql(`ALTER ROLE ${stack.postgres.users.fivetran.name} SET statement_timeout = '1ms'`),
    mend: () => sql(`ALTER ROLE ${stack.postgres.users.fivetran.name} RESET statement_timeout`),
  },
  {
    code: 'hba-rejected',
    says: 'no pg_hba.conf entry',
    cause: async () => {
      const { accessFile, users } = stack.postgres;
      access = await readFile(accessFile, 'utf8');
      const without = access.split('\n').filter((line) => !line.includes(` ${users.fivetran.name} `));
      await writeFile(accessFile, without.join('\n'));
      await sql('SELECT pg_reload_conf()');
    },
    mend: async () => {
      await writeFile(stack.postgres.accessFile, access);
      await sql('SELECT pg_reload_conf()');
    },
  },
  {
    code: 'targets-unhealthy',
    says: 'Evidence',
    cause: async () => {
      const elb = keep(new ElasticLoadBalancingV2Client(settings()));
      const TargetGroupArn = await targetGroup(elb);
      const { TargetHealthDescriptions } = await elb.send(
        new DescribeTargetHealthCommand({ TargetGroupArn }),
      );
      targets = (TargetHealthDescriptions ?? []).flatMap(({ Target }) => Target ?? []);
      await elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: targets }));
    },
    mend: async () => {
      const elb = keep(new ElasticLoadBalancingV2Client(settings()));
      const TargetGroupArn = await targetGroup(elb);
      await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: targets }));
      for (;;) {
        const { TargetHealthDescriptions } = await elb.send(
          new DescribeTargetHealthCommand({ TargetGroupArn }),
        );
        if (TargetHealthDescriptions?.every(({ TargetHealth }) => TargetHealth?.State === 'healthy')) return;
        await delay(200);
      }
    },
  },
  {
    code: 'increment-short',
    says: 'rows are missing at the destination',
    in: 'run-sync',
    cause: () => {
      stack.fivetran.faults.set({ kind: 'lose-rows', table: 'actor', count: 1 });
      return sql(`INSERT INTO actor (first_name, last_name) VALUES ('lost', 'row')`);
    },
    mend: () => sql(`UPDATE actor SET last_name = 'found' WHERE first_name = 'lost'`),
  },
  {
    code: 'tls-failed',
    says: 'does not support SSL',
    cause: async () => {
      await sql('ALTER SYSTEM SET ssl = off');
      await sql('SELECT pg_reload_conf()');
    },
    mend: async () => {
      await sql('ALTER SYSTEM RESET ssl');
      await sql('SELECT pg_reload_conf()');
    },
  },
  {
    code: 'table-missing',
    says: 'does not exist',
    cause: () => whileFivetranReads(() => sql('ALTER TABLE store RENAME TO shop')),
    mend: () => sql('ALTER TABLE IF EXISTS shop RENAME TO store'),
  },
  {
    code: 'database-restarting',
    says: 'terminating connection due to administrator command',
    cause: () =>
      whileFivetranReads(() =>
        sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${stack.postgres.users.fivetran.name}'`,
        ),
      ),
    mend: () => Promise.resolve(),
  },
  {
    code: 'setup-broken',
    says: 'the firewall closed the port',
    in: 'run-sync',
    cause: async () => {
      const message = 'the firewall closed the port';
      stack.fivetran.faults.set({ kind: 'fail-setup-test', title: 'Connecting to Host', message });
      await fivetran('POST', `${connectionPath()}/test`, {});
    },
    mend: () => {
      stack.fivetran.faults.clear('fail-setup-test');
      return Promise.resolve();
    },
  },
  {
    code: 'connection-paused',
    says: 'is paused',
    in: 'run-sync',
    cause: () => fivetran('PATCH', connectionPath(), { paused: true }),
    mend: () => fivetran('PATCH', connectionPath(), { paused: false }),
  },
  {
    code: 'access-denied',
    says: 'AccessDeniedError',
    in: 'run-sync',
    cause: () => {
      stack.fivetran.faults.set({ kind: 'answer', status: 403, path: connectionPath(), times: 100 });
      return Promise.resolve();
    },
    mend: () => {
      stack.fivetran.faults.clear('answer');
      return Promise.resolve();
    },
  },
  {
    code: 'configuration-wrong',
    says: secretId,
    in: 'run-sync',
    cause: async () => {
      const secrets = keep(new SecretsManagerClient(settings()));
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretId }));
      sourceSecret = SecretString ?? '';
      await secrets.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: '{}' }));
    },
    mend: () =>
      keep(new SecretsManagerClient(settings())).send(
        new PutSecretValueCommand({ SecretId: secretId, SecretString: sourceSecret }),
      ),
  },
  ...[
    ['permission-denied', 'ERROR: permission denied for table actor'],
    ['transaction-id-backwards', 'Current transaction ID has moved backwards'],
    ['disk-full', 'FATAL: could not write init file: No space left on device'],
    ['standby-conflict', 'ERROR: canceling statement due to conflict with recovery'],
    [
      'relfilenode-changed',
      'The relfilenode of table public.film has changed; it needs a historical re-sync',
    ],
    ['destination-failed', 'java.lang.RuntimeException: Databricks SQL warehouse is stopped'],
    ['rescheduled', 'Rescheduled: the source is busy'],
    ['sync-timeout', 'SyncTimedOutError: the sync did not end within 6 hours'],
    ['connection-lost', 'java.net.SocketException: Connection reset'],
    ['service-unavailable', 'UnavailableError: 503 from the Fivetran API'],
    ['step-timed-out', 'States.Timeout: a step took longer than its 90 seconds'],
    ['unknown', 'Quux overflow in the flux capacitor'],
  ].map(([code = '', reason = '']) => ({
    code,
    says: reason.replaceAll('"', '\\"'),
    how: 'by its words' as const,
    cause: () => {
      stack.fivetran.faults.set({ kind: 'fail-sync', reason, times: 1 });
      return Promise.resolve();
    },
    mend: () => Promise.resolve(),
  })),
];

test.each(
  failures.map((failure) => ({ how: 'for real', in: 'a sync that Fivetran runs' as const, ...failure })),
)(
  '$code ($how) is named as the cause of the failure of $in, and the message is taken back',
  async ({ code, says, in: failing, cause, mend }) => {
    await cause();
    try {
      const anchor = `docs/runbook.md#${code === 'unknown' ? 'sync-failed' : code}`;
      const alert = await alertAfter(begins[failing], (message) => shown(message).includes(anchor));
      expect(shown(alert)).toContain(says);
      expect(shown(alert)).not.toContain(stack.postgres.users.fivetran.password);
      await mend();
      await recover(alert);
    } finally {
      await mend();
    }
  },
);

test('an id that Fivetran does not know is told with a remedy of its own', async () => {
  const alert = await alertAfter(() => run('run-sync', { connectionId: 'no_such_one' }));
  expect(shown(alert)).toContain('docs/runbook.md#connection-gone');
  expect(shown(alert)).toContain('Setup tab');
});

test('an endpoint that is no longer connected is named as the cause', async () => {
  const ec2 = keep(new EC2Client(settings()));
  const ServiceId = stack.info.endpointService.serviceId;
  const { VpcEndpointConnections } = await ec2.send(new DescribeVpcEndpointConnectionsCommand({}));
  const VpcEndpointIds = (VpcEndpointConnections ?? []).flatMap(({ VpcEndpointId }) => VpcEndpointId ?? []);
  await ec2.send(new RejectVpcEndpointConnectionsCommand({ ServiceId, VpcEndpointIds }));
  const alert = await alertOfFivetransSync();
  expect(shown(alert)).toContain('docs/runbook.md#endpoint-lost');
  expect(shown(alert)).toContain(VpcEndpointIds[0]);
});
