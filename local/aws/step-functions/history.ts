import type { Json } from '../../json.ts';
import type { State } from './definition.ts';
import type { Lane, Step } from './steps.ts';

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html */
export interface HistoryEvent {
  id: number;
  previousEventId: number;
  timestamp: Date;
  type: string;
  /** Which `…EventDetails` field the details stand in; undefined for a type that has none. */
  detailsKey: string | undefined;
  details: Record<string, unknown>;
}

/** What a task's resource is, in the words of the history. */
export type TaskResource =
  | { kind: 'lambda'; arn: string }
  | { kind: 'integration'; resourceType: string; resource: string; region: string };

/** How one attempt of a task ended. */
type TaskEnd = { output: Json } | { error: string; cause: string };

/** Writes one execution's history: ids from 1, each event pointing back to the one before it in its own branch. */
export interface HistoryRecorder {
  events: HistoryEvent[];
  executionStarted: (input: string, roleArn: string) => void;
  step: (step: Step) => void;
  /** A task is handed to its resource. @returns how to say that it ended; ignored once the attempt is over */
  taskStarted: (
    lane: Lane,
    state: State,
    resource: TaskResource,
    input: Json,
  ) => { submitted: (output: Json) => void; ended: (end: TaskEnd) => void };
  executionEnded: (type: string, details: { output: string } | { error?: string; cause?: string }) => void;
  /** Id of the event by which the state was last entered. */
  enteredId: (state: string) => number | undefined;
}

/** States that have an event of their own for not ending; others take no time. */
const abortable = new Set(['Task', 'Wait', 'Parallel', 'Map']);

