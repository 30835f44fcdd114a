import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from './client.ts';
import { startPython } from './python-process.ts';

/** Whether this machine has the `aws` command line. */
export const hasCommandLine = spawnSync('aws', ['--version']).status === 0;

/** Version 1 is a Python package, which runs without a new process for each command. */
const isImportable = (): boolean => spawnSync('python3', ['-c', 'import awscli']).status === 0;

const config = `[default]
cli_timestamp_format = iso8601
cli_binary_format = raw-in-base64-out
cli_pager =
`;

interface Command {
  args: string[];
  environment: Record<string, string>;
}

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

interface Runner {
  run: (command: Command) => Promise<Ran>;
  stop: () => Promise<void>;
}

/** The `aws` command line. It does not tell request ids. */
export async function commandLineClient(endpoint: string): Promise<Client> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aws-cli-'));
  const configFile = path.join(folder, 'config');
  await writeFile(configFile, config);
  const runner = isImportable() ? inProcess() : byProcesses();
  return {
    tellsRequestId: false,
    send: async ({ service, operation, input, accessKeyId, singlePage }) => {
      const payloadFile = operation === 'Invoke' ? path.join(folder, 'payload') : undefined;
      const args = [
        // Version 1 has an address of its own for SQS, which only this option overrules.
        ...(service === 'sqs' ? ['--endpoint-url', endpoint] : []),
        ...(singlePage ? ['--no-paginate'] : []),
        ...[service, kebab(operation), '--output', 'json'],
        // A command that writes a file takes no input as JSON.
        ...(payloadFile === undefined
          ? ['--cli-input-json', JSON.stringify(input)]
          : [
              ...Object.entries(input).flatMap(([name, value]) => [`--${kebab(name)}`, String(value)]),
              payloadFile,
            ]),
      ];
      const environment = {
        HOME: folder,
        AWS_CONFIG_FILE: configFile,
        AWS_ENDPOINT_URL: endpoint,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_MAX_ATTEMPTS: '1',
      };
      const { code, stdout, stderr } = await runner.run({ args, environment });
      if (code !== 0) {
        const [, errorCode = stderr.trim(), message = ''] =
          /An error occurred \(([^)]*)\) when calling the \w+ operation[^:]*: ([^]*)/.exec(stderr) ?? [];
        return { kind: 'error', code: errorCode, message: message.trim(), requestId: undefined };
      }
      const output = (stdout.trim() === '' ? {} : JSON.parse(stdout)) as Record<string, unknown>;
      if (payloadFile !== undefined) output.Payload = await readFile(payloadFile, 'utf8');
      return { kind: 'output', output, requestId: undefined };
    },
    stop: async () => {
      await runner.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const kebab = (operation: string): string =>
  operation.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();

function inProcess(): Runner {
  const python = startPython('command_line_client.py');
  return { run: async (command) => (await python.ask(command)) as Ran, stop: () => python.stop() };
}

function byProcesses(): Runner {
  return {
    run: ({ args, environment }) =>
      new Promise((resolve) => {
        const env = { PATH: process.env.PATH, ...environment };
        execFile('aws', args, { env }, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
          resolve({ code, stdout, stderr });
        });
      }),
    stop: () => Promise.resolve(),
  };
}
