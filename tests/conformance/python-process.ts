import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A Python process that takes one line of JSON and answers with one. */
export interface PythonProcess {
  ask: (request: unknown) => Promise<unknown>;
  stop: () => Promise<void>;
}

/** Starts a script of this folder. */
export function startPython(script: string, ...args: string[]): PythonProcess {
  const file = new URL(script, import.meta.url).pathname;
  const child = spawn('python3', ['-B', file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  // A process that ended is told by the end of its answers.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const next = await lines.next();
      if (next.done === true) throw new Error(`${script} ended.`);
      return JSON.parse(next.value) as unknown;
    },
    stop: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
