import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const bootsWithinMs = 100_000;
const cleansUpWithinMs = 15_000;

interface Run {
  child: ChildProcess;
  /** Everything it wrote, both streams. */
  output: () => string;
  /** The folder for temporary files that it was given. */
  temporary: string;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  /** Resolves when the output contains the text. */
  says: (text: string) => Promise<void>;
  /** Processes that it started and that still run. */
  leftProcesses: () => string[];
  /** What is in that folder. */
  leftFiles: () => string[];
}

const folders: string[] = [];
const runs: Run[] = [];

afterEach(async () => {
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Starts it as `npm start` does, with a folder of its own for temporary files. */
function start(args: string[], more: NodeJS.ProcessEnv = {}): Run {
  const temporary = mkdtempSync(path.join(tmpdir(), 'story-test-'));
  // As root PostgreSQL runs as nobody, who must get in.
  chmodSync(temporary, 0o1777);
  folders.push(temporary);
  const mark = randomUUID();
  const child = spawn(process.execPath, ['-r', './scripts/require-node.cjs', 'local/start.ts', ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary, STORY_TEST_MARK: mark, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const take = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = once(child, 'close').then(([code, signal]: unknown[]) =>
    typeof code === 'number' ? code : String(signal),
  );
  const run: Run = {
    child,
    temporary,
    output: () => output,
    ended,
    says: async (text) => {
      const over = ended.then((code) =>
        Promise.reject(new Error(`It ended with ${code} and said:\n${output}`)),
      );
      const told = async (): Promise<void> => {
        while (!output.includes(text)) await delay(50);
      };
      await Promise.race([told(), over]);
    },
    leftProcesses: () => processesAbout([mark, temporary]),
    leftFiles: () => readdirSync(temporary),
  };
  runs.push(run);
  return run;
}

/** Running processes whose command line or environment says one of the texts. */
function processesAbout(texts: string[]): string[] {
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => ({ command: read(pid, 'cmdline'), environment: read(pid, 'environ') }))
    .filter(({ command, environment }) =>
      texts.some((text) => command.includes(text) || environment.includes(text)),
    )
    .map(({ command }) => command.replaceAll('\0', ' ').trim())
    .filter((command) => command !== '');
}

async function eventuallyNothing(look: () => string[]): Promise<string[]> {
  const deadline = Date.now() + cleansUpWithinMs;
  while (look().length > 0 && Date.now() < deadline) await delay(100);
  return look();
}

test('says how it is used', async () => {
  const run = start(['--help']);
  expect(await run.ended).toBe(0);
  expect(run.output()).toContain('--fivetran-account <12 digits>');
});

test('refuses a switch that it does not know with a sentence', async () => {
  const run = start(['--colour']);
  expect(await run.ended).toBe(2);
  expect(run.output()).toContain("Unknown option '--colour'");
});

test('exits 1 and names the step when another account than Fivetran’s plays Fivetran', async () => {
  const run = start(['--fivetran-account', '999999999999']);
  expect(await run.ended).toBe(1);
  expect(run.output()).toContain('✗ Fivetran’s endpoint asks to connect');
  expect(run.output()).toContain('The story breaks at “Fivetran’s endpoint asks to connect”');
  expect(readFileSync(path.join(root, '.local/report.html'), 'utf8')).toContain('The story breaks at');
  expect(await eventuallyNothing(run.leftProcesses)).toEqual([]);
  expect(run.leftFiles()).toEqual([]);
});

test.runIf(process.platform === 'linux').each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGKILL', 'SIGKILL'],
] as const)(
  'leaves nothing behind when it is ended by %s in the middle of the story',
  async (signal, code) => {
    const run = start([]);
    await run.says('A private PostgreSQL stands behind its load balancer');
    expect(run.leftProcesses().some((command) => command.includes('postgres'))).toBe(true);
    run.child.kill(signal);
    expect(await run.ended).toBe(code);
    expect(await eventuallyNothing(run.leftProcesses)).toEqual([]);
    expect(await eventuallyNothing(run.leftFiles)).toEqual([]);
  },
  bootsWithinMs,
);

test(
  'plays to the end in surroundings that are meant for other programs, and says so in plain lines',
  async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'story-home-'));
    folders.push(home);
    mkdirSync(path.join(home, '.aws'));
    writeFileSync(path.join(home, '.aws/config'), '[default]\nuse_fips_endpoint = true\n');
    const nobody = 'http://127.0.0.1:9';
    const run = start([], {
      HOME: home,
      AWS_PROFILE: 'production',
      AWS_ENDPOINT_URL: nobody,
      AWS_CA_BUNDLE: '/nowhere',
      AWS_USE_FIPS_ENDPOINT: 'true',
      HTTP_PROXY: nobody,
      HTTPS_PROXY: nobody,
      NODE_USE_ENV_PROXY: '1',
      NODE_OPTIONS: '--max-old-space-size=4096',
      PGHOST: '/nowhere',
      PGOPTIONS: '-c search_path=elsewhere',
      LC_ALL: 'tr_TR.UTF-8',
      TZ: 'Pacific/Chatham',
    });
    expect(await run.ended, run.output()).toBe(0);
    expect(run.output()).toMatch(/The whole story holds: \d+ expectations met/);
    expect(run.output()).not.toContain('\u001B');
    expect(readFileSync(path.join(root, '.local/report.html'), 'utf8')).not.toContain(
      'A defect of the local stack',
    );
    expect(await eventuallyNothing(run.leftProcesses)).toEqual([]);
    expect(run.leftFiles()).toEqual([]);
  },
  bootsWithinMs,
);

test.runIf(process.platform === 'linux')(
  'says in one line that PostgreSQL crashed in the middle of the story',
  async () => {
    const run = start([]);
    await run.says('A private PostgreSQL stands behind its load balancer');
    const [folder = ''] = run.leftFiles();
    const [postmaster] = readFileSync(path.join(run.temporary, folder, 'data/postmaster.pid'), 'utf8').split(
      '\n',
    );
    process.kill(Number(postmaster), 'SIGKILL');
    expect(await run.ended).toBe(2);
    expect(run.output()).toMatch(/^PostgreSQL ended by itself.*\n$/m);
    expect(run.output()).not.toContain('    at ');
    expect(await eventuallyNothing(run.leftProcesses)).toEqual([]);
    expect(await eventuallyNothing(run.leftFiles)).toEqual([]);
  },
  bootsWithinMs,
);

test(
  'says in one line that there is no room for temporary files',
  async () => {
    const run = start([], { TMPDIR: '/nowhere' });
    expect(await run.ended).toBe(2);
    expect(run.output()).toContain('PostgreSQL needs a folder for temporary files, and /nowhere takes none');
    expect(run.output()).not.toContain('    at ');
  },
  bootsWithinMs,
);
