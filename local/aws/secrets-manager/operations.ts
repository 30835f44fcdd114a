import { randomUUID } from 'node:crypto';
import { readInput, type Input } from '../input.ts';
import { takePage, type Page } from '../paging.ts';
import { AwsError, type Call, type Operation } from '../service.ts';
import { moveStage, stagesOf, versionsToStages, type Secret, type SecretVersion } from './secret.ts';
import type { Store, Value } from './store.ts';

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

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html */
export function secretOperations(store: Store): Record<string, Operation> {
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

function page<Item>(items: readonly Item[], keyOf: (item: Item) => string, input: Input): Page<Item> {
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
