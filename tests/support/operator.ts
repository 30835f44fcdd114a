import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, vi } from 'vitest';
import type { StackStatus } from '../../cli/stack-status.ts';
import type { StackInfo } from '../../local/stack-info.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What a command left behind. */
export interface Ran {
  code: number | null;
  /** Standard output: the answer. */
  output: string;
  /** Standard error: what was shown on the way. */
  progress: string;
}

/** An operator at the command line, with nothing in the environment but the way to one stack. */
export interface Operator {
  run: (...args: string[]) => Promise<Ran>;
  /** `status --json`. */
  status: () => Promise<StackStatus>;
  /** The same operator with other variables in the environment. */
  with: (environment: Record<string, string>) => Operator;
  /** The doctor's answer once it finds nothing broken: the load balancer takes a moment to find its target healthy. */
  wholeDoctor: () => Promise<Ran>;
  /** Presses Ctrl-C as soon as the progress says this. */
  interrupt: (when: string, ...args: string[]) => Promise<Ran>;
}

export function createOperator(
  info: Pick<StackInfo, 'awsEndpoint' | 'region' | 'accountId'>,
  environment: Record<string, string> = {},
): Operator {
  const { awsEndpoint, region, accountId } = info;
  const run = async (args: readonly string[], interruptWhen?: string): Promise<Ran> => {
    const child = spawn(process.execPath, ['cli/main.ts', ...args], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        // Otherwise half of what a command takes goes into compiling the same program again.
        NODE_COMPILE_CACHE: path.join(root, '.cache/compile'),
        AWS_ENDPOINT_URL: awsEndpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: accountId,
        AWS_SECRET_ACCESS_KEY: 'local',
        ...environment,
      },
    });
    let [output, progress] = ['', ''];
    // A second one would end the program on the spot.
    let interrupted = false;
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      progress += chunk.toString();
      if (interrupted || interruptWhen === undefined || !progress.includes(interruptWhen)) return;
      interrupted = child.kill('SIGINT');
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output, progress };
  };
  return {
    run: (...args) => run(args),
    status: async () => JSON.parse((await run(['status', '--json'])).output) as StackStatus,
    with: (others) => createOperator(info, { ...environment, ...others }),
    wholeDoctor: () =>
      vi.waitFor(
        async () => {
          const answer = await run(['doctor']);
          expect(answer).toMatchObject({ code: 0 });
          return answer;
        },
        { timeout: 60_000, interval: 500 },
      ),
    interrupt: (when, ...args) => run(args, when),
  };
}
