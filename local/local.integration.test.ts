import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { StackInfo } from './stack-info.ts';

const root = path.resolve(import.meta.dirname, '..');
const stackFile = path.join(root, '.local/stack.json');

/** One `npm run local`. */
interface Run {
  npm: ChildProcess;
  /** Everything it wrote, both streams. */
  output: () => string;
  /** Resolves with stack.json when the run says that it has written it. */
  ready: () => Promise<StackInfo>;
}

const runs: Run[] = [];

afterEach(() => {
  for (const { npm } of runs.splice(0)) npm.kill('SIGKILL');
});

function start(): Run {
  const npm = spawn('npm', ['run', 'local'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  npm.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const run: Run = {
    npm,
    output: () => output,
    ready: async () => {
      await until('the stack', () => {
        if (hasEnded(npm)) throw new Error(`The stack ended early:\n${output}`);
        return output.includes('The stack is up');
      });
      return readStackFile();
    },
  };
  runs.push(run);
  return run;
}

const readStackFile = (): StackInfo => JSON.parse(readFileSync(stackFile, 'utf8')) as StackInfo;
const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

async function until(what: string, look: () => boolean): Promise<void> {
  const deadline = Date.now() + 110_000;
  while (!look()) {
    if (Date.now() > deadline) {
      throw new Error(`Waited in vain for ${what}:\n${runs.map(({ output }) => output()).join('\n')}`);
    }
    await delay(100);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function nothingIsLeftAfter(info: StackInfo, end: () => void): Promise<void> {
  // The guard's command line names the database's folder, which it removes before it ends.
  const folder = path.dirname(info.postgres.caFile);
  expect(commandLineWith(folder)).toBeDefined();
  end();
  await until('the process to end', () => !isRunning(info.pid));
  await until('the database to end', () => commandLineWith(folder) === undefined);
  expect(existsSync(folder)).toBe(false);
}

/** The command line of a process of this machine that has the text in it (Linux). */
function commandLineWith(text: string): string | undefined {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (commandLine.includes(text)) return commandLine;
    } catch {
      // It ended in the meantime.
    }
  }
  return undefined;
}

describe('npm run local', () => {
  test('tells where everything is, answers there, operators included, and ends when npm is told to end', async () => {
    const { npm, ready, output } = start();
    const info = await ready();
    expect(Object.keys(info).toSorted()).toEqual(
      [
        'accountId',
        'awsEndpoint',
        'databricksUrl',
        'endpointService',
        'eventBusName',
        'fivetranApiKey',
        'fivetranApiSecret',
        'fivetranGroupId',
        'fivetranUrl',
        'functions',
        'pid',
        'postgres',
        'region',
        'slackMessagesUrl',
        'slackUrl',
        'stateMachines',
        'webhookCaFile',
        'webhookSecret',
        'webhookUrl',
      ].toSorted(),
    );
    expect(Object.keys(info.stateMachines).toSorted()).toEqual([
      'accept-endpoint',
      'connect-source',
      'run-sync',
    ]);
    expect(info.functions['validate-endpoint']).toMatch(/^arn:aws:lambda:us-east-1:111122223333:function:/);
    expect(info.endpointService.serviceName).toBe(
      `com.amazonaws.vpce.us-east-1.${info.endpointService.serviceId}`,
    );
    expect(await (await fetch(info.slackMessagesUrl)).json()).toEqual([]);
    expect(readFileSync(info.webhookCaFile, 'utf8')).toContain('BEGIN CERTIFICATE');
    const operator = spawnSync(process.execPath, ['cli/main.ts', 'status', '--local'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, AWS_PROFILE: 'production', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    });
    expect(operator, operator.stderr).toMatchObject({ status: 0 });
    await nothingIsLeftAfter(info, () => npm.kill('SIGTERM'));
    await until('npm to end', () => hasEnded(npm));
    expect(existsSync(stackFile)).toBe(false);
    expect(existsSync(info.webhookCaFile)).toBe(false);
    expect(output()).toContain('nothing is left running');
  });

  test('leaves no process behind when it is killed, and the next one takes its file over', async () => {
    const killed = await start().ready();
    await nothingIsLeftAfter(killed, () => process.kill(killed.pid, 'SIGKILL'));
    const { ready, output } = start();
    expect((await ready()).pid).not.toBe(killed.pid);
    expect(output()).not.toContain('Another stack');
  });

  test('ends when npm is killed and can pass nothing on', async () => {
    const { npm, ready } = start();
    const info = await ready();
    await nothingIsLeftAfter(info, () => npm.kill('SIGKILL'));
    expect(existsSync(stackFile)).toBe(false);
  });

  test('runs beside another one, says so, and leaves its file as it was', async () => {
    const first = start();
    const firstInfo = await first.ready();
    const second = start();
    const secondInfo = await second.ready();
    await until('its word', () =>
      second.output().includes(`Another stack runs from here (process ${firstInfo.pid})`),
    );
    expect(secondInfo.awsEndpoint).not.toBe(firstInfo.awsEndpoint);
    await nothingIsLeftAfter(secondInfo, () => second.npm.kill('SIGTERM'));
    expect(readStackFile()).toEqual(firstInfo);

    const third = start();
    const thirdInfo = await third.ready();
    await nothingIsLeftAfter(firstInfo, () => first.npm.kill('SIGTERM'));
    expect(readStackFile()).toEqual(thirdInfo);
  }, 300_000);
});
