import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  paginateGetExecutionHistory,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import type { AslDefinition, ExecutionRecord, StateVisit } from '../report/report-data.ts';

const State = z.object({
  Type: z.string(),
  Next: z.optional(z.string()),
  End: z.optional(z.boolean()),
  Default: z.optional(z.string()),
  Choices: z.optional(z.array(z.object({ Next: z.string() }))),
  Catch: z.optional(z.array(z.object({ Next: z.string() }))),
  get Branches() {
    return z.optional(z.array(Machine));
  },
  get ItemProcessor() {
    return z.optional(Machine);
  },
  get Iterator() {
    return z.optional(Machine);
  },
});
const Machine = z.object({
  Comment: z.optional(z.string()),
  StartAt: z.string(),
  get States() {
    return z.record(z.string(), State);
  },
});

/** ARNs of a machine's executions, the newest first. */
export async function listExecutions(sfn: SFNClient, stateMachineArn: string): Promise<string[]> {
  const { executions = [] } = await sfn.send(
    new ListExecutionsCommand({ stateMachineArn, maxResults: 1000 }),
  );
  return executions.map(({ executionArn }) => executionArn ?? '');
}

/** Everything that Step Functions tells about an execution, as a picture of it needs it. */
export async function readExecution(
  sfn: SFNClient,
  machine: string,
  executionArn: string,
): Promise<ExecutionRecord> {
  const found = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  const { stateMachineArn = '', name = '', status = '', input = '{}', output, error, cause } = found;
  return {
    machine,
    name,
    arn: executionArn,
    definition: await readDefinition(sfn, stateMachineArn),
    status,
    startedAt: isoOf(found.startDate),
    ...(found.stopDate === undefined ? {} : { stoppedAt: isoOf(found.stopDate) }),
    input,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    visits: visitsOf(await readHistory(sfn, executionArn)),
  };
}

async function readDefinition(sfn: SFNClient, stateMachineArn: string): Promise<AslDefinition> {
  const { definition = '' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  return Machine.parse(JSON.parse(definition));
}

async function readHistory(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for await (const page of paginateGetExecutionHistory({ client: sfn }, { executionArn, maxResults: 1000 })) {
    events.push(...(page.events ?? []));
  }
  return events;
}

/** Each stay in a state, in the order of entering, from the events of one execution. */
function visitsOf(events: HistoryEvent[]): StateVisit[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  const visits: StateVisit[] = [];
  const openById = new Map<number | undefined, StateVisit>();

  /** The visit to which an event belongs: that of the nearest StateEntered before it. */
  const visitOf = (event: HistoryEvent): StateVisit | undefined => {
    let at: HistoryEvent | undefined = event;
    while (at !== undefined) {
      const visit = openById.get(at.id);
      if (visit !== undefined) return visit;
      at = byId.get(at.previousEventId);
    }
    return undefined;
  };

  for (const event of events) {
    const entered = event.stateEnteredEventDetails;
    const exited = event.stateExitedEventDetails;
    if (entered !== undefined) {
      const visit: StateVisit = {
        state: entered.name ?? '',
        type: (event.type ?? '').replace('StateEntered', ''),
        enteredAt: isoOf(event.timestamp),
        ...(entered.input === undefined ? {} : { input: entered.input }),
        errors: [],
      };
      visits.push(visit);
      openById.set(event.id, visit);
    } else if (exited !== undefined) {
      const visit = visits.findLast(({ state, exitedAt }) => state === exited.name && exitedAt === undefined);
      if (visit === undefined) continue;
      visit.exitedAt = isoOf(event.timestamp);
      if (exited.output !== undefined) visit.output = exited.output;
    } else {
      const failure = failureOf(event);
      if (failure !== undefined) visitOf(event)?.errors.push(failure);
    }
  }
  return visits;
}

function failureOf(event: HistoryEvent): string | undefined {
  const details =
    event.lambdaFunctionFailedEventDetails ??
    event.lambdaFunctionTimedOutEventDetails ??
    event.taskFailedEventDetails ??
    event.taskTimedOutEventDetails ??
    event.executionFailedEventDetails;
  return details === undefined ? undefined : `${details.error ?? 'error'}: ${details.cause ?? ''}`;
}

function isoOf(date: Date | undefined): string {
  return (date ?? new Date(0)).toISOString();
}
