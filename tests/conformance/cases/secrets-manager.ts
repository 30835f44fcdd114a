import { expect } from 'vitest';
import { textAt, type ServiceCases } from './case.ts';

const SecretId = 'app/secret';

/** Secrets with versions, labels, tags and a recovery window. */
export const secretsManager: ServiceCases = {
  service: 'secretsmanager',
  cases: [
    {
      operation: 'CreateSecret',
      input: () => ({
        Name: SecretId,
        SecretString: '{"password":"påss"}',
        Tags: [{ Key: 'team', Value: 'data' }],
      }),
      output: () => ({ Name: SecretId, ARN: expect.stringContaining(':secret:app/secret-') as string }),
      learn: (output, ids) => {
        ids.version = textAt(output, 'VersionId');
      },
    },
    {
      operation: 'CreateSecret',
      about: 'a second time',
      input: () => ({ Name: SecretId, SecretString: 'other' }),
      error: 'ResourceExistsException',
    },
    {
      operation: 'GetSecretValue',
      input: () => ({ SecretId }),
      output: ({ ids }) => ({
        SecretString: '{"password":"påss"}',
        VersionId: ids.version,
        VersionStages: ['AWSCURRENT'],
        CreatedDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      }),
    },
    {
      operation: 'GetSecretValue',
      about: 'of a secret that does not exist',
      input: () => ({ SecretId: 'absent' }),
      error: 'ResourceNotFoundException',
    },
    {
      operation: 'PutSecretValue',
      input: () => ({ SecretId, SecretString: 'new' }),
      output: () => ({ VersionStages: ['AWSCURRENT'] }),
      learn: (output, ids) => {
        ids.newVersion = textAt(output, 'VersionId');
      },
    },
    {
      operation: 'GetSecretValue',
      about: 'of the previous version',
      input: () => ({ SecretId, VersionStage: 'AWSPREVIOUS' }),
      output: ({ ids }) => ({ VersionId: ids.version }),
    },
    {
      operation: 'UpdateSecretVersionStage',
      input: ({ ids }) => ({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ids.version,
        RemoveFromVersionId: ids.newVersion,
      }),
      output: () => ({ Name: SecretId }),
    },
    {
      operation: 'ListSecretVersionIds',
      input: () => ({ SecretId }),
      output: ({ ids }) => ({
        Versions: [
          { VersionId: ids.version, VersionStages: ['AWSCURRENT'] },
          { VersionId: ids.newVersion, VersionStages: ['AWSPREVIOUS'] },
        ],
      }),
    },
    {
      operation: 'UpdateSecret',
      input: () => ({ SecretId, Description: 'for tests' }),
      output: () => ({ Name: SecretId }),
    },
    {
      operation: 'TagResource',
      input: () => ({ SecretId, Tags: [{ Key: 'stage', Value: 'dev' }] }),
      output: () => ({}),
    },
    { operation: 'UntagResource', input: () => ({ SecretId, TagKeys: ['team'] }), output: () => ({}) },
    {
      operation: 'DescribeSecret',
      input: () => ({ SecretId }),
      output: ({ ids }) => ({
        Description: 'for tests',
        Tags: [{ Key: 'stage', Value: 'dev' }],
        VersionIdsToStages: { [ids.version!]: ['AWSCURRENT'] },
        LastChangedDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      }),
    },
    {
      operation: 'ListSecrets',
      input: () => ({ Filters: [{ Key: 'name', Values: ['app/'] }] }),
      output: () => ({ SecretList: [{ Name: SecretId }] }),
    },
    {
      operation: 'DeleteSecret',
      input: () => ({ SecretId, RecoveryWindowInDays: 7 }),
      output: () => ({ DeletionDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string }),
    },
    {
      operation: 'GetSecretValue',
      about: 'while it waits for its deletion',
      input: () => ({ SecretId }),
      error: 'InvalidRequestException',
    },
    { operation: 'RestoreSecret', input: () => ({ SecretId }), output: () => ({ Name: SecretId }) },
    {
      operation: 'GetRandomPassword',
      about: 'which is not there',
      error: 'UnknownOperationException',
    },
  ],
};
