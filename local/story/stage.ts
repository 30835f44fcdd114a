import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import pg from 'pg';
import type * as z from 'zod/mini';
import type { Clock } from '../../shared/clock.ts';
import type { Observer } from '../observer.ts';
import type { ExecutionRecord } from '../report/report-data.ts';
import type { SlackMessage } from '../slack/slack.ts';
import { queryDatabricks } from './databricks-query.ts';
import { listExecutions, readExecution } from './executions.ts';
import { eventually, type Look } from './expectation.ts';

/** What the story needs of a running stack: addresses and logins such as a person has, and a view of what happens. */
export interface StoryStack {
  info: {
    awsEndpoint: string;
    region: string;
    accountId: string;
    stateMachines: Record<string, string>;
    endpointService: { serviceId: string; serviceName: string };
    fivetranUrl: string;
    fivetranApiKey: string;
    fivetranApiSecret: string;
    slackMessagesUrl: string;
    postgres: { admin: string };
  };
  observer: Observer;
  /** Where an endpoint's DNS name leads on this machine. */
  link: { resolve: (dnsName: string) => { host: string; port: number } | undefined };
  databricks: { url: string; token: string; warehouseId: string; catalog: string };
  postgres: { caPem: string };
  /** What Fivetran does by itself. */
  fivetran: { comeDue: (connectionId: string) => void };
}

/** What one step found out and later ones need. */
export interface Notes {
  connectSource: string;
  privateLinkId: string;
  endpointId: string;
  endpointHost: string;
  /** What knocking at the link gave while the request was pending. */
  knockBefore: string;
  connectionId: string;
  connectionName: string;
  destinationSchema: string;
  actorId: string;
  runSync: string;
  failedAt: string;
  alertTs: string;
  strangerEndpointId: string;
}

/** Everything that a person in front of the system can do and see. */
export interface Stage {
  stack: StoryStack;
  notes: {
    set: <Name extends keyof Notes>(name: Name, value: Notes[Name]) => void;
    get: (name: keyof Notes) => string;
  };
  ec2: EC2Client;
  /** EC2 as another account sees it. */
  ec2Of: (accountId: string) => EC2Client;
  elbv2: ElasticLoadBalancingV2Client;
  /** The database's owner. */
  database: pg.Pool;
  startMachine: (machine: string, input: unknown) => Promise<string>;
  /** Reads an execution with its way so far. */
  execution: (machine: string, arn: string) => Promise<ExecutionRecord>;
  /** Executions of a machine whose input says `text`, the oldest first. */
  executionsAbout: (machine: string, text: string) => Promise<ExecutionRecord[]>;
  /** Waits until an execution has succeeded; hopeless when it ends otherwise. */
  succeeded: (machine: string, arn: string, withinMs: number) => Promise<ExecutionRecord>;
  fivetran: <Schema extends z.ZodMiniType>(
    schema: Schema,
    request: string,
    body?: unknown,
  ) => Promise<z.output<Schema>>;
  databricks: (statement: string) => Promise<Record<string, string | null>[]>;
  slack: () => Promise<SlackMessage[]>;
  eventually: <Value>(
    expected: string,
    withinMs: number,
    look: () => Promise<Look<Value>> | Look<Value>,
  ) => Promise<Value>;
  close: () => Promise<void>;
}

/** Connections and destinations want a version in it, everything else wants none. */
const fivetranAccept = (path: string): string =>
  /^\/v1\/(connections|destinations)\b/.test(path) ? 'application/json;version=2' : 'application/json';

/** Opens clients to everything a person would use. */
export function openStage(
  stack: StoryStack,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Stage {
  const { info } = stack;
  const notes = new Map<keyof Notes, string>();
  const settings = (accountId: string) => ({
    endpoint: info.awsEndpoint,
    region: info.region,
    credentials: { accessKeyId: accountId, secretAccessKey: 'local' },
  });
  const sfn = new SFNClient(settings(info.accountId));
  const ec2Clients = new Map<string, EC2Client>();
  const ec2Of = (accountId: string): EC2Client => {
    const client = ec2Clients.get(accountId) ?? new EC2Client(settings(accountId));
    ec2Clients.set(accountId, client);
    return client;
  };
  const elbv2 = new ElasticLoadBalancingV2Client(settings(info.accountId));
  const database = new pg.Pool({
    connectionString: info.postgres.admin,
    ssl: { ca: stack.postgres.caPem },
    max: 2,
    application_name: 'story',
  });
  // A connection may be reset while idle; the next query says so.
  database.on('error', () => undefined);

  const stage: Stage = {
    stack,
    notes: {
      set: (name, value) => void notes.set(name, value),
      get: (name) => {
        const value = notes.get(name);
        if (value === undefined) throw new Error(`An earlier step should have noted ${name}.`);
        return value;
      },
    },
    ec2: ec2Of(info.accountId),
    ec2Of,
    elbv2,
    database,
    startMachine: async (machine, input) => {
      const { executionArn = '' } = await sfn.send(
        new StartExecutionCommand({
          stateMachineArn: machineArn(stack, machine),
          input: JSON.stringify(input),
        }),
      );
      return executionArn;
    },
    execution: (machine, arn) => readExecution(sfn, machine, arn),
    executionsAbout: async (machine, text) => {
      const arns = await listExecutions(sfn, machineArn(stack, machine));
      const records = await Promise.all(arns.map((arn) => readExecution(sfn, machine, arn)));
      return records.filter(({ input }) => input.includes(text)).reverse();
    },
    succeeded: async (machine, arn, withinMs) => {
      await stage.eventually(`${machine} to succeed`, withinMs, async () => {
        const { status, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn: arn }));
        if (status === 'SUCCEEDED') return { met: true, value: undefined };
        const hopeless = status !== 'RUNNING';
        return { met: false, seen: `it ${status ?? ''} ${error ?? ''} ${cause ?? ''}`.trim(), hopeless };
      });
      return readExecution(sfn, machine, arn);
    },
    fivetran: async (schema, request, body) => {
      const [method = 'GET', path = ''] = request.split(' ');
      const login = Buffer.from(`${info.fivetranApiKey}:${info.fivetranApiSecret}`).toString('base64');
      const response = await fetch(`${info.fivetranUrl}${path}`, {
        method,
        headers: {
          authorization: `Basic ${login}`,
          accept: fivetranAccept(path),
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`Fivetran answered ${response.status} to ${request}: ${text}`);
      return schema.parse(JSON.parse(text));
    },
    databricks: (statement) => queryDatabricks(stack.databricks, statement),
    slack: async () => (await (await fetch(info.slackMessagesUrl)).json()) as SlackMessage[],
    eventually: (expected, withinMs, look) => eventually(expected, look, { clock, signal, withinMs }),
    close: async () => {
      for (const client of [sfn, elbv2, ...ec2Clients.values()]) client.destroy();
      await database.end();
    },
  };
  return stage;
}

/** ARN of one of the service's machines. */
function machineArn({ info }: Pick<StoryStack, 'info'>, machine: string): string {
  const arn = info.stateMachines[machine];
  if (arn === undefined) throw new Error(`The stack has no state machine ${machine}.`);
  return arn;
}
