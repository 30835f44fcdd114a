import { DescribeVpcEndpointConnectionsCommand } from '@aws-sdk/client-ec2';
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { Finding } from '../../shared/contracts/finding.ts';
import type { Observed } from '../observer.ts';
import type {
  EventRecord,
  ExecutionRecord,
  FindingRecord,
  PartState,
  PathRecord,
  ScenarioRecord,
} from '../report/report-data.ts';
import type { SlackMessage } from '../slack/slack.ts';
import { Connection, Connections } from './scenarios/fivetran-answers.ts';
import type { Stage } from './stage.ts';

const fivetranAccount = '834469178297';

/** Every execution of every machine, the earliest first. */
export async function collectExecutions(stage: Stage): Promise<ExecutionRecord[]> {
  const machines = Object.keys(stage.stack.info.stateMachines);
  const records = await Promise.all(machines.map((machine) => stage.executionsAbout(machine, '')));
  return records.flat().sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}

/** What stands on the way of the data, looked at now. A part that cannot be asked is down. */
export async function collectPath(stage: Stage): Promise<PathRecord> {
  const { database, elbv2, ec2, fivetran, databricks, stack } = stage;
  const { serviceId } = stack.info.endpointService;
  const { VpcEndpointConnections: connections = [] } = await ec2
    .send(
      new DescribeVpcEndpointConnectionsCommand({ Filters: [{ Name: 'service-id', Values: [serviceId] }] }),
    )
    .catch(() => ({ VpcEndpointConnections: [] }));
  const ours = connections.find(({ VpcEndpointOwner }) => VpcEndpointOwner === fivetranAccount);
  const parts = [
    part('PostgreSQL', async () => {
      const { rows } = await database.query<{ version: string; tables: string }>(
        `SELECT current_setting('server_version') AS version,
                (SELECT count(*) FROM pg_tables WHERE schemaname = 'public') AS tables`,
      );
      return ['up', `${rows[0]?.version ?? ''}, TLS required, ${rows[0]?.tables ?? ''} tables`];
    }),
    part('load balancer', async () => {
      const { TargetGroups = [] } = await elbv2.send(new DescribeTargetGroupsCommand({}));
      const { TargetHealthDescriptions: targets = [] } = await elbv2.send(
        new DescribeTargetHealthCommand({ TargetGroupArn: TargetGroups[0]?.TargetGroupArn }),
      );
      const healthy = targets.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy').length;
      return [healthy > 0 ? 'up' : 'down', `${healthy} of ${targets.length} targets healthy`];
    }),
    part('endpoint service', () => Promise.resolve(['up', `acceptance required, ${serviceId}`])),
    part('PrivateLink', () => {
      const state: string = ours?.VpcEndpointState ?? 'not asked for';
      const standing: PartState = state === 'available' ? 'up' : ours === undefined ? 'down' : 'waiting';
      return Promise.resolve([standing, `${ours?.VpcEndpointId ?? ''} ${state}`.trim()]);
    }),
    part('Fivetran', async () => {
      const { data } = await fivetran(Connections, 'GET /v1/connections');
      const id = data.items[0]?.id;
      if (id === undefined) return ['down', 'no connection'];
      const { data: connection } = await fivetran(Connection, `GET /v1/connections/${id}`);
      const lastFailed = Date.parse(connection.failed_at ?? '') > Date.parse(connection.succeeded_at ?? '');
      return [
        lastFailed ? 'down' : 'up',
        `${connection.schema}: last sync ${lastFailed ? 'failed' : 'succeeded'}`,
      ];
    }),
    part('Databricks', async () => {
      await databricks('SELECT 1 AS one');
      return ['up', `catalog ${stack.databricks.catalog}`];
    }),
  ];
  return {
    parts: await Promise.all(parts),
    strangers: connections
      .filter(({ VpcEndpointOwner }) => VpcEndpointOwner !== fivetranAccount)
      .map(({ VpcEndpointOwner = '', VpcEndpointId = '', VpcEndpointState }) => {
        const state: string = VpcEndpointState ?? 'unknown';
        return {
          account: VpcEndpointOwner,
          endpointId: VpcEndpointId,
          state,
          note: `${VpcEndpointId}: ${state}`,
        };
      }),
  };
}

