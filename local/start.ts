import { help, readOptions, UsageError } from './story/options.ts';
import { createProgress } from './story/progress.ts';

// `npm start`: plays the whole story on this machine. Its parts are loaded when they are wanted, so that a question
// about the switches is answered at once.

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

// Whoever reads the progress may go away, as in `npm start | head`; the story goes on.
process.stdout.on('error', () => undefined);

process.exit(await main());

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(help);
      return exitCodes.holds;
    }
    const { runStory } = await import('./story/run-story.ts');
    const outcome = await runStory(options, { progress, stopping });
    return signalCode ?? (outcome.failure === undefined ? exitCodes.holds : exitCodes.breaks);
  } catch (error) {
    progress.stop();
    if (signalCode !== undefined) return signalCode;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write(help);
    return exitCodes.cannotPlay;
  }
}
