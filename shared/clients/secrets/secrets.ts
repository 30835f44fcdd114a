import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import { describeIssues } from '../../contracts/parse.ts';
import { ConfigError } from '../../errors.ts';
import { awsClientSettings, awsErrorName, callAws } from '../aws.ts';

/** Secrets as typed objects, remembered for five minutes. */
export interface Secrets {
  /**
   * The secret's JSON, parsed.
   *
   * @param options.fresh reads it anew: what to do, once, when the service it is for refused it (rotation)
   * @throws ConfigError when it does not exist, has no value yet, is no JSON or lacks a field; the message names
   *   the secret and the field, never a value
   */
  read<Schema extends z.ZodMiniType>(
    secretId: string,
    schema: Schema,
    options?: { fresh?: boolean },
  ): Promise<z.output<Schema>>;
  /**
   * The secret as it is now, with the version that a rotation changes; undefined when it does not exist or has no
   * value.
   *
   * @throws ConfigError when it is no JSON or lacks a field
   */
  readVersion<Schema extends z.ZodMiniType>(
    secretId: string,
    schema: Schema,
  ): Promise<{ value: z.output<Schema>; versionId: string } | undefined>;
  /** Version of the secret's present value, without reading it; undefined when it does not exist. */
  currentVersion(secretId: string): Promise<string | undefined>;
}

const rememberMs = 5 * 60_000;

export function createSecrets(clock: Clock): Secrets {
  const client = new SecretsManagerClient(awsClientSettings);
  const remembered = new Map<string, { text: string; readAt: number }>();

  async function textOf(secretId: string, fresh: boolean): Promise<string> {
    const now = clock.now().getTime();
    const known = remembered.get(secretId);
    if (known !== undefined && !fresh && now - known.readAt < rememberMs) return known.text;
    const text = (await fetchSecret(client, secretId))?.text;
    if (text === undefined) {
      throw new ConfigError(
        `The secret ${secretId} does not exist or has no value yet: create it and put its JSON in.`,
      );
    }
    remembered.set(secretId, { text, readAt: now });
    return text;
  }

  return {
    async read(secretId, schema, { fresh = false } = {}) {
      const text = await textOf(secretId, fresh);
      try {
        return parseSecret(secretId, text, schema);
      } catch (error) {
        // A value that does not fit may be mended at any moment; do not keep it for five minutes.
        remembered.delete(secretId);
        throw error;
      }
    },
    async readVersion(secretId, schema) {
      const found = await fetchSecret(client, secretId);
      if (found === undefined) return undefined;
      return { value: parseSecret(secretId, found.text, schema), versionId: found.versionId };
    },
    async currentVersion(secretId) {
      try {
        const { VersionIdsToStages = {} } = await callAws('secretsmanager:DescribeSecret', () =>
          client.send(new DescribeSecretCommand({ SecretId: secretId })),
        );
        return Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'))?.[0];
      } catch (error) {
        if (awsErrorName(error) === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
  };
}

async function fetchSecret(
  client: SecretsManagerClient,
  secretId: string,
): Promise<{ text: string; versionId: string } | undefined> {
  try {
    const { SecretString, VersionId = '' } = await callAws('secretsmanager:GetSecretValue', () =>
      client.send(new GetSecretValueCommand({ SecretId: secretId })),
    );
    return SecretString === undefined ? undefined : { text: SecretString, versionId: VersionId };
  } catch (error) {
    // Secrets Manager gives the same name to a missing secret and to one without a value.
    if (awsErrorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

function parseSecret<Schema extends z.ZodMiniType>(
  secretId: string,
  text: string,
  schema: Schema,
): z.output<Schema> {
  const result = z.safeParse(schema, parseJson(secretId, text));
  if (result.success) return result.data;
  throw new ConfigError(`The secret ${secretId} is not complete: ${describeIssues(result.error)}.`);
}

function parseJson(secretId: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the secret.
    throw new ConfigError(`The secret ${secretId} is not JSON.`);
  }
}
