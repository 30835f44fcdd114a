import type { Json } from './json.ts';
import type { StateType } from './aws/step-functions/definition.ts';

/** Everything that the local stack tells whoever watches it: the story's progress, the report, a test. */
export type LocalEvent =
  /** A part of the stack is up. */
  | { kind: 'part-ready'; part: string; durationMs: number }
  | { kind: 'execution-started'; execution: ExecutionRef; input: Json; startedBy: string | undefined }
  | { kind: 'state-entered'; execution: ExecutionRef; state: string; type: StateType; input: Json }
  | { kind: 'state-exited'; execution: ExecutionRef; state: string; type: StateType; output: Json }
  /** One attempt of a state failed; a retry or a Catch may follow. */
  | { kind: 'state-failed'; execution: ExecutionRef; state: string; error: string; cause: string }
  | { kind: 'state-retried'; execution: ExecutionRef; state: string; attempt: number }
  | {
      kind: 'execution-ended';
      execution: ExecutionRef;
      status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
      output: Json | undefined;
      error: string | undefined;
      cause: string | undefined;
    }
  | { kind: 'invocation-started'; invocation: InvocationRef; input: Json }
  | {
      kind: 'invocation-ended';
      invocation: InvocationRef;
      durationMs: number;
      /** The function's own error; undefined when it answered. */
      error: { errorType: string; errorMessage: string } | undefined;
    }
  /** One line that a function wrote; Powertools writes JSON. */
  | { kind: 'function-log'; invocation: InvocationRef; line: string }
  | {
      kind: 'bus-event';
      bus: string;
      id: string;
      source: string;
      detailType: string;
      detail: Json;
      /** Names of the rules that matched. */
      rules: string[];
    }
  /** A rule's or a schedule's target could not be reached; the event is in the dead-letter queue where there is one. */
  | { kind: 'delivery-failed'; from: string; target: string; reason: string; deadLettered: boolean }
  /** A defect of the local stack itself; its client saw an internal error. */
  | { kind: 'fault'; part: string; error: string }
  | { kind: 'endpoint-changed'; serviceId: string; endpointId: string; owner: string; state: string };

export interface ExecutionRef {
  /** The machine's id in state-machines/, for instance `accept-endpoint`. */
  machine: string;
  name: string;
  arn: string;
}

interface InvocationRef {
  /** The function's folder, for instance `validate-endpoint`. */
  function: string;
  requestId: string;
}

/** A LocalEvent and when it happened. */
export type Observed = LocalEvent & { at: Date };

type Listener = (event: Observed) => void;

/** Where the parts of the local stack say what happens. */
export interface Observer {
  emit: (event: LocalEvent) => void;
  /** @returns ends the subscription */
  subscribe: (listener: Listener) => () => void;
  /** For a part that hands its own defects on. */
  fault: (part: string) => (error: unknown) => void;
  /** Everything so far, in order. */
  events: () => readonly Observed[];
}

/** Keeps the last `keep` events (default 100,000) for those who come late, for instance the report. */
export function createObserver(keep = 100_000): Observer {
  const listeners = new Set<Listener>();
  const seen: Observed[] = [];
  const emit = (event: LocalEvent): void => {
    const observed = { ...event, at: new Date() };
    seen.push(observed);
    if (seen.length > keep) seen.splice(0, seen.length - keep);
    for (const listener of listeners) listener(observed);
  };
  return {
    emit,
    fault: (part) => (error) => {
      emit({
        kind: 'fault',
        part,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    events: () => seen,
  };
}
