import { beforeEach, describe, expect, it } from 'vitest';
import { createIam, type Iam } from './iam.ts';

const account = { accountId: '111122223333', region: 'us-east-1' };
const roleArn = 'arn:aws:iam::111122223333:role/reader';
const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/ledger';
const secrets = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:app/source/*';
const ours = 'vpce-svc-01234567';
const theirs = 'vpce-svc-76543210';

const facts = {
  tagsOf: (arn: string) => new Map(arn.endsWith(ours) ? [['fivetran-privatelink', 'auto-accept']] : []),
  partitionKeyOf: () => 'pk',
};

let iam: Iam;
const ask = (scope: string, operation: string, input: Record<string, unknown>): void =>
  iam.authorize({ accessKeyId: iam.accessKeyOf(roleArn), scope, operation, input });

/** Makes a role of the template with these statements. */
async function provide(statements: unknown[], trust: unknown[] = []): Promise<void> {
  iam = createIam(account, facts);
  const handlers = iam.resources({
    'AWS::IAM::Role': () => ({ ref: 'reader', attributes: { Arn: roleArn } }),
  });
  await handlers['AWS::IAM::Role']!('Reader', {
    AssumeRolePolicyDocument: { Statement: trust },
    Policies: [{ PolicyDocument: { Statement: statements } }],
  });
}

