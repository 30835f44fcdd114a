import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageService, templatePath } from '../scripts/package.ts';
import { startCloud, type Cloud } from './cloud.ts';
import { startDatabricks, type LocalDatabricks } from './databricks/databricks.ts';
import { startWarehouse, type Warehouse } from './databricks/warehouse.ts';
import { startFivetran, type LocalFivetran } from './fivetran/fivetran.ts';
import { fillSecrets, registerDatabase, registerWebhook } from './hand-over.ts';
import { createObserver, type Observer } from './observer.ts';
import { startSourceFaults, type SourceFaults } from './postgres/faults.ts';
import { startPostgres, type LocalPostgres } from './postgres/postgres.ts';
import { startSlack, type Slack } from './slack/slack.ts';
import type { StackInfo } from './stack-info.ts';
import { TemplateError } from './template/intrinsics.ts';
import type { ProvisionedStack } from './template/provision.ts';
import { readTemplate } from './template/template.ts';

export interface StackOptions {
  observer?: Observer;
  /** `off`: schedules fire only when they are triggered. A number is the factor on the time until they fire. */
  schedules?: 'off' | number;
  /** Factor on AWS's own delays and on health check intervals. */
  scale?: number;
  /** Milliseconds before a machine tries a step again, instead of what its retrier says. */
  stepRetryMs?: number;
  /** Another AWS account than Fivetran's that plays Fivetran. */
  fivetranAwsAccount?: string;
  /** Values of the template's parameters, over those that the stack gives itself. */
  parameters?: Record<string, string>;
  /** `empty`: as the deployment leaves them, before a person has filled anything in. */
  secrets?: 'filled' | 'empty';
}

/** Everything of one machine, up and wired together. */
export interface LocalStack extends Cloud {
  info: StackInfo;
  observer: Observer;
  provisioned: ProvisionedStack;
  postgres: LocalPostgres;
  sourceFaults: SourceFaults;
  slack: Slack;
  warehouse: Warehouse;
  fivetran: LocalFivetran;
  databricks: LocalDatabricks;
}

const root = path.resolve(import.meta.dirname, '..');
const accountId = '111122223333';
const region = 'us-east-1';
const stackName = 'fivetran-privatelink-dev';

/**
 * Packages the service where something changed, boots every part on ports that are free, makes the packaged template
 * real, and does what a person would do after a deployment: fills in the secrets, registers the database with the
 * load balancer and the webhook with Fivetran.
 *
 * @throws PackageError, TemplateError and others whose message is one line that says what to do; nothing is left
 *   running then
 */
