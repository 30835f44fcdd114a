import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../shared/clock.ts';
import { packageService } from '../scripts/package.ts';
import { formatDuration } from './report/duration.ts';
import type { ReportData } from './report/report-data.ts';
import { renderReport } from './report/report.ts';
import { startStack, type LocalStack } from './stack.ts';
import { collectEvents, collectExecutions, collectFindings, collectPath } from './story/collect.ts';
import { help, readOptions, UsageError, type Options } from './story/options.ts';
import { play, type Outcome } from './story/play.ts';
import { createProgress, type Progress } from './story/progress.ts';
import { openStage } from './story/stage.ts';
import { story } from './story/story.ts';

const reportPath = path.join('.local', 'report.html');
/** What a shell says of a program that a signal ended: 128 and the signal's number. */
const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
const exitCodes = { holds: 0, breaks: 1, cannotPlay: 2 };

const progress = createProgress(process.stdout, {
  color: process.stdout.isTTY && process.env.NO_COLOR === undefined,
});
const stopping = new AbortController();
let signalCode: number | undefined;
let signalledAt = 0;
for (const [signal, code] of Object.entries(signalCodes)) {
  process.on(signal, () => {
    // One Ctrl-C arrives twice: from the terminal, and passed on by npm.
    if (signalCode !== undefined && performance.now() - signalledAt < 1_000) return;
    // Whoever asks twice does not want to wait; what guards PostgreSQL cleans up when this process is gone.
    if (signalCode !== undefined) process.exit(code);
    signalCode = code;
    signalledAt = performance.now();
    progress.line('\nStopping …', 'soft');
    stopping.abort(new Error(`Stopped by ${signal}.`));
  });
}

process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(help);
      return exitCodes.holds;
    }
    const outcome = await run(options);
    return signalCode ?? (outcome.failure === undefined ? exitCodes.holds : exitCodes.breaks);
  } catch (error) {
    progress.stop();
    if (signalCode !== undefined) return signalCode;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write(help);
    return exitCodes.cannotPlay;
  }
}

async function run(options: Options): Promise<Outcome> {
  const began = Date.now();
  progress.line('fivetran-privatelink: the whole story on this machine', 'bold');
  await progress.during('Packages the service as it would be deployed', () =>
    packageService({ ifChanged: true }),
  );
  stopping.signal.throwIfAborted();
  const stack = await progress.during('Boots PostgreSQL, AWS, Fivetran, Databricks and Slack', () =>
    startStack(options.fivetranAccount === undefined ? {} : { fivetranAwsAccount: options.fivetranAccount }),
  );
  try {
    stopping.signal.throwIfAborted();
    breakOnPurpose(stack, options);
    void stack.postgres.ended.then(({ expected, output }) => {
      if (!expected) stopping.abort(new Error(`PostgreSQL ended by itself. It said last: ${output.trim()}`));
    });
    const bootMs = Date.now() - began;
    const { outcome, data } = await tell(stack, bootMs);
    await mkdir(path.dirname(reportPath), { recursive: true });
    await writeFile(reportPath, renderReport(data));
    summarize(data, progress);
    return outcome;
  } finally {
    await stack.stop();
  }
}

/** Plays the story and gathers what the report tells of it. */
async function tell(stack: LocalStack, bootMs: number): Promise<{ outcome: Outcome; data: ReportData }> {
  const stage = openStage(stack, { clock: systemClock, signal: stopping.signal });
  try {
    const startedAt = new Date();
    const outcome = await play(story, stage, { audience: progress, clock: systemClock });
    const durationMs = Date.now() - startedAt.getTime();
    stopping.signal.throwIfAborted();
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
          { label: 'Endpoint service', value: stack.info.endpointService.serviceId },
          { label: 'Node.js', value: process.version },
          {
            label: 'Peak memory of this process',
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

function breakOnPurpose(stack: LocalStack, { loseRow, slackDown }: Options): void {
  if (loseRow) stack.fivetran.faults.set({ kind: 'lose-rows', table: 'actor' });
  if (slackDown) stack.slack.faults.add({ kind: 'unavailable' });
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
  line(`Report: ${path.resolve(reportPath)}`);
}
