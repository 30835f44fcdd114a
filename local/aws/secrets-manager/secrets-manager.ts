import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../../../shared/clock.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import { readInput, type Input } from '../input.ts';
import { takePage } from '../paging.ts';
import { createProperties } from '../properties.ts';
import { AwsError, type Call, type Operation, type Service } from '../service.ts';
import { moveStage, stagesOf, versionsToStages, type Secret, type SecretVersion } from './secret.ts';

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

export function createSecretsManager(options: SecretsManagerOptions): SecretsManager {
  const store = createStore({ clock: systemClock, ...options });
  return {
    service: {
      scope: 'secretsmanager',
      protocols: [{ kind: 'json', jsonVersion: '1.1', targetPrefix: 'secretsmanager' }],
      operations: operations(store),
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

type Value = Pick<SecretVersion, 'string' | 'binary'>;

interface NewSecret {
  name: string;
  description: string | undefined;
  kmsKeyId: string | undefined;
  tags: [string, string][];
}

interface Store {
  now: () => Date;
  all: (accountId: string) => Secret[];
  lookUp: (accountId: string, idOrArn: string) => Secret | undefined;
  /** @throws AwsError ResourceExistsException when the name is taken */
  create: (accountId: string, wanted: NewSecret) => Secret;
  /** Adds a version with the labels given, by default AWSCURRENT; the same again changes nothing. */
  addVersion: (secret: Secret, id: string, value: Value, stages?: readonly string[]) => void;
  remove: (secret: Secret) => void;
}

function createStore({ region, clock }: Required<SecretsManagerOptions>): Store {
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

const invalid = (message: string): AwsError => new AwsError('InvalidParameterException', message);

const secretOperation =
  (run: (input: Input, call: Call) => unknown): Operation =>
  (call) =>
    run(
      readInput(call.input, {
        missing: (name) => invalid(`You must provide a value for the ${name} parameter.`),
        invalid: (name, _, expectation) =>
          invalid(`Invalid value for the parameter ${name}: expected ${expectation}.`),
      }),
      call,
    );

function operations(store: Store): Record<string, Operation> {
  /** The secret that SecretId names, also one that is scheduled for deletion. */
  const findAny = (input: Input, { caller }: Call): Secret => {
    const secret = store.lookUp(caller.accountId, input.string('SecretId'));
    if (secret === undefined) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return secret;
  };
  const find = (input: Input, call: Call): Secret => {
    const secret = findAny(input, call);
    if (secret.deletionDate !== undefined) {
      throw new AwsError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    }
    return secret;
  };
  const findVersion = (secret: Secret, input: Input): SecretVersion => {
    const [id, stage] = [input.optionalString('VersionId'), input.optionalString('VersionStage')];
    const staged = secret.stages.get(stage ?? 'AWSCURRENT');
    const version = secret.versions.get(id ?? staged ?? '');
    if (version === undefined || (id !== undefined && stage !== undefined && staged !== id)) {
      const what = id === undefined ? `staging label: ${stage ?? 'AWSCURRENT'}` : `VersionId: ${id}`;
      throw new AwsError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${what}`,
      );
    }
    return version;
  };
  const identity = ({ arn, name }: Secret): { ARN: string; Name: string } => ({ ARN: arn, Name: name });

  return {
    CreateSecret: secretOperation((input, { caller }) => {
      const name = input.string('Name');
      if (!/^[A-Za-z0-9/_+=.@-]{1,512}$/.test(name)) {
        throw invalid(
          'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
        );
      }
      const value = readValue(input);
      const secret = store.create(caller.accountId, {
        name,
        description: input.optionalString('Description'),
        kmsKeyId: input.optionalString('KmsKeyId'),
        tags: readTags(input),
      });
      if (value === undefined) return identity(secret);
      const id = input.optionalString('ClientRequestToken') ?? randomUUID();
      store.addVersion(secret, id, value);
      return { ...identity(secret), VersionId: id };
    }),

    GetSecretValue: secretOperation((input, call) => {
      const secret = find(input, call);
      const version = findVersion(secret, input);
      secret.accessedAt = store.now();
      return {
        ...identity(secret),
        VersionId: version.id,
        SecretString: version.string,
        SecretBinary: version.binary,
        VersionStages: stagesOf(secret, version.id),
        CreatedDate: version.createdAt,
      };
    }),

    PutSecretValue: secretOperation((input, call) => {
      const secret = find(input, call);
      const value = readValue(input);
      if (value === undefined) throw invalid('You must provide either SecretString or SecretBinary.');
      const id = input.optionalString('ClientRequestToken') ?? randomUUID();
      const stages = input.strings('VersionStages');
      store.addVersion(secret, id, value, stages.length === 0 ? undefined : stages);
      return { ...identity(secret), VersionId: id, VersionStages: stagesOf(secret, id) };
    }),

    UpdateSecret: secretOperation((input, call) => {
      const secret = find(input, call);
      secret.description = input.optionalString('Description') ?? secret.description;
      secret.kmsKeyId = input.optionalString('KmsKeyId') ?? secret.kmsKeyId;
      secret.changedAt = store.now();
      const value = readValue(input);
      if (value === undefined) return identity(secret);
      const id = input.optionalString('ClientRequestToken') ?? randomUUID();
      store.addVersion(secret, id, value);
      return { ...identity(secret), VersionId: id };
    }),

    UpdateSecretVersionStage: secretOperation((input, call) => {
      const secret = find(input, call);
      const stage = input.string('VersionStage');
      const [to, from] = [
        input.optionalString('MoveToVersionId'),
        input.optionalString('RemoveFromVersionId'),
      ];
      const holder = secret.stages.get(stage);
      if (holder !== undefined && holder !== from && holder !== to) {
        throw invalid(
          `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
        );
      }
      if (to === undefined) secret.stages.delete(stage);
      else if (secret.versions.has(to)) moveStage(secret, stage, to);
      else
        throw new AwsError(
          'ResourceNotFoundException',
          `Secrets Manager can't find the specified version ${to}.`,
        );
      return identity(secret);
    }),

    DescribeSecret: secretOperation((input, call) => {
      const secret = findAny(input, call);
      return { ...describeSecret(secret), VersionIdsToStages: versionsToStages(secret) };
    }),

    ListSecrets: secretOperation((input, { caller }) => {
      const withDeleted = input.boolean('IncludePlannedDeletion') ?? false;
      const descending = input.optionalString('SortOrder') !== 'asc';
      const found = store
        .all(caller.accountId)
        .filter((secret) => withDeleted || secret.deletionDate === undefined)
        .filter((secret) => input.structures('Filters').every((filter) => fits(secret, filter)));
      if (descending) found.reverse();
      const { items, nextToken } = page(found, ({ arn }) => arn, input);
      return {
        SecretList: items.map((secret) => ({
          ...describeSecret(secret),
          SecretVersionsToStages: versionsToStages(secret),
        })),
        NextToken: nextToken,
      };
    }),

    ListSecretVersionIds: secretOperation((input, call) => {
      const secret = findAny(input, call);
      const deprecated = input.boolean('IncludeDeprecated') ?? false;
      const versions = [...secret.versions.values()].filter(
        ({ id }) => deprecated || stagesOf(secret, id).length > 0,
      );
      const { items, nextToken } = page(versions, ({ id }) => id, input);
      return {
        ...identity(secret),
        Versions: items.map(({ id, createdAt }) => ({
          VersionId: id,
          VersionStages: stagesOf(secret, id),
          CreatedDate: createdAt,
        })),
        NextToken: nextToken,
      };
    }),

    DeleteSecret: secretOperation((input, call) => {
      const secret = findAny(input, call);
      const force = input.boolean('ForceDeleteWithoutRecovery') ?? false;
      const days = input.integer('RecoveryWindowInDays', { min: 7, max: 30 });
      if (force && days !== undefined) {
        throw invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
      }
      const deletionDate = new Date(store.now().getTime() + (force ? 0 : (days ?? 30) * 86_400_000));
      if (force) store.remove(secret);
      else secret.deletionDate = deletionDate;
      return { ...identity(secret), DeletionDate: deletionDate };
    }),

    RestoreSecret: secretOperation((input, call) => {
      const secret = findAny(input, call);
      secret.deletionDate = undefined;
      return identity(secret);
    }),

    TagResource: secretOperation((input, call) => {
      const secret = find(input, call);
      for (const [key, value] of readTags(input)) secret.tags.set(key, value);
      return {};
    }),

    UntagResource: secretOperation((input, call) => {
      const secret = find(input, call);
      for (const key of input.strings('TagKeys')) secret.tags.delete(key);
      return {};
    }),
  };
}

function page<Item>(items: readonly Item[], keyOf: (item: Item) => string, input: Input) {
  return takePage(items, keyOf, {
    limit: input.integer('MaxResults', { min: 1, max: 100 }) ?? 100,
    token: input.optionalString('NextToken'),
    invalidToken: () => new AwsError('InvalidNextTokenException', 'The NextToken value is invalid.'),
  });
}

function readValue(input: Input): Value | undefined {
  const [string, binary] = [input.optionalString('SecretString'), input.optionalString('SecretBinary')];
  if (string !== undefined && binary !== undefined) {
    throw invalid(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  return string === undefined && binary === undefined ? undefined : { string, binary };
}

const readTags = (input: Input): [string, string][] =>
  input.structures('Tags').map((tag) => [tag.string('Key'), tag.optionalString('Value') ?? '']);

function describeSecret(secret: Secret): Record<string, unknown> {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: secret.createdAt,
    LastChangedDate: secret.changedAt,
    LastAccessedDate: secret.accessedAt,
    DeletedDate: secret.deletionDate,
    Tags: [...secret.tags].map(([Key, Value]) => ({ Key, Value })),
  };
}

/** A filter value is a prefix, and `!` in front of it turns it round. */
function fits(secret: Secret, filter: Input): boolean {
  const key = filter.string('Key');
  const texts: Record<string, readonly string[]> = {
    name: [secret.name],
    description: [secret.description ?? ''],
    'tag-key': [...secret.tags.keys()],
    'tag-value': [...secret.tags.values()],
    all: [secret.name, secret.description ?? '', ...secret.tags.keys(), ...secret.tags.values()],
  };
  const candidates = texts[key];
  if (candidates === undefined) throw invalid(`Invalid filter key: ${key}`);
  return filter.strings('Values').some((value) => {
    const wanted = value.replace(/^!/, '');
    const found = candidates.some((candidate) => candidate.startsWith(wanted));
    return value.startsWith('!') ? !found : found;
  });
}
