// Alarms for every function and machine: YAML cannot loop, and a function without an alarm would be found at night.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pascalCase } from './names.js';

const root = path.resolve(import.meta.dirname, '..');

const functions = readdirSync(path.join(root, 'functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const machines = readdirSync(path.join(root, 'state-machines'))
  .filter((file) => file.endsWith('.asl.yml'))
  .map((file) => file.replace(/\.asl\.yml$/, ''));

const tellPeople = { AlarmActions: [{ Ref: 'Alarms' }], OKActions: [{ Ref: 'Alarms' }] };

/**
 * One alarm on one metric that is bad from its first count on.
 *
 * @param {object} alarm
 * @param {string} alarm.description what it means
 * @param {string} alarm.entry of docs/runbook.md: what to do
 * @param {string} alarm.namespace
 * @param {string} alarm.metric
 * @param {Record<string, unknown>} [alarm.dimensions]
 * @param {number} [alarm.threshold] the first bad value
 * @param {number} [alarm.periodSeconds]
 * @param {number} [alarm.periods]
 * @param {string} [alarm.statistic]
 * @param {'notBreaching' | 'breaching'} [alarm.missing] what no data means
 * @param {string} [alarm.comparison]
 */
const alarm = ({
  description,
  entry,
  namespace,
  metric,
  dimensions = {},
  threshold = 1,
  periodSeconds = 300,
  periods = 1,
  statistic = 'Sum',
  missing = 'notBreaching',
  comparison = 'GreaterThanOrEqualToThreshold',
}) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: `${description} Runbook: ${entry}.`,
    Namespace: namespace,
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: statistic,
    Period: periodSeconds,
    EvaluationPeriods: periods,
    Threshold: threshold,
    ComparisonOperator: comparison,
    TreatMissingData: missing,
    ...tellPeople,
  },
});

const functionAlarms = functions.flatMap((name) => {
  const dimensions = { FunctionName: { Ref: `${pascalCase(name)}LambdaFunction` } };
  return [
    [
      `${pascalCase(name)}Errors`,
      alarm({
        description: `${name} failed.`,
        entry: 'function-failing',
        namespace: 'AWS/Lambda',
        metric: 'Errors',
        dimensions,
        threshold: 3,
      }),
    ],
    [
      `${pascalCase(name)}Throttles`,
      alarm({
        description: `${name} was throttled.`,
        entry: 'function-failing',
        namespace: 'AWS/Lambda',
        metric: 'Throttles',
        dimensions,
      }),
    ],
  ];
});

const machineAlarms = machines.flatMap((name) => {
  const dimensions = { StateMachineArn: { Ref: `${pascalCase(name)}Machine` } };
  return ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'].map((metric) => [
    `${pascalCase(name)}${metric}`,
    alarm({
      description: `${name}: ${metric}. Slack was told why.`,
      entry: 'execution-failed',
      namespace: 'AWS/States',
      metric,
      dimensions,
    }),
  ]);
});

const queueAlarms = ['UndeliveredEvents', 'FailedInvocations'].map((queue) => [
  `${queue}Waiting`,
  alarm({
    description: `Messages wait in ${queue}: something was not handled.`,
    entry: 'waiting-events',
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: { 'Fn::GetAtt': [queue, 'QueueName'] } },
    statistic: 'Maximum',
  }),
]);

const reconcilerAlarms = functions
  .filter((name) => name.startsWith('reconcile-'))
  .map((name) => [
    `${pascalCase(name)}NotRun`,
    alarm({
      description: `${name} has not run for half an hour: what no event told stays unknown.`,
      entry: 'reconciliation-silent',
      namespace: 'AWS/Lambda',
      metric: 'Invocations',
      dimensions: { FunctionName: { Ref: `${pascalCase(name)}LambdaFunction` } },
      comparison: 'LessThanThreshold',
      periodSeconds: 1800,
      missing: 'breaching',
    }),
  ]);

const ownMetrics = '${self:service}-${sls:stage}';

const webhookAlarms = [
  [
    'WebhookSignaturesRefused',
    alarm({
      description: 'Requests to the webhook carried no valid signature.',
      entry: 'signatures-refused',
      namespace: ownMetrics,
      metric: 'SignaturesRefused',
      dimensions: { service: 'on-fivetran-webhook' },
      threshold: 5,
    }),
  ],
];

// Slack cannot tell that Slack is silent: these reach people by mail. No data means that notify does not run.
const alertAlarms = [
  [
    'AlertsUndelivered',
    alarm({
      description: 'Alerts have waited for Slack for more than five minutes, or notify does not run.',
      entry: 'undelivered-alerts',
      namespace: ownMetrics,
      metric: 'UndeliveredAlerts',
      dimensions: { service: 'notify' },
      statistic: 'Maximum',
      missing: 'breaching',
      periods: 2,
    }),
  ],
];

const template = {
  Conditions: {
    MailAlarms: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'AlarmEmail' }, ''] }] },
  },
  Resources: {
    Alarms: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        TopicName: '${self:service}-${sls:stage}-alarms',
        KmsMasterKeyId: { 'Fn::If': ['CreateKey', { Ref: 'Key' }, { Ref: 'KeyArn' }] },
      },
    },
    AlarmsPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'Alarms' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: { Ref: 'Alarms' },
              Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
            },
          ],
        },
      },
    },
    // People hear of alarms without Slack: when alerts cannot be delivered there, that is what the alarm is about.
    AlarmMail: {
      Type: 'AWS::SNS::Subscription',
      Condition: 'MailAlarms',
      Properties: { TopicArn: { Ref: 'Alarms' }, Protocol: 'email', Endpoint: { Ref: 'AlarmEmail' } },
    },
    ...Object.fromEntries([
      ...functionAlarms,
      ...machineAlarms,
      ...queueAlarms,
      ...reconcilerAlarms,
      ...webhookAlarms,
      ...alertAlarms,
    ]),
  },
};

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { template as 'module.exports' };
