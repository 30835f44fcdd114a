import type { Finding } from '../../shared/contracts/finding.ts';
import type { SlackMessage } from '../slack/slack.ts';

/** Everything that the report tells. Times are ISO 8601, durations milliseconds. */
export interface ReportData {
  startedAt: string;
  durationMs: number;
  /** What went wrong, when the story did not hold. */
  failure?: { scenario: string; step: string; message: string };
  scenarios: ScenarioRecord[];
  path: PathRecord;
  events: EventRecord[];
  executions: ExecutionRecord[];
  messages: readonly SlackMessage[];
  findings: FindingRecord[];
  /** Where and with what it ran. */
  facts: { label: string; value: string }[];
}

export interface ScenarioRecord {
  title: string;
  steps: StepRecord[];
}

export interface StepRecord {
  title: string;
  /** What must be true for the step to pass, as a sentence. */
  expectation: string;
  status: 'passed' | 'failed' | 'not-run';
  /** Somebody does something here. */
  acts?: boolean;
  /** What was seen: the proof, or what came instead. */
  seen?: string;
  startedAt?: string;
  durationMs?: number;
}

export type PartState = 'up' | 'down' | 'waiting' | 'unknown';

/** The way of the data. */
export interface PathRecord {
  /** From the database to the destination, in order. */
  parts: { name: string; state: PartState; detail: string; id?: string }[];
  /** Who else asked to be let in. */
  strangers: { account: string; endpointId: string; state: string; note: string }[];
}

/** Something that happened, for the timeline. */
export interface EventRecord {
  at: string;
  actor: 'person' | 'aws' | 'bus' | 'machine' | 'fivetran' | 'slack' | 'postgres';
  text: string;
  detail?: string;
  tone?: 'good' | 'bad';
}

export interface ExecutionRecord {
  machine: string;
  name: string;
  arn: string;
  /** The machine's ASL. */
  definition: AslDefinition;
  status: string;
  startedAt: string;
  stoppedAt?: string;
  input: string;
  output?: string;
  error?: string;
  cause?: string;
  visits: StateVisit[];
}

/** One stay in one state. */
export interface StateVisit {
  state: string;
  type: string;
  enteredAt: string;
  exitedAt?: string;
  input?: string;
  output?: string;
  /** Errors on the way, with the tries that followed. */
  errors: string[];
}

export interface FindingRecord extends Finding {
  /** Which function said it, about what. */
  where: string;
}

/** As much of the Amazon States Language as a picture needs. */
export interface AslDefinition {
  Comment?: string | undefined;
  StartAt: string;
  States: Record<string, AslState>;
}

export interface AslState {
  Type: string;
  Next?: string | undefined;
  End?: boolean | undefined;
  Default?: string | undefined;
  Choices?: { Next: string }[] | undefined;
  Catch?: { Next: string }[] | undefined;
  Branches?: AslDefinition[] | undefined;
  ItemProcessor?: AslDefinition | undefined;
  Iterator?: AslDefinition | undefined;
}
