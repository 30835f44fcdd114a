import type { Cloud } from './cloud.ts';
import type { LocalDatabricks } from './databricks/databricks.ts';
import type { LocalFivetran } from './fivetran/fivetran.ts';
import type { LocalPostgres } from './postgres/postgres.ts';
import type { Slack } from './slack/slack.ts';
import type { ProvisionedStack } from './template/provision.ts';

// What a person does by hand after the first deployment (docs/deploy.md), done for the local stack.

/** The one source of a portable package; its outputs are named after it. */
const sourceName = 'postgres';

/** Fivetran did not take what the stack told it. */
class HandOverError extends Error {
  override readonly name = 'HandOverError';
}

interface Filling {
  postgres: LocalPostgres;
  slack: Slack;
  fivetran: LocalFivetran;
  databricks: LocalDatabricks;
  webhookSecret: string;
}

/** Fills the secrets in. */
export function fillSecrets(
  { secrets }: Cloud,
  prefix: string,
  { postgres, slack, fivetran, databricks, webhookSecret }: Filling,
): void {
  const { name: username, password } = postgres.users.checks;
  const { name: host, port, database: dbname, caPem: ca } = postgres;
  secrets.put(`${prefix}/fivetran`, { apiKey: fivetran.apiKey, apiSecret: fivetran.apiSecret });
  secrets.put(`${prefix}/webhook`, { current: webhookSecret });
  secrets.put(`${prefix}/databricks`, {
    host: databricks.url,
    warehouseId: databricks.warehouseId,
    token: databricks.token,
  });
  secrets.put(`${prefix}/slack`, { botToken: slack.botToken });
  secrets.put(`${prefix}/source/${sourceName}`, { username, password, host, port, dbname, ca });
  const { name: fivetranUser, password: fivetranPassword } = postgres.users.fivetran;
  secrets.put(`${prefix}/source/${sourceName}/fivetran`, {
    username: fivetranUser,
    password: fivetranPassword,
    port,
    dbname,
  });
}

/** Makes the database's address a target of every load balancer. */
export function registerDatabase(
  { elbv2 }: Cloud,
  { resources }: ProvisionedStack,
  { host, port }: LocalPostgres,
): void {
  for (const { type, ref } of resources.values()) {
    if (type === 'AWS::ElasticLoadBalancingV2::TargetGroup') elbv2.register(ref, host, port);
  }
}

/**
 * Has Fivetran tell of syncs.
 * https://fivetran.com/docs/rest-api/api-reference/webhooks/create-account-webhook
 *
 * @throws HandOverError
 */
export async function registerWebhook(fivetran: LocalFivetran, url: string, secret: string): Promise<void> {
  const response = await fetch(`${fivetran.url}/v1/webhooks/account`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${fivetran.apiKey}:${fivetran.apiSecret}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ url, secret, active: true, events: ['sync_start', 'sync_end'] }),
  });
  if (!response.ok) {
    throw new HandOverError(`The local Fivetran refused the webhook ${url}: ${await response.text()}`);
  }
}
