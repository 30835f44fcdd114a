import { readInput, validationErrors, type Input } from '../input.ts';
import { takePage } from '../paging.ts';
import { AwsError, type Service } from '../service.ts';
import { isJsonObject, parseJson, type JsonObject } from '../../json.ts';
import type { Bus, EventBridge, Rule, RuleTarget } from './event-bridge.ts';
import { matchesPattern, PatternError, validatePattern } from './pattern.ts';

/** The most that one PutEvents request may carry, in bytes. */
const largestPut = 262_144;

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html */
export function eventBridgeService(eventBridge: EventBridge): Service {
  const busOf = (input: Input): Bus => {
    const name = input.optionalString('EventBusName') ?? input.optionalString('Name') ?? 'default';
    return needBus(name);
  };
  const needBus = (name: string): Bus => {
    const bus = eventBridge.bus(name);
    if (bus === undefined) {
      throw new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
    }
    return bus;
  };
  const ruleOf = (input: Input, field: 'Name' | 'Rule'): Rule => {
    const bus = needBus(input.optionalString('EventBusName') ?? 'default');
    const name = input.string(field);
    const rule = eventBridge.rule(bus.name, name);
    if (rule === undefined) {
      throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${bus.name}.`);
    }
    return rule;
  };
  const page = <Item>(items: readonly Item[], keyOf: (item: Item) => string, input: Input) =>
    takePage(items, keyOf, {
      limit: input.integer('Limit', { min: 1, max: 100 }) ?? 100,
      token: input.optionalString('NextToken'),
      invalidToken: () => validationErrors.invalid('NextToken', '…', 'a token of an earlier answer'),
    });
  const read = (call: { input: Record<string, unknown> }): Input => readInput(call.input, validationErrors);

  return {
    scope: 'events',
    protocols: [{ kind: 'json', jsonVersion: '1.1' }],
    operations: {
      PutEvents: (call) => {
        const entries = read(call).structures('Entries');
        if (entries.length < 1 || entries.length > 10) {
          throw validationErrors.invalid('Entries', entries.length, 'one to ten entries');
        }
        if (Buffer.byteLength(JSON.stringify(call.input.Entries)) > largestPut) {
          throw new AwsError(
            'ValidationException',
            'Total size of the entries in the request is over the limit.',
          );
        }
        const results = entries.map((entry, index) =>
          putEntry(eventBridge, entry, timeOf(call.input, index)),
        );
        return {
          FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length,
          Entries: results,
        };
      },
      ListEventBuses: (call) => {
        const input = read(call);
        const prefix = input.optionalString('NamePrefix') ?? '';
        const found = eventBridge.buses().filter(({ name }) => name.startsWith(prefix));
        const { items, nextToken } = page(found, ({ name }) => name, input);
        return { EventBuses: items.map(({ name, arn }) => ({ Name: name, Arn: arn })), NextToken: nextToken };
      },
      DescribeEventBus: (call) => {
        const { name, arn } = busOf(read(call));
        return { Name: name, Arn: arn };
      },
      ListRules: (call) => {
        const input = read(call);
        const bus = needBus(input.optionalString('EventBusName') ?? 'default');
        const prefix = input.optionalString('NamePrefix') ?? '';
        const found = eventBridge.rules(bus.name).filter(({ name }) => name.startsWith(prefix));
        const { items, nextToken } = page(found, ({ name }) => name, input);
        return { Rules: items.map(describeRule), NextToken: nextToken };
      },
      DescribeRule: (call) => describeRule(ruleOf(read(call), 'Name')),
      ListTargetsByRule: (call) => {
        const input = read(call);
        const { items, nextToken } = page(ruleOf(input, 'Rule').targets, ({ id }) => id, input);
        return { Targets: items.map(describeTarget), NextToken: nextToken };
      },
      ListRuleNamesByTarget: (call) => {
        const input = read(call);
        const bus = needBus(input.optionalString('EventBusName') ?? 'default');
        const target = input.string('TargetArn');
        const found = eventBridge
          .rules(bus.name)
          .filter(({ targets }) => targets.some(({ arn }) => arn === target));
        const { items, nextToken } = page(found, ({ name }) => name, input);
        return { RuleNames: items.map(({ name }) => name), NextToken: nextToken };
      },
      EnableRule: (call) => {
        ruleOf(read(call), 'Name').enabled = true;
        return {};
      },
      DisableRule: (call) => {
        ruleOf(read(call), 'Name').enabled = false;
        return {};
      },
      TestEventPattern: (call) => {
        const input = read(call);
        const pattern = readObject(input.string('EventPattern'));
        const event = readObject(input.string('Event'));
        if (pattern === undefined || event === undefined) {
          throw new AwsError('InvalidEventPatternException', 'Event pattern is not valid.');
        }
        try {
          validatePattern(pattern);
          return { Result: matchesPattern(pattern, event) };
        } catch (error) {
          if (!(error instanceof PatternError)) throw error;
          throw new AwsError(
            'InvalidEventPatternException',
            `Event pattern is not valid. Reason: ${error.message}`,
          );
        }
      },
    },
  };
}

type PutResult = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

function putEntry(eventBridge: EventBridge, entry: Input, time: Date | undefined): PutResult {
  const busName = entry.optionalString('EventBusName') ?? 'default';
  for (const name of ['Source', 'DetailType', 'Detail']) {
    const value = entry.optionalString(name);
    if (value === undefined || value === '') {
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      };
    }
  }
  const source = entry.string('Source');
  const detail = readObject(entry.string('Detail'));
  if (source.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const bus = eventBridge.bus(busName);
  if (bus === undefined) {
    return { ErrorCode: 'InvalidArgument', ErrorMessage: `Event bus ${busName} does not exist.` };
  }
  const id = eventBridge.put({
    bus: bus.name,
    source,
    detailType: entry.string('DetailType'),
    detail,
    resources: entry.strings('Resources'),
    ...(time === undefined ? {} : { time }),
  });
  return { EventId: id };
}

/** `Time` is seconds since the epoch, with fraction. */
function timeOf(input: Record<string, unknown>, index: number): Date | undefined {
  const entry: unknown = Array.isArray(input.Entries) ? input.Entries[index] : undefined;
  const seconds = isJsonObject(entry) ? entry.Time : undefined;
  return typeof seconds === 'number' ? new Date(seconds * 1000) : undefined;
}

function readObject(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function describeRule(rule: Rule): Record<string, unknown> {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.pattern === undefined ? undefined : JSON.stringify(rule.pattern),
    ScheduleExpression: rule.scheduleExpression,
    State: rule.enabled ? 'ENABLED' : 'DISABLED',
    Description: rule.description,
    EventBusName: rule.bus,
  };
}

function describeTarget(target: RuleTarget): Record<string, unknown> {
  const { policy, transformer } = target;
  return {
    Id: target.id,
    Arn: target.arn,
    RoleArn: target.roleArn,
    Input: target.input,
    InputPath: target.inputPath,
    InputTransformer:
      transformer === undefined
        ? undefined
        : { InputPathsMap: transformer.paths, InputTemplate: transformer.template },
    DeadLetterConfig: policy.deadLetterArn === undefined ? undefined : { Arn: policy.deadLetterArn },
    RetryPolicy: {
      MaximumRetryAttempts: policy.maximumRetryAttempts,
      MaximumEventAgeInSeconds: policy.maximumEventAgeSeconds,
    },
  };
}
