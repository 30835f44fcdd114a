import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../json.ts';
import type { Observer } from '../../observer.ts';
import type { Courier, DeliveryPolicy } from './delivery.ts';
import { matchesPattern, validatePattern } from './pattern.ts';
import { transformInput, TransformError, type TargetInput } from './transform.ts';

export interface RuleTarget extends TargetInput {
  id: string;
  arn: string;
  roleArn: string | undefined;
  policy: DeliveryPolicy;
}

export interface Rule {
  name: string;
  arn: string;
  bus: string;
  pattern: JsonObject | undefined;
  scheduleExpression: string | undefined;
  description: string | undefined;
  enabled: boolean;
  targets: RuleTarget[];
}

export interface Bus {
  name: string;
  arn: string;
}

/** One event as somebody puts it. */
interface PutEntry {
  bus?: string;
  source: string;
  detailType: string;
  detail: JsonObject;
  resources?: string[];
  time?: Date;
}

export interface EventBridgeOptions {
  accountId: string;
  region: string;
  observer: Observer;
  courier: Courier;
}

/** Event buses with their rules. */
export interface EventBridge {
  /** By name or ARN; `default` always exists. */
  bus: (nameOrArn: string) => Bus | undefined;
  buses: () => Bus[];
  addBus: (name: string) => Bus;
  /** @throws PatternError when its pattern is not one */
  addRule: (rule: Omit<Rule, 'arn'>) => Rule;
  rules: (bus: string) => Rule[];
  rule: (bus: string, name: string) => Rule | undefined;
  /** Sends the event to the targets of every rule that matches. @returns the event's id */
  put: (entry: PutEntry) => string;
  /** Sends the event of a rule that has a schedule. */
  tick: (rule: Rule) => void;
}

export function createEventBridge(options: EventBridgeOptions): EventBridge {
  const { accountId, region, observer, courier } = options;
  const buses = new Map<string, Bus>();
  const rules = new Map<string, Rule[]>();
  const addBus = (name: string): Bus => {
    const bus = { name, arn: `arn:aws:events:${region}:${accountId}:event-bus/${name}` };
    buses.set(name, bus);
    rules.set(name, rules.get(name) ?? []);
    return bus;
  };
  addBus('default');

  const send = (rule: Rule, id: string, event: JsonObject): void => {
    for (const target of rule.targets) {
      try {
        courier.send({
          from: rule.arn,
          targetArn: target.arn,
          roleArn: target.roleArn,
          payload: transformInput(event, target, rule),
          original: event,
          id,
          policy: target.policy,
        });
      } catch (error) {
        if (!(error instanceof TransformError)) throw error;
        observer.emit({
          kind: 'delivery-failed',
          from: rule.arn,
          target: target.arn,
          reason: error.message,
          deadLettered: false,
        });
      }
    }
  };

  const envelope = (id: string, entry: PutEntry): JsonObject => ({
    version: '0',
    id,
    'detail-type': entry.detailType,
    source: entry.source,
    account: accountId,
    time: (entry.time ?? new Date()).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region,
    resources: entry.resources ?? [],
    detail: entry.detail,
  });

  return {
    bus: (nameOrArn) => buses.get(nameOrArn.split('event-bus/').at(-1) ?? ''),
    buses: () => [...buses.values()],
    addBus,
    addRule: (given) => {
      if (given.pattern !== undefined) validatePattern(given.pattern);
      const path = given.bus === 'default' ? given.name : `${given.bus}/${given.name}`;
      const rule = { ...given, arn: `arn:aws:events:${region}:${accountId}:rule/${path}` };
      const known = rules.get(given.bus) ?? [];
      rules.set(given.bus, [...known.filter(({ name }) => name !== given.name), rule]);
      return rule;
    },
    rules: (bus) => rules.get(bus) ?? [],
    rule: (bus, name) => rules.get(bus)?.find((rule) => rule.name === name),
    put: (entry) => {
      const bus = entry.bus ?? 'default';
      const id = randomUUID();
      const event = envelope(id, entry);
      const matching = (rules.get(bus) ?? []).filter(
        ({ enabled, pattern }) => enabled && pattern !== undefined && matchesPattern(pattern, event),
      );
      observer.emit({
        kind: 'bus-event',
        bus,
        id,
        source: entry.source,
        detailType: entry.detailType,
        detail: entry.detail,
        rules: matching.map(({ name }) => name),
      });
      for (const rule of matching) send(rule, id, event);
      return id;
    },
    tick: (rule) => {
      const id = randomUUID();
      const entry = {
        source: 'aws.events',
        detailType: 'Scheduled Event',
        detail: {},
        resources: [rule.arn],
      };
      send(rule, id, envelope(id, entry));
    },
  };
}
