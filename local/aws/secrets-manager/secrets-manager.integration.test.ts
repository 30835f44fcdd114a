import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  paginateListSecrets,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { localAwsClient } from '../../../tests/support/aws-client.ts';
import { startAwsEndpoint, type AwsEndpoint } from '../endpoint.ts';
import { createSecretsManager, type SecretsManager } from './secrets-manager.ts';

let secrets: SecretsManager;
let endpoint: AwsEndpoint;
let client: SecretsManagerClient;

beforeAll(async () => {
  secrets = createSecretsManager({ accountId: '111122223333', region: 'us-east-1' });
  endpoint = await startAwsEndpoint({
    accountId: '111122223333',
    region: 'us-east-1',
    services: [secrets.service],
  });
  client = new SecretsManagerClient(localAwsClient(endpoint.url));
});

afterAll(async () => {
  client.destroy();
  await endpoint.stop();
});

const get = (SecretId: string, VersionStage?: string) =>
  client.send(
    new GetSecretValueCommand({ SecretId, ...(VersionStage === undefined ? {} : { VersionStage }) }),
  );

it('gives a secret by name, by ARN and by ARN without its suffix', async () => {
  const created = await client.send(
    new CreateSecretCommand({ Name: 'app/fivetran', SecretString: '{"apiKey":"k"}', Description: 'keys' }),
  );
  expect(created.ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:111122223333:secret:app\/fivetran-\w{6}$/);
  for (const id of ['app/fivetran', created.ARN!, created.ARN!.slice(0, -7)]) {
    expect(await get(id)).toMatchObject({
      Name: 'app/fivetran',
      SecretString: '{"apiKey":"k"}',
      VersionId: created.VersionId,
      VersionStages: ['AWSCURRENT'],
      CreatedDate: expect.any(Date) as Date,
    });
  }
});

it('moves the labels when a value is put, and keeps the previous one', async () => {
  await client.send(new CreateSecretCommand({ Name: 'rotated', SecretString: 'one' }));
  await client.send(new PutSecretValueCommand({ SecretId: 'rotated', SecretString: 'two' }));
  expect(await get('rotated')).toMatchObject({ SecretString: 'two' });
  expect(await get('rotated', 'AWSPREVIOUS')).toMatchObject({ SecretString: 'one' });
  const pending = await client.send(
    new PutSecretValueCommand({ SecretId: 'rotated', SecretString: 'three', VersionStages: ['AWSPENDING'] }),
  );
  expect(pending.VersionStages).toEqual(['AWSPENDING']);
  expect(await get('rotated')).toMatchObject({ SecretString: 'two' });
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: 'rotated' }));
  const current = Object.entries(VersionIdsToStages ?? {}).find(([, stages]) =>
    stages.includes('AWSCURRENT'),
  );
  const move = { SecretId: 'rotated', VersionStage: 'AWSCURRENT', MoveToVersionId: pending.VersionId! };
  await expect(client.send(new UpdateSecretVersionStageCommand(move))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  await client.send(new UpdateSecretVersionStageCommand({ ...move, RemoveFromVersionId: current![0] }));
  expect(await get('rotated')).toMatchObject({ SecretString: 'three' });
  expect(await get('rotated', 'AWSPREVIOUS')).toMatchObject({ SecretString: 'two' });
  const { Versions } = await client.send(
    new ListSecretVersionIdsCommand({ SecretId: 'rotated', IncludeDeprecated: true }),
  );
  expect(Versions).toHaveLength(3);
});

it('takes the same version twice, and refuses another value under its id', async () => {
  const ClientRequestToken = '01234567-89ab-cdef-0123-456789abcdef';
  await client.send(new CreateSecretCommand({ Name: 'idempotent', SecretString: 'a', ClientRequestToken }));
  await client.send(
    new PutSecretValueCommand({ SecretId: 'idempotent', SecretString: 'a', ClientRequestToken }),
  );
  await expect(
    client.send(new PutSecretValueCommand({ SecretId: 'idempotent', SecretString: 'b', ClientRequestToken })),
  ).rejects.toMatchObject({ name: 'ResourceExistsException' });
});

it('keeps bytes as bytes', async () => {
  const SecretBinary = new Uint8Array([0, 255, 7]);
  await client.send(new CreateSecretCommand({ Name: 'binary', SecretBinary }));
  expect((await get('binary')).SecretBinary).toEqual(SecretBinary);
});

it('updates description, value and tags', async () => {
  await client.send(new CreateSecretCommand({ Name: 'updated', SecretString: 'a' }));
  await client.send(new UpdateSecretCommand({ SecretId: 'updated', Description: 'new', SecretString: 'b' }));
  await client.send(
    new TagResourceCommand({
      SecretId: 'updated',
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    }),
  );
  await client.send(new UntagResourceCommand({ SecretId: 'updated', TagKeys: ['a'] }));
  expect(await client.send(new DescribeSecretCommand({ SecretId: 'updated' }))).toMatchObject({
    Description: 'new',
    Tags: [{ Key: 'b', Value: '2' }],
  });
  expect((await get('updated')).SecretString).toBe('b');
});

it('hides a deleted secret until it is restored, and forgets one deleted for good', async () => {
  await client.send(new CreateSecretCommand({ Name: 'doomed', SecretString: 'a' }));
  const { DeletionDate } = await client.send(
    new DeleteSecretCommand({ SecretId: 'doomed', RecoveryWindowInDays: 7 }),
  );
  expect(DeletionDate!.getTime()).toBeGreaterThan(Date.now() + 6.9 * 86_400_000);
  await expect(get('doomed')).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await client.send(new RestoreSecretCommand({ SecretId: 'doomed' }));
  expect((await get('doomed')).SecretString).toBe('a');
  await client.send(new DeleteSecretCommand({ SecretId: 'doomed', ForceDeleteWithoutRecovery: true }));
  await expect(get('doomed')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

it('lists in pages and by name prefix', async () => {
  for (let index = 0; index < 5; index += 1) secrets.put(`page/${index}`, { index });
  const names: (string | undefined)[] = [];
  const input = { Filters: [{ Key: 'name' as const, Values: ['page/'] }], SortOrder: 'asc' as const };
  for await (const page of paginateListSecrets({ client, pageSize: 2 }, input)) {
    expect(page.SecretList!.length).toBeLessThanOrEqual(2);
    names.push(...page.SecretList!.map(({ Name }) => Name));
  }
  expect(names).toEqual(['page/0', 'page/1', 'page/2', 'page/3', 'page/4']);
});

it('refuses a name that is taken, a secret that is missing and input without a value', async () => {
  secrets.put('taken', 'a');
  const create = new CreateSecretCommand({ Name: 'taken', SecretString: 'b' });
  await expect(client.send(create)).rejects.toMatchObject({ name: 'ResourceExistsException' });
  await expect(get('absent')).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret.",
  });
  await expect(client.send(new PutSecretValueCommand({ SecretId: 'taken' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
});

it('keeps the secrets of accounts apart', async () => {
  secrets.put('private', 'a');
  const other = new SecretsManagerClient(localAwsClient(endpoint.url, '834469178297'));
  await expect(other.send(new GetSecretValueCommand({ SecretId: 'private' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  other.destroy();
});
