// What runs by the clock: our own reconcilers, and the syncs that params.yml asks for. EventBridge Scheduler, because
// scheduled rules are the legacy; a generator, because the framework's own schedules have no dead-letter queue.
import { readDeployment } from '../scripts/parameters.ts';
import { pascalCase } from './names.js';
import { serviceRole } from './roles.js';

/** Folder in functions/, and how often it runs. The next run does what a lost one would have done. */
const ticks = [
  { name: 'notify', rate: 'rate(1 minute)', input: { tick: true } },
  { name: 'refresh-targets', rate: 'rate(1 minute)' },
  { name: 'reconcile-endpoints', rate: 'rate(5 minutes)' },
  { name: 'reconcile-syncs', rate: 'rate(15 minutes)' },
];

const undelivered = { 'Fn::GetAtt': ['UndeliveredEvents', 'Arn'] };
const functionArn = (/** @type {string} */ name) => ({
  'Fn::GetAtt': [`${pascalCase(name)}LambdaFunction`, 'Arn'],
});

/**
 * @param {object} schedule
 * @param {string} schedule.description
 * @param {string} schedule.expression
 * @param {string} [schedule.timeZone]
 * @param {unknown} schedule.target ARN
 * @param {string} schedule.role logical id
 * @param {unknown} [schedule.input]
 * @param {number} schedule.retryForSeconds how long what could not be delivered is tried again
 */
const schedule = ({ description, expression, timeZone = 'UTC', target, role, input, retryForSeconds }) => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Description: description,
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: timeZone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: target,
      RoleArn: { 'Fn::GetAtt': [role, 'Arn'] },
      ...(input === undefined ? {} : { Input: JSON.stringify(input) }),
      DeadLetterConfig: { Arn: undelivered },
      RetryPolicy: { MaximumEventAgeInSeconds: retryForSeconds, MaximumRetryAttempts: 10 },
    },
  },
});

/**
 * A role of the Scheduler's: what its schedules start, and the queue for what could not be started.
 *
 * @param {{ Action: string, Resource: unknown }} starts
 */
const schedulerRole = (starts) =>
  serviceRole({
    service: 'scheduler',
    // A schedule acts in the name of its group:
    // https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    source: {
      'Fn::Sub': 'arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default',
    },
    statements: [
      { Effect: 'Allow', ...starts },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: undelivered },
    ],
  });

const tickSchedules = {
  TickRole: schedulerRole({
    Action: 'lambda:InvokeFunction',
    Resource: ticks.map(({ name }) => functionArn(name)),
  }),
  ...Object.fromEntries(
    ticks.map(({ name, rate, input }) => [
      `${pascalCase(name)}Schedule`,
      schedule({
        description: `Runs ${name}`,
        expression: rate,
        target: functionArn(name),
        role: 'TickRole',
        input,
        retryForSeconds: 300,
      }),
    ]),
  ),
};

/** @param {import('../scripts/parameters.ts').SyncSchedule[]} schedules */
const syncSchedules = (schedules) =>
  schedules.length === 0
    ? {}
    : {
        SyncScheduleRole: schedulerRole({
          Action: 'states:StartExecution',
          Resource: { Ref: 'RunSyncMachine' },
        }),
        ...Object.fromEntries(
          schedules.map(({ connectionId, expression, timeZone, whenPaused }, index) => [
            `SyncSchedule${index + 1}`,
            schedule({
              description: `Syncs the Fivetran connection ${connectionId}`,
              expression,
              timeZone,
              target: { Ref: 'RunSyncMachine' },
              role: 'SyncScheduleRole',
              input: { connectionId, whenPaused },
              retryForSeconds: 3600,
            }),
          ]),
        ),
      };

/** @param {{ options: { stage?: string, region?: string } }} framework */
function schedules({ options }) {
  const deployment = readDeployment({
    stage: options.stage ?? 'dev',
    region: options.region ?? 'us-east-1',
  });
  return { Resources: { ...tickSchedules, ...syncSchedules(deployment.schedules) } };
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { schedules as 'module.exports' };
