import { describe, expect, it } from 'vitest';
import {
  broken,
  functionsOf,
  list,
  packaged,
  referencesOf,
  resourcesOf,
  statementsIn,
  type Template,
} from './template.ts';

interface Target {
  Arn: unknown;
  RoleArn?: unknown;
  DeadLetterConfig?: { Arn: unknown };
  RetryPolicy?: unknown;
}

const ruleTargets = (template: Template): [string, Target][] =>
  resourcesOf(template, 'AWS::Events::Rule').flatMap(([id, { Properties }]) =>
    (Properties.Targets as Target[]).map((target): [string, Target] => [id, target]),
  );
const scheduleTargets = (template: Template): [string, Target][] =>
  resourcesOf(template, 'AWS::Scheduler::Schedule').map(([id, { Properties }]) => [
    id,
    Properties.Target as Target,
  ]);
const subscriptions = (template: Template): [string, Record<string, unknown>][] =>
  resourcesOf(template, 'AWS::SNS::Subscription')
    .filter(([, { Properties }]) => Properties.Protocol !== 'email')
    .map(([id, { Properties }]) => [id, Properties]);

/** Rules, schedules and subscriptions that drop what they cannot deliver. */
function dropping(template: Template): string[] {
  return [
    ...[...ruleTargets(template), ...scheduleTargets(template)].flatMap(([id, target]) => [
      ...(target.RetryPolicy === undefined ? [`${id} does not say how long it retries`] : []),
      ...(target.DeadLetterConfig === undefined ? [`${id} has no dead-letter queue`] : []),
    ]),
    ...subscriptions(template)
      .filter(([, { RedrivePolicy }]) => referencesOf(RedrivePolicy).length === 0)
      .map(([id]) => `${id} has no dead-letter queue`),
  ];
}

/** Functions that are invoked asynchronously and lose what they fail on. */
function forgetting(template: Template): string[] {
  const asynchronous = new Set([
    ...[...ruleTargets(template), ...scheduleTargets(template)].flatMap(([, { Arn }]) => referencesOf(Arn)),
    ...subscriptions(template).flatMap(([, { Endpoint }]) => referencesOf(Endpoint)),
  ]);
  const keeping = new Set(
    resourcesOf(template, 'AWS::Lambda::EventInvokeConfig')
      .filter(([, { Properties }]) => {
        const { OnFailure } = (Properties.DestinationConfig ?? {}) as { OnFailure?: unknown };
        return template.Resources[referencesOf(OnFailure)[0] ?? '']?.Type === 'AWS::SQS::Queue';
      })
      .flatMap(([, { Properties }]) => referencesOf(Properties.FunctionName)),
  );
  return functionsOf(template)
    .filter(({ logicalId }) => asynchronous.has(logicalId) && !keeping.has(logicalId))
    .map(({ folder }) => `${folder} has no on-failure queue`);
}

/** Dead-letter queues that the service which should write to them may not write to. */
function closed(template: Template): string[] {
  const wanted = [
    ...ruleTargets(template).flatMap(([, { DeadLetterConfig }]) =>
      referencesOf(DeadLetterConfig).map((queue) => ({ queue, service: 'events.amazonaws.com' })),
    ),
    ...subscriptions(template).flatMap(([, { RedrivePolicy }]) =>
      referencesOf(RedrivePolicy).map((queue) => ({ queue, service: 'sns.amazonaws.com' })),
    ),
  ];
  const byPolicy = wanted
    .filter(
      ({ queue, service }) =>
        !resourcesOf(template, 'AWS::SQS::QueuePolicy').some(
          ([, { Properties }]) =>
            referencesOf(Properties.Queues).includes(queue) &&
            statementsIn(Properties.PolicyDocument).some((statement) =>
              JSON.stringify(statement).includes(`"${service}"`),
            ),
        ),
    )
    .map(({ queue, service }) => `${queue} does not let ${service} in`);
  // A schedule writes in its own role.
  const byRole = scheduleTargets(template).flatMap(([id, { RoleArn, DeadLetterConfig }]) => {
    const role = template.Resources[referencesOf(RoleArn)[0] ?? ''];
    const statements = (list(role?.Properties.Policies) as { PolicyDocument: unknown }[]).flatMap(
      ({ PolicyDocument }) => statementsIn(PolicyDocument),
    );
    return referencesOf(DeadLetterConfig)
      .filter(
        (queue) =>
          !statements.some(
            ({ Action, Resource }) =>
              Action.includes('sqs:SendMessage') && referencesOf(Resource).includes(queue),
          ),
      )
      .map((queue) => `${id} may not write to ${queue}`);
  });
  return [...new Set([...byPolicy, ...byRole])];
}

/** Queues of what was lost that no alarm watches. */
function unwatched(template: Template): string[] {
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(([, { Properties }]) =>
    referencesOf(Properties.Dimensions),
  );
  return resourcesOf(template, 'AWS::SQS::Queue')
    .map(([queue]) => queue)
    .filter((queue) => !alarms.includes(queue));
}

