import { beforeEach, describe, expect, it } from 'vitest';
import { createIam, type Iam } from './iam.ts';

const account = { accountId: '111122223333', region: 'us-east-1' };
const roleArn = 'arn:aws:iam::111122223333:role/reader';
const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/ledger';
const secrets = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:app/source/*';

describe('a function on the local stack', () => {
  let iam: Iam;
  const ask = (scope: string, operation: string, input?: Record<string, unknown>): void =>
    iam.authorize({ accessKeyId: iam.accessKeyOf(roleArn), scope, operation, input });

  beforeEach(async () => {
    iam = createIam(account);
    const handlers = iam.resources({
      'AWS::IAM::Role': () => ({ ref: 'reader', attributes: { Arn: roleArn } }),
    });
    await handlers['AWS::IAM::Role']!('Reader', {
      Policies: [
        {
          PolicyDocument: {
            Statement: [
              { Effect: 'Allow', Action: ['dynamodb:GetItem'], Resource: table },
              { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: [secrets] },
              { Effect: 'Allow', Action: ['ec2:DescribeVpcEndpointConnections'], Resource: '*' },
            ],
          },
        },
      ],
    });
  });

  it('may do what its role allows', () => {
    ask('dynamodb', 'GetItem', { TableName: 'ledger' });
    ask('dynamodb', 'GetItem');
    ask('secretsmanager', 'GetSecretValue', { SecretId: 'app/source/postgres' });
    ask('ec2', 'DescribeVpcEndpointConnections', {});
    ask('sts', 'GetCallerIdentity', {});
  });

  it('is denied an action that its role does not name, in the words of the service', () => {
    expect(() => ask('dynamodb', 'PutItem', { TableName: 'ledger' })).toThrow(
      expect.objectContaining({ code: 'AccessDeniedException' }),
    );
    expect(() => ask('ec2', 'AcceptVpcEndpointConnections', { ServiceId: 'vpce-svc-01234567' })).toThrow(
      expect.objectContaining({ code: 'UnauthorizedOperation', statusCode: 403 }),
    );
    expect(() => ask('elasticloadbalancing', 'DescribeTargetHealth', {})).toThrow(
      expect.objectContaining({ code: 'AccessDenied' }),
    );
  });

  it('is denied an allowed action on a resource that its role does not name', () => {
    expect(() => ask('dynamodb', 'GetItem', { TableName: 'other' })).toThrow(/is not authorized to perform/);
    expect(() => ask('secretsmanager', 'GetSecretValue', { SecretId: 'app/slack' })).toThrow(/app\/slack/);
  });

  it('is told apart from people, who may do everything', () => {
    iam.authorize({ accessKeyId: '111122223333', scope: 'dynamodb', operation: 'DeleteTable', input: {} });
  });
});
