import { describe, expect, it } from 'vitest';
import { functions, referencesOf, resourcesOf, template } from './template.ts';

interface Target {
  Arn: unknown;
  DeadLetterConfig?: { Arn: unknown };
  RetryPolicy?: unknown;
}

const rules = resourcesOf('AWS::Events::Rule');
const schedules = resourcesOf('AWS::Scheduler::Schedule');
const onFailureOf = new Map(
  resourcesOf('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => [
    referencesOf(Properties.FunctionName)[0] ?? '',
    referencesOf((Properties.DestinationConfig as { OnFailure?: unknown } | undefined)?.OnFailure ?? {})[0],
  ]),
);

describe('nothing is dropped in silence', () => {
  it.each(rules)(
    'rule %s retries for a while, then sends what it cannot deliver to a dead-letter queue',
    (_, { Properties }) => {
      for (const target of Properties.Targets as Target[]) {
        expect(target.RetryPolicy).toBeDefined();
        expect(target.DeadLetterConfig).toBeDefined();
      }
    },
  );

  const subscriptions = resourcesOf('AWS::SNS::Subscription').filter(
    ([, { Properties }]) => Properties.Protocol !== 'email',
  );

  it.each(subscriptions)(
    'subscription %s sends what it cannot deliver to a dead-letter queue',
    (_, { Properties }) => {
      expect(Properties.RedrivePolicy).toMatchObject({ deadLetterTargetArn: expect.anything() as unknown });
    },
  );

  const asynchronous = new Set([
    ...rules.flatMap(([, { Properties }]) =>
      (Properties.Targets as Target[]).flatMap(({ Arn }) => referencesOf(Arn)),
    ),
    ...schedules.flatMap(([, { Properties }]) => referencesOf((Properties.Target as Target).Arn)),
    ...resourcesOf('AWS::SNS::Subscription').flatMap(([, { Properties }]) =>
      referencesOf(Properties.Endpoint ?? {}),
    ),
  ]);

  it.each(
    functions
      .filter(({ logicalId }) => asynchronous.has(logicalId))
      .map(({ folder, logicalId }) => [folder, logicalId]),
  )('%s is invoked asynchronously and keeps what it could not handle', (_, logicalId) => {
    const queue = onFailureOf.get(logicalId);
    expect(template.Resources[queue ?? '']?.Type).toBe('AWS::SQS::Queue');
  });

  it('lets EventBridge write to every queue that a rule names', () => {
    const queues = new Set(
      rules.flatMap(([, { Properties }]) =>
        (Properties.Targets as Target[]).flatMap(({ DeadLetterConfig }) =>
          referencesOf(DeadLetterConfig ?? {}),
        ),
      ),
    );
    const writable = new Set(
      resourcesOf('AWS::SQS::QueuePolicy').flatMap(([, { Properties }]) => referencesOf(Properties.Queues)),
    );
    expect(queues.size).toBeGreaterThan(0);
    for (const queue of queues) expect(writable).toContain(queue);
  });
});

describe('what is kept is encrypted', () => {
  it.each(resourcesOf('AWS::SQS::Queue'))('queue %s', (_, { Properties }) => {
    expect(Properties.SqsManagedSseEnabled === true || Properties.KmsMasterKeyId !== undefined).toBe(true);
  });

  it.each(resourcesOf('AWS::SNS::Topic'))('topic %s', (_, { Properties }) => {
    expect(Properties.KmsMasterKeyId).toBeDefined();
  });

  it.each(resourcesOf('AWS::DynamoDB::Table'))('table %s, also kept when the stack goes', (_, resource) => {
    expect(resource.Properties.SSESpecification).toMatchObject({ SSEEnabled: true });
    expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(resource.Properties.PointInTimeRecoverySpecification).toEqual({
      PointInTimeRecoveryEnabled: true,
    });
  });
});
