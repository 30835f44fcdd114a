import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { FailureStage } from './failure-stage.ts';
import type { Mend } from './scenario.ts';

/** The secret that holds the login of our checks. */
export const sourceSecretId = 'fivetran-privatelink/dev/source/postgres';

/** Changes fields of the secret, or takes all of them away; answers what restores it. */
export async function changeSourceSecret(
  { aws }: FailureStage,
  fields: Record<string, string | number> | 'nothing in it',
): Promise<Mend> {
  const secrets = aws(SecretsManagerClient);
  const put = (SecretString?: string) =>
    secrets.send(new PutSecretValueCommand({ SecretId: sourceSecretId, SecretString }));
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: sourceSecretId }));
  const known = JSON.parse(SecretString ?? '{}') as object;
  await put(fields === 'nothing in it' ? '{}' : JSON.stringify({ ...known, ...fields }));
  return () => put(SecretString);
}
