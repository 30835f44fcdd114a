import type { Input } from '../input.ts';
import { createProperties } from '../properties.ts';
import { isJsonObject, parseJson, toJson, type Json } from '../../json.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import { defaultPolicy, type Courier, type DeliveryPolicy } from './delivery.ts';
import type { EventBridge, RuleTarget } from './event-bridge.ts';
import { PatternError } from './pattern.ts';
import type { Scheduler } from './scheduler.ts';

interface EventResources {
  accountId: string;
  region: string;
  eventBridge: EventBridge;
  scheduler: Scheduler;
  courier: Courier;
}

/** Makes the template's buses, rules and schedules real. */
export function eventResources(options: EventResources): ResourceHandlers {
  const { accountId, region, eventBridge, scheduler, courier } = options;
  return {
    'AWS::Events::EventBus': (logicalId, values) => {
      const bus = eventBridge.addBus(createProperties(logicalId, values).string('Name'));
      return { ref: bus.name, attributes: { Arn: bus.arn, Name: bus.name } };
    },
    // Who may put events is IAM's, which nobody enforces here.
    'AWS::Events::EventBusPolicy': (logicalId) => ({ ref: logicalId }),
    'AWS::Events::Rule': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const pattern = toJson(values.EventPattern);
      const name = properties.optionalString('Name') ?? logicalId;
      const scheduleExpression = properties.optionalString('ScheduleExpression');
      try {
        const rule = eventBridge.addRule({
          name,
          bus: eventBridge.bus(properties.optionalString('EventBusName') ?? 'default')?.name ?? 'default',
          pattern: isJsonObject(pattern) ? pattern : undefined,
          scheduleExpression,
          description: properties.optionalString('Description'),
          enabled: properties.optionalString('State') !== 'DISABLED',
          targets: properties.structures('Targets').map(targetOf),
        });
        if (scheduleExpression !== undefined) {
          scheduler.add({
            name,
            arn: rule.arn,
            expression: scheduleExpression,
            enabled: rule.enabled,
            targetArn: rule.targets[0]?.arn ?? '',
            roleArn: undefined,
            input: rule.targets[0]?.input,
            fire: () => eventBridge.tick(rule),
          });
        }
        return { ref: rule.bus === 'default' ? name : `${rule.bus}|${name}`, attributes: { Arn: rule.arn } };
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        throw new PatternError(`${logicalId}: ${error.message}`);
      }
    },
    'AWS::Scheduler::Schedule': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const name = properties.optionalString('Name') ?? logicalId;
      const group = properties.optionalString('GroupName') ?? 'default';
      const arn = `arn:aws:scheduler:${region}:${accountId}:schedule/${group}/${name}`;
      const target = properties.structure('Target');
      const targetArn = target?.string('Arn') ?? '';
      const roleArn = target?.optionalString('RoleArn');
      const input = target?.optionalString('Input');
      const policy = target === undefined ? defaultPolicy : policyOf(target);
      scheduler.add({
        name,
        arn,
        expression: properties.string('ScheduleExpression'),
        enabled: properties.optionalString('State') !== 'DISABLED',
        targetArn,
        roleArn,
        input,
        fire: (scheduledFor) => {
          const id = crypto.randomUUID();
          const payload = payloadOf(input, { arn, id, scheduledFor });
          courier.send({ from: arn, targetArn, roleArn, payload, original: payload, id, policy });
        },
      });
      return { ref: name, attributes: { Arn: arn } };
    },
    'AWS::Scheduler::ScheduleGroup': (logicalId, values) => {
      const name = createProperties(logicalId, values).optionalString('Name') ?? logicalId;
      return {
        ref: name,
        attributes: { Arn: `arn:aws:scheduler:${region}:${accountId}:schedule-group/${name}` },
      };
    },
  };
}

function targetOf(target: Input): RuleTarget {
  const transformer = target.structure('InputTransformer');
  const paths = transformer?.structure('InputPathsMap');
  return {
    id: target.string('Id'),
    arn: target.string('Arn'),
    roleArn: target.optionalString('RoleArn'),
    input: target.optionalString('Input'),
    inputPath: target.optionalString('InputPath'),
    transformer:
      transformer === undefined
        ? undefined
        : {
            template: transformer.string('InputTemplate'),
            paths: Object.fromEntries((paths?.names ?? []).map((name) => [name, paths?.string(name) ?? ''])),
          },
    policy: policyOf(target),
  };
}

function policyOf(target: Input): DeliveryPolicy {
  const retry = target.structure('RetryPolicy');
  return {
    maximumRetryAttempts:
      retry?.integer('MaximumRetryAttempts', { min: 0, max: 185 }) ?? defaultPolicy.maximumRetryAttempts,
    maximumEventAgeSeconds:
      retry?.integer('MaximumEventAgeInSeconds', { min: 60, max: 86_400 }) ??
      defaultPolicy.maximumEventAgeSeconds,
    deadLetterArn: target.structure('DeadLetterConfig')?.optionalString('Arn'),
  };
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
function payloadOf(
  input: string | undefined,
  { arn, id, scheduledFor }: { arn: string; id: string; scheduledFor: Date },
): Json {
  const text = (input ?? '{}')
    .replaceAll('<aws.scheduler.schedule-arn>', arn)
    .replaceAll('<aws.scheduler.scheduled-time>', scheduledFor.toISOString().replace(/\.\d{3}Z$/, 'Z'))
    .replaceAll('<aws.scheduler.execution-id>', id)
    .replaceAll('<aws.scheduler.attempt-number>', '1');
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
