import type { Json } from '../../json.ts';
import type { State } from './definition.ts';

/**
 * One sequence of states: the machine itself, a branch of a Parallel state, or one iteration of a Map state.
 * Whoever records what happens keeps its place in the sequence here.
 */
export interface Lane {
  parent: Lane | undefined;
  /** Of an iteration: the Map state's name and the item's index. */
  iteration: { name: string; index: number } | undefined;
}

/** Something that happened while a machine ran, in order within its lane. */
export type Step =
  | { kind: 'entered'; lane: Lane; state: State; input: Json }
  | { kind: 'exited'; lane: Lane; state: State; output: Json }
  /** An attempt failed; it may still be retried or caught. */
  | { kind: 'failed'; lane: Lane; state: State; error: string; cause: string }
  | { kind: 'retried'; lane: Lane; state: State; attempt: number }
  /** The state will not end: a sibling branch failed, or the execution was stopped. */
  | { kind: 'aborted'; lane: Lane; state: State }
  /** A Parallel or Map state begins its lanes; `length` is the number of items of a Map state. */
  | { kind: 'fanned-out'; lane: Lane; state: State; length: number }
  | { kind: 'joined'; lane: Lane; state: State; last: Lane | undefined }
  | { kind: 'iteration-started'; lane: Lane }
  | { kind: 'iteration-succeeded'; lane: Lane }
  | { kind: 'iteration-failed'; lane: Lane }
  | { kind: 'iteration-aborted'; lane: Lane };