export function createHistoryRecorder(): HistoryRecorder {
  const events: HistoryEvent[] = [];
  /** The latest event of each lane, and of the lanes that it fanned out into. */
  const latest = new Map<Lane, number>();
  const latestOfChildren = new Map<Lane, number>();
  const entered = new Map<string, number>();
  const openTasks = new Map<Lane, { state: State; resource: TaskResource; open: boolean }>();
  let last = 0;

  const push = (
    lane: Lane | undefined,
    type: string,
    detailsKey?: string,
    details: Record<string, unknown> = {},
    previous?: number,
  ): number => {
    const id = events.length + 1;
    const before = previous ?? (lane === undefined ? last : previousIn(lane));
    events.push({ id, previousEventId: before, timestamp: new Date(), type, detailsKey, details });
    last = id;
    for (let at = lane; at !== undefined; at = at.parent) {
      if (at === lane) latest.set(at, id);
      if (at.parent !== undefined) latestOfChildren.set(at.parent, id);
    }
    return id;
  };
  const previousIn = (lane: Lane): number =>
    latest.get(lane) ?? (lane.parent === undefined ? 0 : previousIn(lane.parent));
  const afterChildren = (lane: Lane): number => latestOfChildren.get(lane) ?? previousIn(lane);

  const failed = (lane: Lane, state: State, error: string, cause: string): void => {
    if (state.type === 'Parallel') push(lane, 'ParallelStateFailed', undefined, {}, afterChildren(lane));
    if (state.type === 'Map') push(lane, 'MapStateFailed', undefined, {}, afterChildren(lane));
    const task = openTasks.get(lane);
    if (state.type !== 'Task' || task?.open !== true) return;
    task.open = false;
    const timedOut = error === 'States.Timeout';
    const details = { error, ...(cause === error ? {} : { cause }) };
    if (task.resource.kind === 'lambda') {
      const type = timedOut ? 'LambdaFunctionTimedOut' : 'LambdaFunctionFailed';
      push(
        lane,
        type,
        timedOut ? 'lambdaFunctionTimedOutEventDetails' : 'lambdaFunctionFailedEventDetails',
        details,
      );
    } else {
      const { resourceType, resource } = task.resource;
      push(
        lane,
        timedOut ? 'TaskTimedOut' : 'TaskFailed',
        timedOut ? 'taskTimedOutEventDetails' : 'taskFailedEventDetails',
        { resourceType, resource, ...details },
      );
    }
  };

  const step = (happened: Step): void => {
    const { lane } = happened;
    switch (happened.kind) {
      case 'entered': {
        const { state, input } = happened;
        const id = push(lane, `${state.type}StateEntered`, 'stateEnteredEventDetails', {
          name: state.name,
          input: JSON.stringify(input),
          inputDetails: { truncated: false },
        });
        entered.set(state.name, id);
        break;
      }
      case 'exited': {
        const { state, output } = happened;
        push(lane, `${state.type}StateExited`, 'stateExitedEventDetails', {
          name: state.name,
          output: JSON.stringify(output),
          outputDetails: { truncated: false },
        });
        break;
      }
      case 'failed':
        failed(lane, happened.state, happened.error, happened.cause);
        break;
      case 'aborted':
        if (abortable.has(happened.state.type)) push(lane, `${happened.state.type}StateAborted`);
        break;
      case 'fanned-out':
        latestOfChildren.delete(lane);
        if (happened.state.type === 'Parallel') push(lane, 'ParallelStateStarted');
        else push(lane, 'MapStateStarted', 'mapStateStartedEventDetails', { length: happened.length });
        break;
      case 'joined':
        push(lane, `${happened.state.type}StateSucceeded`, undefined, {}, afterChildren(lane));
        break;
      case 'iteration-started':
        iteration(lane, 'Started');
        break;
      case 'iteration-succeeded':
        iteration(lane, 'Succeeded');
        break;
      case 'iteration-failed':
        iteration(lane, 'Failed');
        break;
      case 'iteration-aborted':
        iteration(lane, 'Aborted');
        break;
      case 'retried':
        break;
    }
  };
  const iteration = (lane: Lane, what: 'Started' | 'Succeeded' | 'Failed' | 'Aborted'): void => {
    push(lane, `MapIteration${what}`, `mapIteration${what}EventDetails`, { ...lane.iteration });
  };

  return {
    events,
    step,
    enteredId: (state) => entered.get(state),
    executionStarted: (input, roleArn) => {
      push(undefined, 'ExecutionStarted', 'executionStartedEventDetails', {
        input,
        inputDetails: { truncated: false },
        roleArn,
      });
    },
    executionEnded: (type, details) => {
      const key = `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
      push(
        undefined,
        type,
        key,
        'output' in details ? { ...details, outputDetails: { truncated: false } } : details,
      );
    },
    taskStarted: (lane, state, resource, input) => {
      const task = { state, resource, open: true };
      openTasks.set(lane, task);
      const timeoutInSeconds = state.source.TimeoutSeconds;
      if (resource.kind === 'lambda') {
        push(lane, 'LambdaFunctionScheduled', 'lambdaFunctionScheduledEventDetails', {
          resource: resource.arn,
          input: JSON.stringify(input),
          inputDetails: { truncated: false },
          timeoutInSeconds,
        });
        push(lane, 'LambdaFunctionStarted');
      } else {
        const { resourceType, resource: name, region } = resource;
        push(lane, 'TaskScheduled', 'taskScheduledEventDetails', {
          resourceType,
          resource: name,
          region,
          parameters: JSON.stringify(input),
          timeoutInSeconds,
        });
        push(lane, 'TaskStarted', 'taskStartedEventDetails', { resourceType, resource: name });
      }
      return {
        submitted: (output) => {
          if (!task.open || resource.kind === 'lambda') return;
          push(lane, 'TaskSubmitted', 'taskSubmittedEventDetails', {
            resourceType: resource.resourceType,
            resource: resource.resource,
            output: JSON.stringify(output),
            outputDetails: { truncated: false },
          });
        },
        ended: (end) => {
          if (!task.open) return;
          if ('error' in end) {
            failed(lane, state, end.error, end.cause);
            return;
          }
          task.open = false;
          const output = { output: JSON.stringify(end.output), outputDetails: { truncated: false } };
          if (resource.kind === 'lambda') {
            push(lane, 'LambdaFunctionSucceeded', 'lambdaFunctionSucceededEventDetails', output);
          } else {
            const { resourceType, resource: name } = resource;
            push(lane, 'TaskSucceeded', 'taskSucceededEventDetails', {
              resourceType,
              resource: name,
              ...output,
            });
          }
        },
      };
    },
  };
}

/** Fields of an event's details that carry execution data. */
const dataFields = new Set(['input', 'output', 'parameters', 'inputDetails', 'outputDetails']);

/** The event as GetExecutionHistory answers it. */
export function toWire(event: HistoryEvent, includeExecutionData: boolean): Record<string, unknown> {
  const { id, previousEventId, timestamp, type, detailsKey, details } = event;
  const shown = includeExecutionData
    ? details
    : Object.fromEntries(Object.entries(details).filter(([field]) => !dataFields.has(field)));
  return {
    timestamp,
    type,
    id,
    previousEventId,
    ...(detailsKey === undefined ? {} : { [detailsKey]: shown }),
  };
}