describe('a function on the local stack', () => {
  beforeEach(() =>
    provide([
      { Effect: 'Allow', Action: ['dynamodb:GetItem'], Resource: table },
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: [secrets] },
      { Effect: 'Allow', Action: ['ec2:DescribeVpcEndpointConnections'], Resource: '*' },
    ]),
  );

  it('may do what its role allows', () => {
    ask('dynamodb', 'GetItem', { TableName: 'ledger' });
    ask('secretsmanager', 'GetSecretValue', { SecretId: 'app/source/postgres' });
    ask('ec2', 'DescribeVpcEndpointConnections', {});
    ask('sts', 'GetCallerIdentity', {});
  });

  it('may invoke a function by the action InvokeFunction, which is not called like the operation', async () => {
    const work = 'arn:aws:lambda:us-east-1:111122223333:function:work';
    await provide([{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: work }]);
    ask('lambda', 'Invoke', { FunctionName: 'work' });
    expect(() => ask('lambda', 'Invoke', { FunctionName: 'other' })).toThrow('lambda:InvokeFunction');
  });

  it('is denied an action that its role does not name, in the words of the service', () => {
    expect(() => ask('dynamodb', 'PutItem', { TableName: 'ledger' })).toThrow(
      expect.objectContaining({ code: 'AccessDeniedException' }),
    );
    expect(() => ask('ec2', 'AcceptVpcEndpointConnections', { ServiceId: ours })).toThrow(
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

describe('the conditions of a grant', () => {
  const services = 'arn:aws:ec2:us-east-1:111122223333:vpc-endpoint-service/*';

  it('limit accepting to services that carry our tag', async () => {
    await provide([
      {
        Effect: 'Allow',
        Action: 'ec2:AcceptVpcEndpointConnections',
        Resource: services,
        Condition: { StringEquals: { 'aws:ResourceTag/fivetran-privatelink': 'auto-accept' } },
      },
      {
        Effect: 'Allow',
        Action: 'ec2:AcceptVpcEndpointConnections',
        Resource: 'arn:aws:ec2:*:*:vpc-endpoint/*',
      },
    ]);
    ask('ec2', 'AcceptVpcEndpointConnections', { ServiceId: ours, VpcEndpointId: ['vpce-1'] });
    expect(() =>
      ask('ec2', 'AcceptVpcEndpointConnections', { ServiceId: theirs, VpcEndpointId: ['vpce-1'] }),
    ).toThrow(/vpce-svc-76543210 because the conditions of the policy .* do not hold/);
  });

  it('limit the tags that may be written', async () => {
    await provide([
      {
        Effect: 'Allow',
        Action: 'ec2:CreateTags',
        Resource: 'arn:aws:ec2:us-east-1:111122223333:vpc-endpoint-connection/*',
        Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['accepted-at', 'accepted-by'] } },
      },
    ]);
    const tag = (...keys: string[]) =>
      ask('ec2', 'CreateTags', { ResourceId: ['vpce-con-1'], Tag: keys.map((Key) => ({ Key, Value: 'x' })) });
    tag('accepted-at', 'accepted-by');
    expect(() => tag('accepted-at', 'fivetran-privatelink')).toThrow(/do not hold/);
    expect(() => ask('ec2', 'CreateTags', { ResourceId: [ours], Tag: [] })).toThrow(
      /no identity-based policy/,
    );
  });

  it('may ask for a tag only where there is one', async () => {
    const accept = async (stack: string): Promise<void> => {
      await provide([
        {
          Effect: 'Allow',
          Action: 'ec2:AcceptVpcEndpointConnections',
          Resource: '*',
          Condition: { StringEqualsIfExists: { 'aws:ResourceTag/fivetran-privatelink': stack } },
        },
      ]);
    };
    const acceptAt = (serviceId: string) =>
      ask('ec2', 'AcceptVpcEndpointConnections', { ServiceId: serviceId, VpcEndpointId: ['vpce-1'] });
    await accept('another');
    acceptAt(theirs);
    expect(() => acceptAt(ours)).toThrow(/do not hold/);
    await accept('auto-accept');
    acceptAt(ours);
  });

  it('limit items of the ledger by their partition key, however a request names it', async () => {
    await provide([
      {
        Effect: 'Allow',
        Action: ['dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:Query'],
        Resource: table,
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['incidents', 'lease#slack*'] } },
      },
    ]);
    const put = (pk: string) =>
      ask('dynamodb', 'PutItem', { TableName: 'ledger', Item: { pk: { S: pk }, sk: { S: 'a' } } });
    const get = (pk: string) =>
      ask('dynamodb', 'GetItem', { TableName: 'ledger', Key: { sk: { S: 'a' }, pk: { S: pk } } });
    const query = (pk: string, name: string, condition: string) =>
      ask('dynamodb', 'Query', {
        TableName: 'ledger',
        KeyConditionExpression: condition,
        ExpressionAttributeNames: { '#k': name },
        ExpressionAttributeValues: { ':pk': { S: pk }, ':sk': { S: 'a' } },
      });
    put('incidents');
    get('lease#slack#C1');
    query('incidents', 'pk', 'begins_with(sk, :sk) AND #k = :pk');
    expect(() => put('claims')).toThrow(/do not hold/);
    expect(() => get('lease#other')).toThrow(/do not hold/);
    expect(() => query('claims', 'other', 'pk = :pk AND #k = :sk')).toThrow(/do not hold/);
  });

  it('hold for nothing when they need what the request does not carry', async () => {
    await provide([
      {
        Effect: 'Allow',
        Action: 'dynamodb:GetItem',
        Resource: table,
        Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } },
      },
    ]);
    expect(() => ask('dynamodb', 'GetItem', { TableName: 'ledger' })).toThrow(/do not hold/);
  });

  it.each([
    {
      name: 'an operator',
      statement: { Effect: 'Allow', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
      says: 'The condition operator IpAddress is not judged here',
    },
    {
      name: 'a key',
      statement: { Effect: 'Allow', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } },
      says: 'The condition key aws:PrincipalOrgID is given to no request here',
    },
    {
      name: 'a denial',
      statement: { Effect: 'Deny' },
      says: 'A statement that denies is not judged here',
    },
  ])('$name that is not judged stops the stack instead of being passed over', async ({ statement, says }) => {
    await expect(provide([{ Action: 'a:B', Resource: '*', ...statement }])).rejects.toThrow(says);
  });
});

describe('the trust policy of a role', () => {
  const group = 'arn:aws:scheduler:us-east-1:111122223333:schedule-group/default';
  const context = (sourceArn: string) =>
    new Map([
      ['aws:sourceaccount', ['111122223333']],
      ['aws:sourcearn', [sourceArn]],
    ]);

  it('lets only its service take it on, and only on behalf of what it names', async () => {
    await provide(
      [],
      [
        {
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: {
            StringEquals: { 'aws:SourceAccount': '111122223333' },
            ArnLike: { 'aws:SourceArn': group },
          },
        },
      ],
    );
    expect(iam.mayAssume(roleArn, 'scheduler.amazonaws.com', context(group))).toBe(true);
    expect(iam.mayAssume(roleArn, 'lambda.amazonaws.com', context(group))).toBe(false);
    expect(iam.mayAssume(roleArn, 'scheduler.amazonaws.com', context(`${group}-of-others`))).toBe(false);
  });
});
