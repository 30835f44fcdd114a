import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../../../shared/clock.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import type { Input } from '../input.ts';
import { createProperties } from '../properties.ts';
import type { Service } from '../service.ts';
import { secretOperations } from './operations.ts';
import { createStore } from './store.ts';

/** Secrets Manager in memory: values with versions and staging labels; rotation is done by whoever puts values. */
export interface SecretsManager {
  service: Service;
  resources: ResourceHandlers;
  /** Sets a secret's value, as CreateSecret or PutSecretValue would; answers its ARN. */
  put(name: string, value: unknown): string;
}

interface SecretsManagerOptions {
  accountId: string;
  region: string;
  clock?: Clock;
}

/** A Secrets Manager without secrets. */
export function createSecretsManager(options: SecretsManagerOptions): SecretsManager {
  const store = createStore({ clock: systemClock, ...options });
  return {
    service: {
      scope: 'secretsmanager',
      protocols: [{ kind: 'json', jsonVersion: '1.1' }],
      operations: secretOperations(store),
    },
    resources: {
      'AWS::SecretsManager::Secret': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        const secret = store.create(options.accountId, {
          name: properties.optionalString('Name') ?? logicalId,
          description: properties.optionalString('Description'),
          kmsKeyId: properties.optionalString('KmsKeyId'),
          tags: properties.tags(),
        });
        const value = properties.optionalString('SecretString') ?? generated(properties);
        if (value !== undefined) store.addVersion(secret, randomUUID(), { string: value, binary: undefined });
        return { ref: secret.arn, attributes: { Id: secret.arn } };
      },
    },
    put: (name, value) => {
      const secret =
        store.lookUp(options.accountId, name) ??
        store.create(options.accountId, { name, description: undefined, kmsKeyId: undefined, tags: [] });
      const string = typeof value === 'string' ? value : JSON.stringify(value);
      store.addVersion(secret, randomUUID(), { string, binary: undefined });
      return secret.arn;
    },
  };
}

/** CloudFormation's GenerateSecretString. */
function generated(properties: Input): string | undefined {
  const wanted = properties.structure('GenerateSecretString');
  if (wanted === undefined) return undefined;
  const password = randomBytes(64)
    .toString('base64url')
    .slice(0, wanted.integer('PasswordLength') ?? 32);
  const [template, key] = [
    wanted.optionalString('SecretStringTemplate'),
    wanted.optionalString('GenerateStringKey'),
  ];
  if (template === undefined || key === undefined) return password;
  const base: unknown = JSON.parse(template);
  return JSON.stringify({ ...(typeof base === 'object' ? base : {}), [key]: password });
}
