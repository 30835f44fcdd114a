import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { FailureStage } from './failure-stage.ts';

/** The secret that holds the login of our checks. */
export const sourceSecretId = 'fivetran-privatelink/dev/source/postgres';

/** Changes fields of the secret, or replaces all of it; answers how it was before is restored. */
export async function changeSourceSecret(
  { aws }: FailureStage,
  fields: Record<string, string | number> | 'nothing in it',
): Promise<{ mend: () => Promise<unknown> }> {
  const secrets = aws(SecretsManagerClient);
  const put = (SecretString?: string) =>
    secrets.send(new PutSecretValueCommand({ SecretId: sourceSecretId, SecretString }));
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: sourceSecretId }));
  const known = JSON.parse(SecretString ?? '{}') as object;
  await put(fields === 'nothing in it' ? '{}' : JSON.stringify({ ...known, ...fields }));
  return { mend: () => put(SecretString) };
}
