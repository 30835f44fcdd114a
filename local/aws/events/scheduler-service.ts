import { AwsError, type Service } from '../service.ts';
import type { Schedule, Scheduler } from './scheduler.ts';

/** The part of the Scheduler API that shows schedules: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html */
export function schedulerService(scheduler: Scheduler): Service {
  return {
    scope: 'scheduler',
    protocols: [
      {
        kind: 'rest-json',
        routes: [
          { method: 'GET', path: '/schedules', operation: 'ListSchedules' },
          { method: 'GET', path: '/schedules/{Name}', operation: 'GetSchedule' },
        ],
      },
    ],
    operations: {
      ListSchedules: () => ({ Schedules: scheduler.schedules().map(summary) }),
      GetSchedule: ({ input }) => {
        const found = scheduler.schedules().find(({ name }) => name === input.Name);
        if (found === undefined) {
          throw new AwsError(
            'ResourceNotFoundException',
            `Schedule ${String(input.Name)} does not exist.`,
            404,
          );
        }
        return {
          ...summary(found),
          ScheduleExpression: found.expression,
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: { Arn: found.targetArn, RoleArn: found.roleArn, Input: found.input },
        };
      },
    },
  };
}

function summary({ name, arn, enabled, targetArn }: Schedule): Record<string, unknown> {
  return {
    Name: name,
    Arn: arn,
    GroupName: 'default',
    State: enabled ? 'ENABLED' : 'DISABLED',
    Target: { Arn: targetArn },
  };
}
