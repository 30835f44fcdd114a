import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createObserver } from './observer.ts';
import type { StackInfo } from './stack-info.ts';
import { startStack, type LocalStack } from './stack.ts';

// `npm run local`: boots one machine, says what can be done with it, and stays until it is told to end.

const directory = path.resolve(import.meta.dirname, '../.local');
const stackFile = path.join(directory, 'stack.json');

/** Resolves at the first signal that asks to end; one that comes a second later or more ends the process at once. */
function toldToEnd(): Promise<'told'> {
  return new Promise((resolve) => {
    let toldAt: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // One Ctrl-C arrives twice: from the terminal, and passed on by npm.
        if (toldAt !== undefined && performance.now() - toldAt > 1000) process.exit(1);
        toldAt ??= performance.now();
        resolve('told');
      });
    }
  });
}

/** Appears whole or not at all: whoever waits for the file may read it at once. */
async function writeStackFile(info: StackInfo): Promise<void> {
  await mkdir(directory, { recursive: true });
  const unfinished = `${stackFile}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
  await rename(unfinished, stackFile);
}

function whatNext(info: StackInfo): string {
  const machines = Object.entries(info.stateMachines);
  const [, machine = '<ARN of a machine>'] =
    machines.find(([name]) => name === 'connect-source') ?? machines[0] ?? [];
  return [
    '',
    `The stack is up; ${path.relative(process.cwd(), stackFile)} tells programs where everything is.`,
    '',
    '  Any AWS client can use it, for instance the aws command line in another terminal:',
    `    export AWS_ENDPOINT_URL=${info.awsEndpoint} AWS_REGION=${info.region} AWS_DEFAULT_REGION=${info.region}`,
    `    export AWS_ACCESS_KEY_ID=${info.accountId} AWS_SECRET_ACCESS_KEY=local`,
    '    aws stepfunctions list-state-machines',
    `    aws stepfunctions list-executions --state-machine-arn ${machine}`,
    `    aws ec2 describe-vpc-endpoint-connections --filters Name=service-id,Values=${info.endpointService.serviceId}`,
    '',
    "  Ask for a connection as Fivetran's own AWS account would:",
    `    AWS_ACCESS_KEY_ID=834469178297 aws ec2 create-vpc-endpoint --vpc-id vpc-0123456789abcdef0 --vpc-endpoint-type Interface --service-name ${info.endpointService.serviceName}`,
    '',
    `  Fivetran    ${info.fivetranUrl}  (user ${info.fivetranApiKey}, password in stack.json)`,
    `  Databricks  ${info.databricksUrl}`,
    `  Slack       ${info.slackMessagesUrl}`,
    `  PostgreSQL  psql "${info.postgres.fivetran}?sslmode=verify-full&sslrootcert=${info.postgres.caFile}"`,
    '',
    'Ctrl-C ends it.',
  ].join('\n');
}

/** One line for each thing that happens to an execution or an endpoint. */
function watch(observer: ReturnType<typeof createObserver>): void {
  observer.subscribe((event) => {
    const at = event.at.toISOString().slice(11, 19);
    if (event.kind === 'part-ready') {
      console.log(`  ${event.part.padEnd(11)} up in ${(event.durationMs / 1000).toFixed(1)} s`);
    } else if (event.kind === 'execution-started') {
      console.log(`${at}  ${event.execution.machine} ${event.execution.name} started`);
    } else if (event.kind === 'execution-ended') {
      const why = event.error === undefined ? '' : ` (${event.error})`;
      console.log(
        `${at}  ${event.execution.machine} ${event.execution.name} ${event.status.toLowerCase()}${why}`,
      );
    } else if (event.kind === 'endpoint-changed') {
      console.log(`${at}  endpoint ${event.endpointId} of account ${event.owner} is ${event.state}`);
    } else if (event.kind === 'delivery-failed') {
      console.log(`${at}  could not deliver to ${event.target}: ${event.reason}`);
    } else if (event.kind === 'invocation-ended' && event.error !== undefined) {
      const { errorType, errorMessage } = event.error;
      console.log(`${at}  ${event.invocation.function} failed: ${errorType}: ${errorMessage}`);
    }
  });
}

async function run(): Promise<number> {
  const ended = toldToEnd();
  const observer = createObserver();
  watch(observer);
  // One that a killed process left behind would tell of a stack that is no more.
  await rm(stackFile, { force: true });
  console.log('Starting the local stack:');
  const booting = startStack({ observer });
  const first = await Promise.race([booting, ended]);
  if (first === 'told') {
    // Told to end while booting: what has started must still be stopped.
    await booting.then((stack) => stack.stop()).catch(() => undefined);
    return 0;
  }
  const stack: LocalStack = first;
  try {
    await writeStackFile(stack.info);
    console.log(whatNext(stack.info));
    const crashed = stack.postgres.ended.then(({ expected }) =>
      expected ? new Promise<never>(() => undefined) : 'crash',
    );
    const reason = await Promise.race([ended, crashed]);
    if (reason !== 'crash') return 0;
    console.error('PostgreSQL ended by itself: start the stack again with "npm run local".');
    return 1;
  } finally {
    await rm(stackFile, { force: true });
    await stack.stop();
    console.log('The stack has ended; nothing is left running.');
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
// A handle that somebody forgot must not keep the process.
process.exit();
