import type { Clock } from '../../shared/clock.ts';
import type { ScenarioRecord, StepRecord } from '../report/report-data.ts';

/** One expectation of the story. */
export interface Step<Stage> {
  title: string;
  /** What must be true, as a sentence for a stranger. */
  expectation: string;
  /** A person does something here that the system did not ask for; the timeline tells it. */
  acts?: boolean;
  /** Does and looks; gives what was seen as proof. Throws when the expectation is not met. */
  run: (stage: Stage) => Promise<string>;
}

/** Steps that belong together and follow each other. */
export interface Scenario<Stage> {
  title: string;
  steps: Step<Stage>[];
}

/** Hears of each step as it begins and ends. */
export interface Audience {
  scenarioStarted: (title: string) => void;
  stepStarted: (step: StepRecord) => void;
  stepEnded: (step: StepRecord) => void;
}

interface Circumstances {
  audience: Audience;
  clock: Clock;
  /** Ends the story where it stands. */
  signal: AbortSignal;
}

export interface Outcome {
  scenarios: ScenarioRecord[];
  failure?: { scenario: string; step: string; message: string };
}

/**
 * Plays the scenarios in order. The first step that fails ends the story; what would have followed is recorded as
 * not run.
 *
 * @throws the signal's reason when the story was told to end; nothing for a step
 */
export async function play<Stage>(
  scenarios: Scenario<Stage>[],
  stage: Stage,
  { audience, clock, signal }: Circumstances,
): Promise<Outcome> {
  const outcome: Outcome = {
    scenarios: scenarios.map((scenario) => ({
      title: scenario.title,
      steps: scenario.steps.map(({ title, expectation, acts = false }) => ({
        title,
        expectation,
        acts,
        status: 'not-run',
      })),
    })),
  };
  for (const [index, scenario] of scenarios.entries()) {
    audience.scenarioStarted(scenario.title);
    for (const [place, step] of scenario.steps.entries()) {
      const record = outcome.scenarios[index]?.steps[place];
      if (record === undefined) continue;
      const message = await playStep(step, record, stage, { audience, clock, signal });
      if (message === undefined) continue;
      outcome.failure = { scenario: scenario.title, step: step.title, message };
      return outcome;
    }
  }
  return outcome;
}

/** @returns why the step failed, undefined when it passed */
async function playStep<Stage>(
  step: Step<Stage>,
  record: StepRecord,
  stage: Stage,
  { audience, clock, signal }: Circumstances,
): Promise<string | undefined> {
  const started = clock.now();
  record.startedAt = started.toISOString();
  audience.stepStarted(record);
  try {
    record.seen = await step.run(stage);
    record.status = 'passed';
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    record.seen = error instanceof Error ? error.message : String(error);
    record.status = 'failed';
    return record.seen;
  } finally {
    record.durationMs = clock.now().getTime() - started.getTime();
    if (!signal.aborted) audience.stepEnded(record);
  }
}
