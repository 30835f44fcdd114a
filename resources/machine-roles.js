// Each state machine's own role, read off its definition: the functions that it calls and the machine that it starts,
// and nothing else. The packaging tool would grant a machine that starts another one more than that, on everything.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pascalCase } from './names.js';
import { serviceRole } from './roles.js';

const folder = path.resolve(import.meta.dirname, '../state-machines');

const logDelivery = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];

/** @param {string} text @param {RegExp} form */
const namesIn = (text, form) => [...new Set([...text.matchAll(form)].map(([, name]) => name ?? ''))].sort();

/** @param {string} definition the machine's YAML */
function statementsOf(definition) {
  const functions = namesIn(definition, /Resource: !GetAtt (\w+)\.Arn/g).map(
    (key) => `${key.charAt(0).toUpperCase()}${key.slice(1)}LambdaFunction`,
  );
  const machines = namesIn(definition, /StateMachineArn: !Ref (\w+)/g);
  const waits = definition.includes('states:startExecution.sync');
  const executionsOf = (/** @type {string} */ machine) => ({
    'Fn::Sub': [
      'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${Name}:*',
      { Name: { 'Fn::GetAtt': [machine, 'Name'] } },
    ],
  });
  return [
    {
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: functions.map((logicalId) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })),
    },
    ...(machines.length === 0
      ? []
      : [{ Effect: 'Allow', Action: 'states:StartExecution', Resource: machines.map((Ref) => ({ Ref })) }]),
    // What waiting for a started execution takes:
    // https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    ...(waits
      ? [
          {
            Effect: 'Allow',
            Action: ['states:DescribeExecution', 'states:StopExecution'],
            Resource: machines.map(executionsOf),
          },
          {
            Effect: 'Allow',
            Action: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
            Resource: {
              'Fn::Sub':
                'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule',
            },
          },
        ]
      : []),
    // Neither X-Ray nor log delivery has resource types for these:
    // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    {
      Effect: 'Allow',
      Action: [
        ...logDelivery,
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
      ],
      Resource: '*',
    },
  ];
}

const roles = readdirSync(folder)
  .filter((file) => file.endsWith('.asl.yml'))
  .map((file) => {
    const name = file.replace(/\.asl\.yml$/, '');
    return [
      `${pascalCase(name)}Role`,
      serviceRole({
        service: 'states',
        source: {
          'Fn::Sub': `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:stateMachine:\${self:service}-\${sls:stage}-${name}`,
        },
        statements: statementsOf(readFileSync(path.join(folder, file), 'utf8')),
      }),
    ];
  });

const template = {
  Resources: {
    ...Object.fromEntries(roles),
    // For the rules on our bus that start machines: the packaging tool's own would act for any rule of anybody.
    EventsRole: serviceRole({
      service: 'events',
      source: {
        'Fn::Sub': 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${EventBus}/*',
      },
      statements: [
        {
          Effect: 'Allow',
          Action: 'states:StartExecution',
          Resource: ['AcceptEndpointMachine', 'RunSyncMachine'].map((Ref) => ({ Ref })),
        },
      ],
    }),
    MachineLogs: {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        // The prefix keeps the account's resource policy for log delivery small:
        // https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        LogGroupName: '/aws/vendedlogs/states/${self:service}-${sls:stage}',
        RetentionInDays: 30,
      },
    },
  },
};

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { template as 'module.exports' };
