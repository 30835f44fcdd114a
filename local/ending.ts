/** What a shell says of a program that a signal ended: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** One Ctrl-C arrives twice within this time: from the terminal, and passed on by npm. */
const sameRequestMs = 1_000;
const lookForNpmEveryMs = 500;

/** Somebody's wish that the program ends. */
export interface Ending {
  /** Aborted when it is wished for; the reason is an Error that says by what. */
  signal: AbortSignal;
  /** What the program should exit with then, as its shell expects it; undefined before. */
  exitCode: () => number | undefined;
}

/**
 * Hears SIGINT, SIGTERM and SIGHUP, and notices when the npm that runs the program is gone (killed, it passes nothing
 * on). Whoever asks again after a second does not want to wait: the program exits at once, and the guard of
 * PostgreSQL cleans up behind it.
 */
export function awaitEnding(): Ending {
  const controller = new AbortController();
  let asked: { code: number; at: number } | undefined;
  const ask = (by: string, code: number): void => {
    if (asked === undefined) {
      asked = { code, at: performance.now() };
      controller.abort(new Error(`Stopped by ${by}.`));
    } else if (performance.now() - asked.at > sameRequestMs) {
      process.exit(code);
    }
  };
  for (const [signal, code] of Object.entries(exitCodes)) process.on(signal, () => ask(signal, code));
  const { ppid } = process;
  if (process.env.npm_lifecycle_event !== undefined) {
    setInterval(() => {
      if (process.ppid !== ppid && asked === undefined) ask('the end of npm', exitCodes.SIGHUP);
    }, lookForNpmEveryMs).unref();
  }
  return { signal: controller.signal, exitCode: () => asked?.code };
}
