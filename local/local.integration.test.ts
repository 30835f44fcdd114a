import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StackInfo } from './stack-info.ts';

const root = path.resolve(import.meta.dirname, '..');
const stackFile = path.join(root, '.local/stack.json');

let npm: ChildProcess;
let output: string;

beforeEach(() => {
  rmSync(stackFile, { force: true });
  output = '';
  npm = spawn('npm', ['run', 'local'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  npm.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  npm.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
});

afterEach(() => {
  npm.kill('SIGKILL');
});

async function until<Value>(what: string, look: () => Value | undefined | false): Promise<Value> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (npm.exitCode !== null && what === 'the stack') throw new Error(`The stack ended early:\n${output}`);
    await delay(100);
  }
  throw new Error(`Waited in vain for ${what}:\n${output}`);
}

const ready = () =>
  until('the stack', () =>
    existsSync(stackFile) ? (JSON.parse(readFileSync(stackFile, 'utf8')) as StackInfo) : undefined,
  );

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
  test('tells where everything is, answers there, and ends when npm is told to end', async () => {
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
    await nothingIsLeftAfter(info, () => npm.kill('SIGTERM'));
    await until('npm to end', () => npm.exitCode !== null || npm.signalCode !== null);
    expect(existsSync(stackFile)).toBe(false);
    expect(existsSync(info.webhookCaFile)).toBe(false);
    expect(output).toContain('nothing is left running');
  });

  test('leaves no process behind when it is killed', async () => {
    const info = await ready();
    await nothingIsLeftAfter(info, () => process.kill(info.pid, 'SIGKILL'));
  });
});
