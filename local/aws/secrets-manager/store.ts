import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../shared/clock.ts';
import { AwsError } from '../service.ts';
import { moveStage, type Secret, type SecretVersion } from './secret.ts';

/** What a version holds: text or bytes in base64. */
export type Value = Pick<SecretVersion, 'string' | 'binary'>;

interface NewSecret {
  name: string;
  description: string | undefined;
  kmsKeyId: string | undefined;
  tags: [string, string][];
}

/** All secrets of all accounts. */
export interface Store {
  now: () => Date;
  all: (accountId: string) => Secret[];
  lookUp: (accountId: string, idOrArn: string) => Secret | undefined;
  /** @throws AwsError ResourceExistsException when the name is taken */
  create: (accountId: string, wanted: NewSecret) => Secret;
  /** Adds a version with the labels given, by default AWSCURRENT; the same again changes nothing. */
  addVersion: (secret: Secret, id: string, value: Value, stages?: readonly string[]) => void;
  remove: (secret: Secret) => void;
}

/** A store without secrets; one whose recovery window is over is gone at the next look. */
export function createStore({ region, clock }: { region: string; clock: Clock }): Store {
  const secrets = new Map<string, Secret>();
  const all = (accountId: string): Secret[] => {
    for (const [arn, { deletionDate }] of secrets) {
      if (deletionDate !== undefined && deletionDate <= clock.now()) secrets.delete(arn);
    }
    return [...secrets.values()].filter(({ owner }) => owner === accountId);
  };
  const lookUp = (accountId: string, idOrArn: string): Secret | undefined =>
    all(accountId).find(
      // An ARN may come without the six random characters that Secrets Manager adds.
      ({ name, arn }) => name === idOrArn || arn === idOrArn || arn.slice(0, -7) === idOrArn,
    );
  return {
    now: () => clock.now(),
    all,
    lookUp,
    create: (owner, { tags, ...wanted }) => {
      const taken = lookUp(owner, wanted.name);
      if (taken?.deletionDate !== undefined) {
        throw new AwsError(
          'InvalidRequestException',
          "You can't create this secret because a secret with this name is already scheduled for deletion.",
        );
      }
      if (taken !== undefined) {
        throw new AwsError(
          'ResourceExistsException',
          `The operation failed because the secret ${wanted.name} already exists.`,
        );
      }
      const suffix = randomBytes(3).toString('hex');
      const secret: Secret = {
        ...wanted,
        arn: `arn:aws:secretsmanager:${region}:${owner}:secret:${wanted.name}-${suffix}`,
        owner,
        tags: new Map(tags),
        createdAt: clock.now(),
        changedAt: clock.now(),
        accessedAt: undefined,
        deletionDate: undefined,
        versions: new Map(),
        stages: new Map(),
      };
      secrets.set(secret.arn, secret);
      return secret;
    },
    addVersion: (secret, id, value, stages = ['AWSCURRENT']) => {
      const known = secret.versions.get(id);
      if (known !== undefined && (known.string !== value.string || known.binary !== value.binary)) {
        throw new AwsError(
          'ResourceExistsException',
          `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
        );
      }
      if (known === undefined) secret.versions.set(id, { id, ...value, createdAt: clock.now() });
      // The first version is current whatever it is labelled.
      const labels = secret.stages.has('AWSCURRENT') ? stages : ['AWSCURRENT', ...stages];
      for (const stage of labels) moveStage(secret, stage, id);
      secret.changedAt = clock.now();
    },
    remove: (secret) => secrets.delete(secret.arn),
  };
}
