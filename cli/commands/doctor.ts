import { AcceptVpcEndpointConnectionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import * as z from 'zod/mini';
import { DatabricksSecret } from '../../shared/contracts/databricks-secret.ts';
import { sourceTagKey, type EndpointService } from '../../shared/contracts/endpoint.ts';
import { FivetranSecret } from '../../shared/contracts/fivetran-secret.ts';
import type { Finding } from '../../shared/contracts/finding.ts';
import { SourceSecret } from '../../shared/contracts/source-connection.ts';
import { WebhookSecret, webhookEvents } from '../../shared/contracts/webhook-registration.ts';
import { summarize } from '../../shared/rules/findings.ts';
import { judgeTargets } from '../../shared/rules/target-health.ts';
import type { Command } from '../command.ts';
import { sentenceOf } from '../errors.ts';
import { openPath, type PathClients } from '../path.ts';
import type { Stack } from '../stack.ts';

const marks = { ok: 'ok', warning: 'warning', blocking: 'BROKEN', skipped: 'skipped' } as const;

export const doctor: Command = {
  name: 'doctor',
  summary: 'Checks a stack without changing anything, and says what is missing and what to do.',
  arguments: [],
  answer: 'status, the worst among the findings, and findings: check, status, summary, remedy',
  options: {},
  async run(_given, stack, terminal) {
    const findings = await examine(stack);
    const { status } = summarize(findings);
    terminal.table(
      ['', 'check', 'finding'],
      findings.map((finding) => [marks[finding.status], finding.check, finding.summary]),
    );
    for (const { check, status: found, remedy } of findings) {
      if (found !== 'ok' && remedy !== undefined) terminal.line(`\n${check}: ${remedy}`);
    }
    return { ok: status !== 'blocking', answer: { status, findings } };
  },
};

/** All that can be found out; what cannot be looked at is a finding too, and hides nothing else. */
async function examine(stack: Stack): Promise<Finding[]> {
  const reached = await finding(
    'stack',
    'Check the credentials (AWS_PROFILE), --region and --stage; deploy the stack if it is not there yet.',
    async () => {
      await stack.environmentOf('readSync');
      return `${stack.prefix} in ${stack.region} answers to these credentials.`;
    },
  );
  if (reached.status !== 'ok') return [reached];
  const path = await openPath(stack);
  const findings = [reached];
  const services = await path.privateLink.managedServices(stack.prefix).catch((error: unknown) => {
    findings.push(unseen('services', error));
    return undefined;
  });
  if (services?.length === 0) findings.push(noService);
  findings.push(...(await examinePath(stack, path, services ?? [])));
  return findings;
}

async function examinePath(
  stack: Stack,
  path: PathClients,
  services: readonly EndpointService[],
): Promise<Finding[]> {
  const checks: [string, () => Promise<Finding[]>][] = [
    ['secrets', () => checkSecrets(stack, path, services)],
    ...services.map((service): [string, () => Promise<Finding[]>] => [
      'service',
      () => checkService(service, path),
    ]),
    ['permission.accept', () => checkPermission(services)],
    ['fivetran', () => checkFivetran(stack, path)],
  ];
  const findings: Finding[] = [];
  for (const [name, check] of checks) {
    findings.push(...(await check().catch((error: unknown) => [unseen(name, error)])));
  }
  return findings;
}

const unseen = (check: string, error: unknown): Finding => ({
  check,
  status: 'blocking',
  summary: sentenceOf(error),
  remedy: 'It could not be looked at: allow your credentials what the message names.',
});

const noService: Finding = {
  check: 'service.tag',
  status: 'blocking',
  summary: 'No endpoint service carries the tag fivetran-privatelink = auto-accept.',
  remedy: 'Deploy with a source in params.<stage>.yml, or put the tag on your own endpoint service.',
};

/** A check whose own failure is a finding: one broken part must not hide the others. */
async function finding(check: string, remedy: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { check, status: 'ok', summary: await look() };
  } catch (error) {
    return { check, status: 'blocking', summary: sentenceOf(error), remedy };
  }
}

