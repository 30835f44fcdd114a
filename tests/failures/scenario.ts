import type { FailureStage } from './failure-stage.ts';

/** Mends what a scenario broke; it is done once. */
export type Mend = () => unknown;

/** One failure, from its cause to what on-call reads. */
export interface Scenario {
  /** The row of the failure catalogue, or the part of the path, that recognises it. */
  code: string;
  /** The entry of the runbook that the message leads to, where that is another one: a symptom's cause is named instead. */
  namedAs?: string;
  /** Words of the message. */
  says: string;
  /** What fails; a sync that Fivetran runs by itself where nothing is said. */
  in?: 'run-sync';
  /** Why this system cannot bring it about; it can where nothing is said. */
  notHere?: string | undefined;
  breaks: (stage: FailureStage) => Promise<Mend>;
}
