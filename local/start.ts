import { awaitEnding } from './ending.ts';
import { help, readOptions, UsageError } from './story/options.ts';
import { createProgress } from './story/progress.ts';
import { forgetSurroundings } from './surroundings.ts';

// `npm start`: plays the whole story on this machine. Its parts are loaded when they are wanted, so that a question
// about the switches is answered at once.

const exitCodes = { holds: 0, breaks: 1, cannotPlay: 2 };

forgetSurroundings();
const live = process.stdout.isTTY && process.env.TERM !== 'dumb';
// https://no-color.org: present and not empty.
const progress = createProgress(process.stdout, { live, color: live && !process.env.NO_COLOR });
const ending = awaitEnding();
ending.signal.addEventListener('abort', () => progress.line('\nStopping …', 'soft'));

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
    const outcome = await runStory(options, { progress, signal: ending.signal });
    return ending.exitCode() ?? (outcome.failure === undefined ? exitCodes.holds : exitCodes.breaks);
  } catch (error) {
    progress.stop();
    const asked = ending.exitCode();
    if (asked !== undefined) return asked;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write(help);
    return exitCodes.cannotPlay;
  }
}