export async function startStack(options: StackOptions = {}): Promise<LocalStack> {
  const observer = options.observer ?? createObserver();
  const stops: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      for (const end of stops.reverse()) await end();
    })();
    return stopping;
  };
  const part = async <Part>(
    name: string,
    start: () => Promise<Part>,
    end?: (part: Part) => void | Promise<void>,
  ): Promise<Part> => {
    const startedAt = performance.now();
    const started = await start();
    if (end !== undefined) stops.push(async () => end(started));
    observer.emit({ kind: 'part-ready', part: name, durationMs: performance.now() - startedAt });
    return started;
  };

  const boot = async (): Promise<LocalStack> => {
    const parts = [
      part('package', () => packageService({ ifChanged: true })),
      part(
        'PostgreSQL',
        () => startPostgres(),
        (started) => started.stop(),
      ),
      part(
        'Slack',
        () => startSlack(),
        (started) => started.stop(),
      ),
      part('warehouse', startWarehouse, (started) => started.stop()),
      part(
        'AWS',
        () =>
          startCloud({
            root,
            accountId,
            region,
            stackName,
            observer,
            scale: options.scale ?? 0.05,
            ...(typeof options.schedules === 'number' ? { scheduleScale: options.schedules } : {}),
            ...(options.stepRetryMs === undefined ? {} : { stepRetryMs: options.stepRetryMs }),
          }),
        (started) => started.stop(),
      ),
    ] as const;
    // All have ended, well or not, before the first failure is told: what started can then be stopped.
    await Promise.allSettled(parts);
    const [, postgres, slack, warehouse, cloud] = await Promise.all(parts);
    const setAddresses = (addresses: readonly string[]): void =>
      cloud.lambda.setAddresses(postgres.name, addresses);
    setAddresses([postgres.host]);
    const sourceFaults = await part(
      'levers',
      () => startSourceFaults(postgres, setAddresses),
      (started) => started.stop(),
    );
    const databricks = await part(
      'Databricks',
      () => startDatabricks({ warehouse, onFault: observer.fault('Databricks') }),
      (started) => started.stop(),
    );
    const fivetran = await part(
      'Fivetran',
      () =>
        startFivetran({
          awsEndpoint: cloud.awsEndpoint.url,
          region,
          resolveLink: (dnsName) => cloud.link.resolve(dnsName),
          sourceCaPem: postgres.caPem,
          webhookCaPem: cloud.httpApi.caPem,
          warehouse,
          onFault: observer.fault('Fivetran'),
          destinationTrouble: databricks.trouble,
          ...(options.fivetranAwsAccount === undefined ? {} : { awsAccount: options.fivetranAwsAccount }),
        }),
      (started) => started.stop(),
    );
    const template = await readTemplate(path.join(root, templatePath));
    const { network } = cloud.ec2;
    const provisioned = await part('template', () =>
      cloud.provision(template, {
        FivetranBaseUrl: fivetran.url,
        SlackBaseUrl: slack.url,
        SlackChannel: slack.channel,
        VpcId: network.vpcId,
        VpcCidr: network.cidr,
        DatabasePortPostgres: String(postgres.port),
        SubnetIds: network.subnets.map(({ id }) => id).join(','),
        ...options.parameters,
      }),
    );
    const webhookSecret = randomBytes(24).toString('hex');
    registerDatabase(cloud, provisioned, postgres);
    const webhookCaFile = path.join(postgres.folder, 'webhook-ca.pem');
    const postgresCaFile = path.join(postgres.folder, 'postgres-ca.pem');
    await writeFile(webhookCaFile, cloud.httpApi.caPem);
    await writeFile(postgresCaFile, postgres.caPem);
    if (options.secrets !== 'empty') {
      fillSecrets(cloud, text(provisioned.parameters.get('SecretPrefix')), {
        postgres,
        slack,
        fivetran,
        databricks,
        webhookSecret,
      });
      await registerWebhook(fivetran, `${cloud.httpApi.url}/fivetran`, webhookSecret);
    }
    if (options.schedules !== 'off') cloud.scheduler.start();

    const info: StackInfo = {
      awsEndpoint: cloud.awsEndpoint.url,
      region,
      accountId,
      stateMachines: Object.fromEntries(
        cloud.stepFunctions.machines().map(({ shortName, arn }) => [shortName, arn]),
      ),
      functions: Object.fromEntries(cloud.lambda.functions().map(({ folder, arn }) => [folder, arn])),
      eventBusName: output(provisioned, 'EventBusName'),
      endpointService: {
        serviceId: output(provisioned, 'EndpointServiceIdPostgres'),
        serviceName: output(provisioned, 'EndpointServiceNamePostgres'),
      },
      fivetranUrl: fivetran.url,
      fivetranApiKey: fivetran.apiKey,
      fivetranApiSecret: fivetran.apiSecret,
      fivetranGroupId: fivetran.groupId,
      webhookUrl: `${cloud.httpApi.url}/fivetran`,
      webhookCaFile,
      webhookSecret,
      databricksUrl: databricks.url,
      slackUrl: slack.url,
      slackMessagesUrl: slack.messagesUrl,
      postgres: {
        admin: postgres.connectionString('admin'),
        fivetran: postgres.connectionString('fivetran'),
        caFile: postgresCaFile,
        faultsUrl: `${sourceFaults.url}/_local/faults`,
      },
      pid: process.pid,
    };
    return {
      ...cloud,
      info,
      observer,
      provisioned,
      postgres,
      sourceFaults,
      slack,
      warehouse,
      fivetran,
      databricks,
      stop,
    };
  };

  try {
    return await boot();
  } catch (error) {
    await stop();
    throw error;
  }
}

function output({ outputs }: ProvisionedStack, name: string): string {
  return text(outputs.get(name), `The template has no output ${name}.`);
}

function text(value: unknown, otherwise = 'The template has no parameter SecretPrefix.'): string {
  if (typeof value !== 'string') throw new TemplateError(otherwise);
  return value;
}
