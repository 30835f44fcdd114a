import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Scenario } from '../scenario.ts';

const SecretId = 'fivetran-privatelink/dev/source/postgres';

/** What breaks in our own deployment. */
export const automationScenarios: Scenario[] = [
  {
    code: 'configuration-wrong',
    says: SecretId,
    in: 'run-sync',
    breaks: async ({ aws }) => {
      const secrets = aws(SecretsManagerClient);
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
      await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: '{}' }));
      return () => secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
    },
  },
];
