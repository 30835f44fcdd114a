import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boto3Client, hasBoto3 } from './boto3-client.ts';
import type { Case, Known, ServiceCases } from './cases/case.ts';
import { ec2 } from './cases/ec2.ts';
import { elbv2 } from './cases/elbv2.ts';
import { events, scheduler, stepFunctions } from './cases/orchestration.ts';
import { secretsManager } from './cases/secrets-manager.ts';
import { dynamodb, lambda, sns, sqs, sts } from './cases/small.ts';
import type { Client } from './client.ts';
import { commandLineClient, hasCommandLine } from './command-line-client.ts';
import { javascriptClient } from './javascript-client.ts';
import { startServices } from './services.ts';

const table: ServiceCases[] = [
  ec2,
  elbv2,
  secretsManager,
  sts,
  dynamodb,
  lambda,
  sns,
  sqs,
  events,
  stepFunctions,
  scheduler,
];

interface Contestant {
  name: string;
  isInstalled: boolean;
  start: (endpoint: string) => Client | Promise<Client>;
}

const contestants: Contestant[] = [
  { name: 'the JavaScript SDK', isInstalled: true, start: javascriptClient },
  { name: 'boto3', isInstalled: hasBoto3, start: boto3Client },
  { name: 'the aws command line', isInstalled: hasCommandLine, start: commandLineClient },
];

const requestIdForm = /^[0-9A-Za-z-]{20,}$/;

for (const { name, isInstalled, start } of contestants) {
  describe.skipIf(!isInstalled)(
    isInstalled
      ? `the AWS endpoint, asked by ${name}`
      : `the AWS endpoint, asked by ${name} (skipped: not installed on this machine)`,
    () => {
      let known: Known;
      let client: Client;
      beforeAll(async () => {
        known = { services: await startServices(), ids: {} };
        client = await start(known.services.url);
      });
      afterAll(async () => {
        await client.stop();
        await known.services.stop();
      });

      // One case builds on what the ones before it created, so one test runs a whole service.
      // The project has no JavaScript client of the Scheduler.
      const spoken = table.filter((item) => item !== scheduler || name !== 'the JavaScript SDK');
      it.each(spoken)('answers $service as AWS does', async ({ service, cases }) => {
        for (const item of cases) await check(client, name, service, item, known);
      });
    },
  );
}

it('tries every operation that the AWS endpoint serves', async () => {
  const services = await startServices();
  await services.stop();
  const tried = (scope: string): string[] =>
    table
      .filter((item) => (item.scope ?? item.service) === scope)
      .flatMap(({ cases }) => cases.map(({ operation }) => operation));
  const untried = Object.entries(services.operations).flatMap(([scope, operations]) =>
    operations
      .filter((operation) => !tried(scope).includes(operation))
      .map((operation) => `${scope}:${operation}`),
  );
  expect(untried).toEqual([]);
});

async function check(client: Client, name: string, service: string, item: Case, known: Known): Promise<void> {
  const {
    operation,
    about,
    input,
    as: accessKeyId = 'AKIALOCAL',
    singlePage = false,
    output,
    error,
    learn,
  } = item;
  const title = [service, operation, about].filter((part) => part !== undefined).join(' ');
  const answer = await client.send({
    service,
    operation,
    input: input?.(known) ?? {},
    accessKeyId,
    singlePage,
  });
  if (client.tellsRequestId) expect(answer.requestId, title).toMatch(requestIdForm);
  if (error === undefined) {
    if (answer.kind === 'error') throw new Error(`${title}: ${answer.code}: ${answer.message}`);
    expect(answer.output, title).toMatchObject(output?.(known) ?? {});
    expect(answer.deviations ?? [], title).toEqual([]);
    learn?.(answer.output, known.ids);
    return;
  }
  const codes = typeof error === 'string' ? { code: error, javascript: error } : error;
  const expected = name === 'the JavaScript SDK' ? codes.javascript : codes.code;
  expect(answer, title).toMatchObject({ kind: 'error', code: expected });
}
