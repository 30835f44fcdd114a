import { readFileSync } from 'node:fs';
import { UsageError } from './errors.ts';

/** Which deployed or local stack the commands speak to. Names follow from service and stage, as serverless.yml has them. */
export interface Stack {
  stage: string;
  /** `fivetran-privatelink-<stage>`: what every name of the stack begins with. */
  prefix: string;
  secretPrefix: string;
  ledgerTable: string;
  local: boolean;
}

const service = 'fivetran-privatelink';

/**
 * Points the AWS SDK at the stack.
 *
 * @throws UsageError when `--local` is asked for and no local stack is running, or no Region is known
 */
export function openStack(wanted: { stage: string; region: string | undefined; local: boolean }): Stack {
  if (wanted.local) pointAtLocalStack();
  if (wanted.region !== undefined) process.env.AWS_REGION = wanted.region;
  return {
    stage: wanted.stage,
    prefix: `${service}-${wanted.stage}`,
    secretPrefix: `${service}/${wanted.stage}`,
    ledgerTable: `${service}-${wanted.stage}-ledger`,
    local: wanted.local,
  };
}

function pointAtLocalStack(): void {
  const info = readStackFile();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: info.awsEndpoint,
    AWS_REGION: info.region,
    AWS_ACCESS_KEY_ID: info.accountId,
    AWS_SECRET_ACCESS_KEY: 'local',
  });
}

function readStackFile(): { awsEndpoint: string; region: string; accountId: string } {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync('.local/stack.json', 'utf8'));
  } catch {
    throw new UsageError('There is no local stack: start one with npm run local, in the same folder.');
  }
  const text = (name: string): string => {
    const value: unknown =
      typeof content === 'object' && content !== null ? Reflect.get(content, name) : undefined;
    if (typeof value !== 'string')
      throw new UsageError(`.local/stack.json has no ${name}: start npm run local again.`);
    return value;
  };
  return { awsEndpoint: text('awsEndpoint'), region: text('region'), accountId: text('accountId') };
}
