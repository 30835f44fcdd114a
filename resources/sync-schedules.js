// Syncs at the times of params.yml, one schedule for each connection. A generator, because YAML cannot loop.
import { readDeployment } from '../scripts/parameters.ts';

const undelivered = { 'Fn::GetAtt': ['UndeliveredEvents', 'Arn'] };

/**
 * @param {import('../scripts/parameters.ts').SyncSchedule} schedule
 * @param {number} index
 */
function resourceOf({ connectionId, expression, timeZone, whenPaused }, index) {
  return [
    `SyncSchedule${index + 1}`,
    {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Description: `Syncs the Fivetran connection ${connectionId}`,
        ScheduleExpression: expression,
        ScheduleExpressionTimezone: timeZone,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: { Ref: 'RunSyncMachine' },
          RoleArn: { 'Fn::GetAtt': ['SyncScheduleRole', 'Arn'] },
          Input: JSON.stringify({ connectionId, whenPaused }),
          DeadLetterConfig: { Arn: undelivered },
          RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 10 },
        },
      },
    },
  ];
}

const role = {
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    },
    Policies: [
      {
        PolicyName: 'start-syncs',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: 'states:StartExecution', Resource: { Ref: 'RunSyncMachine' } },
            { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: undelivered },
          ],
        },
      },
    ],
  },
};

/** @param {{ options: { stage?: string, region?: string } }} framework */
function syncSchedules({ options }) {
  const { schedules } = readDeployment({
    stage: options.stage ?? 'dev',
    region: options.region ?? 'us-east-1',
  });
  if (schedules.length === 0) return {};
  return {
    Resources: { SyncScheduleRole: role, ...Object.fromEntries(schedules.map(resourceOf)) },
  };
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { syncSchedules as 'module.exports' };