async function checkSecrets(
  stack: Stack,
  { secrets }: PathClients,
  services: readonly EndpointService[],
): Promise<Finding[]> {
  const environments = await Promise.all(
    ['readSync', 'onFivetranWebhook', 'verifyIncrement', 'notify', 'checkSource'].map((key) =>
      stack.environmentOf(key),
    ),
  );
  const variables = Object.fromEntries(environments.flatMap((environment) => Object.entries(environment)));
  const filled = (name: string, secretId: string, schema: z.ZodMiniType): Promise<Finding> =>
    finding(
      `secret.${name}`,
      `Put its JSON into the secret ${secretId}; docs/configuration.md has the form.`,
      async () => {
        await secrets.read(secretId, schema);
        return `${secretId} is filled in.`;
      },
    );
  const text = z.string().check(z.minLength(1));
  return Promise.all([
    filled('fivetran', variables.FIVETRAN_SECRET_ID ?? '', FivetranSecret),
    filled('webhook', variables.WEBHOOK_SECRET_ID ?? '', WebhookSecret),
    filled('databricks', variables.DATABRICKS_SECRET_ID ?? '', DatabricksSecret),
    filled(
      'slack',
      variables.SLACK_SECRET_ID ?? '',
      z.union([z.object({ botToken: text }), z.object({ webhookUrl: text })]),
    ),
    ...services.flatMap(({ tags }) => {
      const source = tags[sourceTagKey];
      return source === undefined
        ? []
        : [filled(`source.${source}`, `${variables.SOURCE_SECRET_PREFIX ?? ''}${source}`, SourceSecret)];
    }),
  ]);
}

async function checkService(
  { serviceId, state, acceptanceRequired, loadBalancerArns, tags }: EndpointService,
  { privateLink, loadBalancers }: PathClients,
): Promise<Finding[]> {
  const principals = await privateLink.principals(serviceId);
  const open = principals.includes('*');
  return [
    {
      check: 'service.state',
      status: state === 'available' ? 'ok' : 'blocking',
      summary: `${serviceId} is ${state}.`,
      remedy: 'Wait until AWS has made it, or look at its load balancer.',
    },
    {
      check: 'service.acceptance',
      status: acceptanceRequired ? 'ok' : 'blocking',
      summary: `${serviceId} accepts ${acceptanceRequired ? 'nobody' : 'everybody'} by itself.`,
      remedy: `aws ec2 modify-vpc-endpoint-service-configuration --service-id ${serviceId} --acceptance-required`,
    },
    {
      check: 'service.principals',
      status: open || principals.length === 0 ? 'blocking' : 'ok',
      summary: `May ask to connect to ${serviceId}: ${open ? 'everybody' : principals.join(', ') || 'nobody'}.`,
      remedy: "Allow Fivetran's principal, and nobody else, on the endpoint service.",
    },
    {
      check: 'service.source',
      status: tags[sourceTagKey] === undefined ? 'warning' : 'ok',
      summary: `The source of ${serviceId} is ${tags[sourceTagKey] ?? 'not named'}.`,
      remedy: `Put the tag ${sourceTagKey} on the service: without it the source cannot be checked.`,
    },
    ...judgeTargets(await loadBalancers.describe(loadBalancerArns)),
  ];
}

/** An endpoint that nobody has. */
const noEndpoint = 'vpce-00000000000000000';

/**
 * EC2 says by a dry run whether these credentials may accept; nothing is accepted. Permission is judged first:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AcceptVpcEndpointConnections.html
 */
async function checkPermission([service]: readonly EndpointService[]): Promise<Finding[]> {
  if (service === undefined) return [];
  const mayAccept = await new EC2Client({})
    .send(
      new AcceptVpcEndpointConnectionsCommand({
        ServiceId: service.serviceId,
        VpcEndpointIds: [noEndpoint],
        DryRun: true,
      }),
    )
    .then(() => true, readDryRun);
  return [
    {
      check: 'permission.accept',
      status: mayAccept ? 'ok' : 'warning',
      summary: mayAccept
        ? 'Your own credentials may accept endpoints (dry run).'
        : 'Your own credentials may not accept endpoints; the functions have a role of their own.',
      remedy:
        'Decide by hand through accept and reject of this command line: the machine acts with its own role.',
    },
  ];
}

/** @throws the error, when it says nothing about the permission */
function readDryRun(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  if (name === 'UnauthorizedOperation') return false;
  // Only whoever may accept is told that there is no such endpoint.
  if (name === 'DryRunOperation' || name.startsWith('InvalidVpcEndpointId')) return true;
  throw error;
}

async function checkFivetran(stack: Stack, { fivetran }: PathClients): Promise<Finding[]> {
  const url = (await stack.environmentOf('ensureWebhook')).WEBHOOK_URL ?? '';
  const reachable = await finding(
    'fivetran.api',
    'Check the API key and the way out to Fivetran.',
    async () => {
      const links = await fivetran.privateLinks.list();
      return `Fivetran answers; it has ${String(links.length)} private links.`;
    },
  );
  if (reachable.status !== 'ok') return [reachable];
  const webhook = (await fivetran.webhooks.list()).find((candidate) => candidate.url === url);
  const complete =
    webhook !== undefined && webhook.active && webhookEvents.every((event) => webhook.events.includes(event));
  return [
    reachable,
    {
      check: 'fivetran.webhook',
      status: complete ? 'ok' : 'warning',
      summary: complete ? `The webhook to ${url} is active.` : `No active webhook leads to ${url}.`,
      remedy: 'Run the command webhook; until then syncs are noticed by reconciliation only, minutes late.',
    },
  ];
}
