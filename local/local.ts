import path from 'node:path';
import { awaitEnding, type Ending } from './ending.ts';
import { createObserver } from './observer.ts';
import { prepareOutput } from './output.ts';
import { openStackFile } from './stack-file.ts';
import type { StackInfo } from './stack-info.ts';
import { startStack } from './stack.ts';
import { forgetSurroundings } from './surroundings.ts';

// `npm run local`: boots one machine, says what can be done with it, and stays until it is told to end.

function whatNext(info: StackInfo, file: string): string {
  const machines = Object.entries(info.stateMachines);
  const [, machine = '<ARN of a machine>'] =
    machines.find(([name]) => name === 'connect-source') ?? machines[0] ?? [];
  return [
    '',
    `The stack is up; ${path.relative(process.cwd(), file)} tells programs where everything is.`,
    '',
    '  Any AWS client can use it, for instance the aws command line in another terminal:',
    `    export AWS_ENDPOINT_URL=${info.awsEndpoint} AWS_REGION=${info.region} AWS_DEFAULT_REGION=${info.region}`,
    `    export AWS_ACCESS_KEY_ID=${info.accountId} AWS_SECRET_ACCESS_KEY=local`,
    '    aws stepfunctions list-state-machines',
    `    aws stepfunctions list-executions --state-machine-arn ${machine}`,
    `    aws ec2 describe-vpc-endpoint-connections --filters Name=service-id,Values=${info.endpointService.serviceId}`,
    '',
    '  Connect the source as an operator does; Fivetran asks, and is let in:',
    `    npx fivetran-privatelink connect postgres --local --group ${info.fivetranGroupId} --prefix rental`,
    '',
    "  Ask for a connection as Fivetran's own AWS account would:",
    `    AWS_ACCESS_KEY_ID=834469178297 aws ec2 create-vpc-endpoint --vpc-id vpc-0123456789abcdef0 --vpc-endpoint-type Interface --service-name ${info.endpointService.serviceName}`,
    '',
    `  Fivetran    ${info.fivetranUrl}  (user ${info.fivetranApiKey}, password in stack.json)`,
    `  Databricks  ${info.databricksUrl}`,
    `  Slack       ${info.slackMessagesUrl}`,
    `  PostgreSQL  psql "${info.postgres.fivetran}?sslmode=verify-full&sslrootcert=${info.postgres.caFile}"`,
    '',
    '  Break the source, and mend it again (all levers: local/postgres/README.md):',
    `    curl ${info.postgres.faultsUrl} -d '{"kind": "revoke-grant", "table": "film"}'`,
    `    curl ${info.postgres.faultsUrl} -d '{"kind": "move-host", "addresses": ["127.0.0.2"]}'`,
    `    curl -X DELETE ${info.postgres.faultsUrl}`,
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
    } else if (event.kind === 'fault') {
      console.error(`${at}  a defect of the local stack (${event.part}): ${event.error}`);
    } else if (event.kind === 'delivery-failed') {
      console.log(`${at}  could not deliver to ${event.target}: ${event.reason}`);
    } else if (event.kind === 'invocation-ended' && event.error !== undefined) {
      const { errorType, errorMessage } = event.error;
      console.log(`${at}  ${event.invocation.function} failed: ${errorType}: ${errorMessage}`);
    }
  });
}

async function run({ signal }: Ending): Promise<number> {
  const ended = new Promise<'told'>((resolve) => {
    signal.addEventListener('abort', () => resolve('told'));
  });
  const observer = createObserver();
  watch(observer);
  await prepareOutput();
  const file = await openStackFile();
  console.log('Starting the local stack:');
  // Told to end while booting: what has started must still be stopped.
  const stack = await startStack({ observer });
  try {
    if (signal.aborted) return 0;
    await file.write(stack.info);
    console.log(whatNext(stack.info, file.path));
    if (file.other !== undefined) {
      console.log(
        `\nAnother stack runs from here (process ${file.other.pid}); stack.json now tells of this one.`,
      );
    }
    const crashed = stack.postgres.ended.then(({ expected, lastWords }) =>
      expected ? new Promise<never>(() => undefined) : { lastWords },
    );
    const reason = await Promise.race([ended, crashed]);
    if (reason === 'told') return 0;
    console.error(
      `PostgreSQL ended by itself: start the stack again with "npm run local". It said last: ${reason.lastWords}`,
    );
    return 1;
  } finally {
    await file.remove();
    await stack.stop();
    console.log('The stack has ended; nothing is left running.');
  }
}

forgetSurroundings();
const ending = awaitEnding();
// Whoever reads the lines may go away, as in `npm run local | head`; the stack stays.
process.stdout.on('error', () => undefined);
try {
  process.exitCode = await run(ending);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = ending.signal.aborted ? 0 : 1;
}
// A handle that somebody forgot must not keep the process.
process.exit();
