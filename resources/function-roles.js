// A role for each function: its own grants (function.yml), and what Lambda, its secrets, its failures and its network
// need around them. The framework alone would give all functions one role, which could do what any of them may.
import { serviceRole } from './roles.js';

const key = { 'Fn::If': ['CreateKey', { 'Fn::GetAtt': ['Key', 'Arn'] }, { Ref: 'KeyArn' }] };

/**
 * @typedef {{ Effect: string, Action: string | string[], Resource: unknown, Condition?: unknown }} Statement
 * @typedef {{
 *   name: string,
 *   role?: unknown,
 *   vpc?: { subnetIds?: unknown },
 *   destinations?: { onFailure?: { arn: unknown } },
 *   iamRoleStatements?: Statement[],
 * }} LambdaFunction
 */

/** @param {LambdaFunction} lambda */
function statementsOf({ name, vpc, destinations, iamRoleStatements = [] }) {
  const readsSecrets = iamRoleStatements.some(({ Action }) =>
    [Action].flat().includes('secretsmanager:GetSecretValue'),
  );
  return [
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: {
        'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${name}:*`,
      },
    },
    // X-Ray has no resource types for these:
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
    ...(readsSecrets
      ? [
          {
            Effect: 'Allow',
            Action: 'kms:Decrypt',
            Resource: key,
            Condition: {
              StringEquals: {
                'kms:ViaService': { 'Fn::Sub': 'secretsmanager.${AWS::Region}.amazonaws.com' },
              },
            },
          },
        ]
      : []),
    ...(destinations?.onFailure === undefined
      ? []
      : [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: destinations.onFailure.arn }]),
    // The framework gives every function an empty one.
    ...(vpc?.subnetIds === undefined
      ? []
      : [
          {
            Effect: 'Allow',
            // What Lambda needs to join a VPC; it says itself that they cannot be limited:
            // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
            Action: [
              'ec2:CreateNetworkInterface',
              'ec2:DescribeNetworkInterfaces',
              'ec2:DescribeSubnets',
              'ec2:DeleteNetworkInterface',
              'ec2:AssignPrivateIpAddresses',
              'ec2:UnassignPrivateIpAddresses',
            ],
            Resource: '*',
          },
        ]),
    // A list that depends on the deployment may be empty, and IAM refuses a grant on nothing.
    ...iamRoleStatements.filter(({ Resource }) => [Resource].flat().length > 0),
  ];
}

/**
 * A plugin of the framework, which makes it with `new`:
 * https://www.serverless.com/framework/docs/guides/plugins/creating-plugins
 *
 * @param {{
 *   service: {
 *     getAllFunctions(): string[],
 *     getFunction(key: string): LambdaFunction,
 *     provider: { compiledCloudFormationTemplate: { Resources: Record<string, unknown> } },
 *   },
 *   configSchemaHandler: { defineFunctionProperties(provider: string, schema: unknown): void },
 * }} serverless
 */
function functionRoles({ service, configSchemaHandler }) {
  configSchemaHandler.defineFunctionProperties('aws', {
    properties: { iamRoleStatements: { $ref: '#/definitions/awsIamPolicyStatements' } },
    required: ['iamRoleStatements'],
  });
  const roleId = (/** @type {string} */ functionKey) =>
    `${functionKey.charAt(0).toUpperCase()}${functionKey.slice(1)}LambdaRole`;
  return {
    hooks: {
      // Before the framework would make its own role for functions without one.
      'before:package:setupProviderConfiguration': () => {
        for (const functionKey of service.getAllFunctions()) {
          service.getFunction(functionKey).role = { 'Fn::GetAtt': [roleId(functionKey), 'Arn'] };
        }
      },
      'before:package:finalize': () => {
        for (const functionKey of service.getAllFunctions()) {
          service.provider.compiledCloudFormationTemplate.Resources[roleId(functionKey)] = serviceRole({
            service: 'lambda',
            statements: statementsOf(service.getFunction(functionKey)),
          });
        }
      },
    },
  };
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { functionRoles as 'module.exports' };