async function part(
  name: string,
  look: () => Promise<[state: PartState, detail: string]>,
): Promise<PathRecord['parts'][number]> {
  try {
    const [state, detail] = await look();
    return { name, state, detail };
  } catch (error) {
    return { name, state: 'down', detail: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The findings in the states' outputs. A state's output carries those of the states before it along, so each is
 * credited to the first that has it; of the same check with the same status the latest is kept.
 */
export function collectFindings(executions: ExecutionRecord[]): FindingRecord[] {
  const latest = new Map<string, FindingRecord>();
  for (const { machine, visits } of executions) {
    const seen = new Set<string>();
    for (const { state, output } of visits) {
      for (const finding of findingsIn(output === undefined ? undefined : JSON.parse(output))) {
        const text = JSON.stringify(finding);
        if (seen.has(text)) continue;
        seen.add(text);
        latest.set(`${finding.check} ${finding.status}`, { ...finding, where: `${state} in ${machine}` });
      }
    }
  }
  return [...latest.values()];
}

function findingsIn(value: unknown): Finding[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Finding.safeParse(value);
  return own.success ? [own.data] : Object.values(value).flatMap(findingsIn);
}

/** What happened, told from what the stack saw, what people did, and what Slack showed. */
export function collectEvents(
  observed: readonly Observed[],
  scenarios: ScenarioRecord[],
  messages: readonly SlackMessage[],
): EventRecord[] {
  return [
    ...observed.flatMap(tellEvent),
    ...scenarios
      .flatMap(({ steps }) => steps)
      .flatMap((step): EventRecord[] => {
        if (step.acts !== true || step.startedAt === undefined) return [];
        return [
          {
            at: step.startedAt,
            actor: 'person',
            text: step.title,
            ...(step.seen === undefined ? {} : { detail: step.seen }),
          },
        ];
      }),
    ...messages.flatMap(({ text, postedAt, editedAt, threadTs }): EventRecord[] => [
      {
        at: postedAt,
        actor: 'slack',
        text: threadTs === undefined ? 'Message' : 'Reply',
        detail: firstLine(text),
      },
      ...(editedAt === undefined
        ? []
        : [{ at: editedAt, actor: 'slack' as const, text: 'Message edited', detail: firstLine(text) }]),
    ]),
  ];
}

function tellEvent(event: Observed): EventRecord[] {
  const at = event.at.toISOString();
  switch (event.kind) {
    case 'execution-started':
      return [
        { at, actor: 'machine', text: `${event.execution.machine} starts`, detail: event.execution.name },
      ];
    case 'execution-ended': {
      const tone = event.status === 'SUCCEEDED' ? 'good' : 'bad';
      const text = `${event.execution.machine} ${event.status.toLowerCase().replace('_', ' ')}`;
      return [
        { at, actor: 'machine', text, tone, ...(event.cause === undefined ? {} : { detail: event.cause }) },
      ];
    }
    case 'bus-event': {
      const rules = event.rules.length === 0 ? 'nobody listens' : `→ ${event.rules.join(', ')}`;
      return [{ at, actor: 'bus', text: event.detailType, detail: rules }];
    }
    case 'endpoint-changed':
      return [
        {
          at,
          actor: 'aws',
          text: `Endpoint of ${event.owner} is ${event.state}`,
          detail: event.endpointId,
          ...(event.state === 'available' ? { tone: 'good' as const } : {}),
        },
      ];
    case 'fault':
      return [
        {
          at,
          actor: 'aws',
          text: `A defect of the local stack: ${event.part}`,
          detail: firstLine(event.error),
          tone: 'bad',
        },
      ];
    case 'delivery-failed':
      return [
        {
          at,
          actor: 'bus',
          text: `${event.from} could not reach ${event.target}`,
          detail: event.reason,
          tone: 'bad',
        },
      ];
    default:
      return [];
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
