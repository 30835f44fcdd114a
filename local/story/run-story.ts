import { packageService } from '../../scripts/package.ts';
import { systemClock } from '../../shared/clock.ts';
import { outputPath, prepareOutput, writeOutput } from '../output.ts';
import { formatDuration } from '../report/duration.ts';
import type { ReportData } from '../report/report-data.ts';
import { renderReport } from '../report/report.ts';
import { startStack, type LocalStack } from '../stack.ts';
import { collectEvents, collectExecutions, collectFindings, collectPath } from './collect.ts';
import { knock } from './link-probe.ts';
import type { Options } from './options.ts';
import { play, type Audience, type Outcome } from './play.ts';
import type { Progress } from './progress.ts';
import { increment } from './scenarios/increment.ts';
import { openStage } from './stage.ts';
import { story } from './story.ts';

const report = 'report.html';

/** The source went away in the middle of the story. The message says what it said last. */
class SourceLostError extends Error {
  override readonly name = 'SourceLostError';
}

/**
 * Packages, boots, plays the story and writes the report.
 *
 * @param signal ends it early; what was started is stopped in any case
 * @returns what became of the story
 * @throws whatever keeps it from being played, with a message of one line
 */
export async function runStory(
  options: Options,
  { progress, signal: told }: { progress: Progress; signal: AbortSignal },
): Promise<Outcome> {
  const began = Date.now();
  progress.line('fivetran-privatelink: the whole story on this machine', 'bold');
  await prepareOutput();
  await progress.during('Packages the service as it would be deployed', () =>
    packageService({ ifChanged: true }),
  );
  told.throwIfAborted();
  const stack = await progress.during('Boots PostgreSQL, AWS, Fivetran, Databricks and Slack', () =>
    startStack(options.fivetranAccount === undefined ? {} : { fivetranAwsAccount: options.fivetranAccount }),
  );
  try {
    told.throwIfAborted();
    if (options.slackDown) stack.slack.faults.add({ kind: 'unavailable' });
    const lost = new AbortController();
    void stack.postgres.ended.then(({ expected, lastWords }) => {
      if (!expected)
        lost.abort(new SourceLostError(`PostgreSQL ended by itself. It said last: ${lastWords}`));
    });
    const bootMs = Date.now() - began;
    const { outcome, data } = await tell(stack, {
      bootMs,
      progress,
      audience: audienceOf(stack, options, progress),
      signal: AbortSignal.any([told, lost.signal]),
    });
    await writeOutput(report, renderReport(data));
    summarize(data, progress);
    return outcome;
  } finally {
    await stack.stop();
  }
}

/** Plays the story and gathers what the report tells of it. */
async function tell(
  stack: LocalStack,
  {
    bootMs,
    progress,
    audience,
    signal,
  }: { bootMs: number; progress: Progress; audience: Audience; signal: AbortSignal },
): Promise<{ outcome: Outcome; data: ReportData }> {
  const stage = openStage(stack, { clock: systemClock, signal });
  try {
    const startedAt = new Date();
    const outcome = await play(story, stage, { audience, clock: systemClock, signal });
    const durationMs = Date.now() - startedAt.getTime();
    // A step may notice a crash before the server's end is reported.
    if (outcome.failure !== undefined && !(await knock(stack.postgres)).passes) {
      throw new SourceLostError(`PostgreSQL ended by itself: ${outcome.failure.message}`);
    }
    progress.line('');
    return await progress.during('Writes the report', async () => {
      const executions = await collectExecutions(stage);
      const messages = stack.slack.messages();
      const observed = stack.observer.events().filter(({ at }) => at >= startedAt);
      const invocations = observed.filter(({ kind }) => kind === 'invocation-ended').length;
      const data: ReportData = {
        startedAt: startedAt.toISOString(),
        durationMs,
        ...(outcome.failure === undefined ? {} : { failure: outcome.failure }),
        scenarios: outcome.scenarios,
        path: await collectPath(stage),
        events: collectEvents(observed, outcome.scenarios, messages),
        executions,
        messages,
        findings: collectFindings(executions),
        facts: [
          { label: 'Story', value: formatDuration(durationMs) },
          { label: 'Packaging and boot', value: formatDuration(bootMs) },
          { label: 'Executions', value: String(executions.length) },
          { label: 'Lambda invocations', value: String(invocations) },
          { label: 'Slack messages', value: String(messages.length) },
          { label: 'Node.js', value: process.version },
          {
            label: 'Peak memory',
            value: `${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
          },
        ],
      };
      return { outcome, data };
    });
  } finally {
    await stage.close();
  }
}

/** Whoever watches the progress, and the saboteur, who waits for the increment. */
function audienceOf(stack: LocalStack, { loseRow }: Options, progress: Progress): Audience {
  return {
    ...progress,
    scenarioStarted: (title) => {
      progress.scenarioStarted(title);
      if (loseRow && title === increment.title)
        stack.fivetran.faults.set({ kind: 'lose-rows', table: 'actor' });
    },
  };
}

function summarize({ failure, scenarios, durationMs }: ReportData, { line }: Progress): void {
  const steps = scenarios.flatMap((scenario) => scenario.steps);
  const passed = steps.filter(({ status }) => status === 'passed').length;
  line('');
  if (failure === undefined)
    line(`The whole story holds: ${passed} expectations met in ${formatDuration(durationMs)}.`, 'good');
  else
    line(
      `The story breaks at “${failure.step}” (${failure.scenario}): ${passed} of ${steps.length} expectations met.`,
      'bad',
    );
  line(`Report: ${outputPath(report)}`);
}
