import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { UsageError } from './errors.ts';
import { memberOf } from './member.ts';

/** The deployed or local stack that the commands speak to. Names follow from service and stage, as in serverless.yml. */
export interface Stack {
  /** `fivetran-privatelink-<stage>`: what every name of the stack begins with. */
  prefix: string;
  region: string;
  ledgerTable: string;
  /** A function's environment: how this stack was configured. Keys are those of serverless.yml. */
  environmentOf: (functionKey: string) => Promise<Record<string, string>>;
  /** Invokes a function and waits for its answer. */
  invoke: (functionKey: string, event: unknown) => Promise<unknown>;
}

const service = 'fivetran-privatelink';

/**
 * Points the AWS SDK at the stack.
 *
 * @throws UsageError when `--local` is asked for and no local stack is running, or no Region is known
 */
export async function openStack(wanted: {
  stage: string;
  region: string | undefined;
  local: boolean;
}): Promise<Stack> {
  if (wanted.local) pointAtLocalStack();
  if (wanted.region !== undefined) process.env.AWS_REGION = wanted.region;
  const client = new LambdaClient({});
  const region = await client.config.region().catch(() => {
    throw new UsageError('No Region is known: give --region, or set AWS_REGION or a profile that has one.');
  });
  const prefix = `${service}-${wanted.stage}`;
  return {
    prefix,
    region,
    ledgerTable: `${prefix}-ledger`,
    environmentOf: async (key) => {
      const FunctionName = `${prefix}-${key}`;
      try {
        const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
        return Environment?.Variables ?? {};
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
        throw new UsageError(
          `There is no function ${FunctionName} in ${region}: check --stage, --region and the account.`,
        );
      }
    },
    invoke: async (key, event) => {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({ FunctionName: `${prefix}-${key}`, Payload: JSON.stringify(event) }),
      );
      const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString() || 'null');
      if (FunctionError !== undefined) throw new Error(messageOf(answer));
      return answer;
    },
  };
}

/** What a failed function says: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
function messageOf(answer: unknown): string {
  const part = (name: string): string => {
    const value = memberOf(answer, name);
    return typeof value === 'string' ? value : '';
  };
  return part('errorMessage') || part('errorType') || 'The function failed without a message.';
}

function pointAtLocalStack(): void {
  const info = readStackFile();
  // A profile, its files or an endpoint of one service, meant for the real AWS, would have a say otherwise.
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, {
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
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
    const value = memberOf(content, name);
    if (typeof value !== 'string') {
      throw new UsageError(`.local/stack.json has no ${name}: start npm run local again.`);
    }
    return value;
  };
  return { awsEndpoint: text('awsEndpoint'), region: text('region'), accountId: text('accountId') };
}