/** What is kept in clear text, or goes with the stack though it cannot be made again. */
function unprotected(template: Template): string[] {
  const isMissing = (type: string, isSafe: (properties: Record<string, unknown>) => boolean): string[] =>
    resourcesOf(template, type)
      .filter(([, { Properties }]) => !isSafe(Properties))
      .map(([id]) => `${id} is not encrypted`);
  return [
    ...isMissing('AWS::SQS::Queue', (queue) =>
      Boolean(queue.SqsManagedSseEnabled === true || queue.KmsMasterKeyId),
    ),
    ...isMissing('AWS::SNS::Topic', (topic) => Boolean(topic.KmsMasterKeyId)),
    ...isMissing('AWS::SecretsManager::Secret', (secret) => Boolean(secret.KmsKeyId)),
    ...isMissing(
      'AWS::DynamoDB::Table',
      ({ SSESpecification }) =>
        (SSESpecification as { SSEEnabled?: boolean } | undefined)?.SSEEnabled === true,
    ),
    ...resourcesOf(template, 'AWS::DynamoDB::Table')
      .filter(
        ([, { Properties }]) =>
          (
            Properties.PointInTimeRecoverySpecification as
              { PointInTimeRecoveryEnabled?: boolean } | undefined
          )?.PointInTimeRecoveryEnabled !== true,
      )
      .map(([id]) => `${id} cannot be put back to a point in time`),
    ...['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret']
      .flatMap((type) => resourcesOf(template, type))
      .filter(
        ([, { DeletionPolicy, UpdateReplacePolicy }]) =>
          // Everything but what a deployment made that failed: by its name it would stand in the way of the next.
          DeletionPolicy !== 'RetainExceptOnCreate' || UpdateReplacePolicy !== 'Retain',
      )
      .map(([id]) => `${id} goes with the stack`),
  ];
}

describe('nothing is dropped in silence', () => {
  it('every rule, schedule and subscription retries, then sends what it cannot deliver to a queue', () => {
    expect(ruleTargets(packaged).length).toBeGreaterThan(3);
    expect(scheduleTargets(packaged).length).toBeGreaterThan(3);
    expect(subscriptions(packaged).length).toBeGreaterThan(0);
    expect(dropping(packaged)).toEqual([]);
    const changed = broken((resources) => {
      const [rule] = resourcesOf(packaged, 'AWS::Events::Rule');
      delete (resources[rule![0]]!.Properties.Targets as Target[])[0]!.DeadLetterConfig;
      delete (resources.NotifySchedule!.Properties.Target as Target).RetryPolicy;
      const [subscription] = subscriptions(packaged);
      delete resources[subscription![0]]!.Properties.RedrivePolicy;
    });
    expect(dropping(changed)).toHaveLength(3);
    expect(dropping(changed)).toContain('NotifySchedule does not say how long it retries');
  });

  it('every function that is invoked asynchronously keeps what it could not handle', () => {
    expect(forgetting(packaged)).toEqual([]);
    const changed = broken((resources) => delete resources.NotifyLambdaEvConf);
    expect(forgetting(changed)).toEqual(['notify has no on-failure queue']);
  });

  it('every dead-letter queue lets in who writes to it', () => {
    expect(closed(packaged)).toEqual([]);
    const changed = broken((resources) => {
      delete resources.UndeliveredEventsPolicy;
      const [policy] = resources.TickRole!.Properties.Policies as {
        PolicyDocument: { Statement: unknown[] };
      }[];
      policy!.PolicyDocument.Statement.pop();
    });
    expect(closed(changed)).toContain('UndeliveredEvents does not let events.amazonaws.com in');
    expect(closed(changed)).toContain('NotifySchedule may not write to UndeliveredEvents');
  });

  it('every queue has an alarm', () => {
    expect(unwatched(packaged)).toEqual([]);
    const changed = broken((resources) => delete resources.UndeliveredEventsWaiting);
    expect(unwatched(changed)).toEqual(['UndeliveredEvents']);
  });
});

describe('what is kept', () => {
  it('is encrypted, and stays when it cannot be made again', () => {
    expect(unprotected(packaged)).toEqual([]);
  });

  it.each([
    {
      name: 'a queue in clear text',
      change: broken((resources) => delete resources.FailedInvocations!.Properties.SqsManagedSseEnabled),
      told: ['FailedInvocations is not encrypted'],
    },
    {
      name: 'a topic in clear text',
      change: broken((resources) => delete resources.Alarms!.Properties.KmsMasterKeyId),
      told: ['Alarms is not encrypted'],
    },
    {
      name: 'a ledger that cannot be put back',
      change: broken((resources) => delete resources.Ledger!.Properties.PointInTimeRecoverySpecification),
      told: ['Ledger cannot be put back to a point in time'],
    },
    {
      name: 'a ledger that a failed first deployment leaves in the way of the next',
      change: broken(({ Ledger }) => (Ledger!.DeletionPolicy = 'Retain')),
      told: ['Ledger goes with the stack'],
    },
    {
      name: 'a ledger that goes with the stack',
      change: broken((resources) => delete resources.Ledger!.DeletionPolicy),
      told: ['Ledger goes with the stack'],
    },
  ])('is told for $name', ({ change, told }) => {
    expect(unprotected(change)).toEqual(told);
  });
});
