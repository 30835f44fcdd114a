import { readInput, type Input } from '../input.ts';
import { takePage, type Page } from '../paging.ts';
import { AwsError, type Call, type Operation } from '../service.ts';
import {
  listenerAttributes,
  loadBalancerAttributes,
  setAttributes,
  targetGroupAttributes,
  writeAttributes,
} from './attributes.ts';
import { healthOf } from './health.ts';
import type { TargetGroup } from './model.ts';
import {
  findListener,
  findLoadBalancer,
  findTargetGroup,
  listenersOf,
  loadBalancersOf,
  type Elbv2State,
} from './state.ts';
import { deregisterTargets, keyOf, registerTargets, type TargetName } from './targets.ts';
import { writeListener, writeLoadBalancer, writeTargetGroup } from './write.ts';

/** Operations of Elastic Load Balancing v2 on Network Load Balancers; only the stack's own account has any. */
export function elbv2Operations(state: Elbv2State): Record<string, Operation> {
  const operation =
    (run: (input: Input) => unknown): Operation =>
    (call) => {
      requireAccount(state, call);
      return run(readInput(call.input, errors));
    };
  return {
    DescribeLoadBalancers: operation((input) => {
      const [arns, names] = [input.strings('LoadBalancerArns'), input.strings('Names')];
      const all = [...state.loadBalancers.values()];
      for (const arn of arns) findLoadBalancer(state, arn);
      const missing = names.find((name) => !all.some((loadBalancer) => loadBalancer.name === name));
      if (missing !== undefined) {
        throw new AwsError('LoadBalancerNotFound', `Load balancers '[${missing}]' not found`);
      }
      const found = all.filter((item) => isWanted(item, arns, names));
      const { items, nextToken } = page(found, input);
      return { LoadBalancers: items.map((item) => writeLoadBalancer(state, item)), NextMarker: nextToken };
    }),

    DescribeTargetGroups: operation((input) => {
      const [arns, names] = [input.strings('TargetGroupArns'), input.strings('Names')];
      const loadBalancer = input.optionalString('LoadBalancerArn');
      if (loadBalancer !== undefined) findLoadBalancer(state, loadBalancer);
      const all = [...state.targetGroups.values()];
      for (const arn of arns) findTargetGroup(state, arn);
      const missing = names.find((name) => !all.some((group) => group.name === name));
      if (missing !== undefined) {
        throw new AwsError('TargetGroupNotFound', `One or more target groups not found: ${missing}`);
      }
      const found = all
        .filter((group) => isWanted(group, arns, names))
        .filter(
          ({ arn }) =>
            loadBalancer === undefined ||
            loadBalancersOf(state, arn).some((candidate) => candidate.arn === loadBalancer),
        );
      const { items, nextToken } = page(found, input);
      return { TargetGroups: items.map((group) => writeTargetGroup(state, group)), NextMarker: nextToken };
    }),

    DescribeListeners: operation((input) => {
      const arns = input.strings('ListenerArns');
      const loadBalancer = input.optionalString('LoadBalancerArn');
      if (loadBalancer === undefined && arns.length === 0) {
        throw validation('You must specify either listener ARNs or a load balancer ARN');
      }
      const found =
        loadBalancer === undefined
          ? arns.map((arn) => findListener(state, arn))
          : listenersOf(state, findLoadBalancer(state, loadBalancer).arn);
      const { items, nextToken } = page(found, input);
      return { Listeners: items.map(writeListener), NextMarker: nextToken };
    }),

    DescribeLoadBalancerAttributes: operation((input) => ({
      Attributes: writeAttributes(findLoadBalancer(state, input.string('LoadBalancerArn')).attributes),
    })),
    ModifyLoadBalancerAttributes: operation((input) => {
      const { attributes } = findLoadBalancer(state, input.string('LoadBalancerArn'));
      setAttributes(attributes, loadBalancerAttributes, readPairs(input, 'Attributes'));
      return { Attributes: writeAttributes(attributes) };
    }),
    DescribeTargetGroupAttributes: operation((input) => ({
      Attributes: writeAttributes(findTargetGroup(state, input.string('TargetGroupArn')).attributes),
    })),
    ModifyTargetGroupAttributes: operation((input) => {
      const { attributes } = findTargetGroup(state, input.string('TargetGroupArn'));
      setAttributes(attributes, targetGroupAttributes, readPairs(input, 'Attributes'));
      return { Attributes: writeAttributes(attributes) };
    }),
    DescribeListenerAttributes: operation((input) => ({
      Attributes: writeAttributes(findListener(state, input.string('ListenerArn')).attributes),
    })),
    ModifyListenerAttributes: operation((input) => {
      const { attributes } = findListener(state, input.string('ListenerArn'));
      setAttributes(attributes, listenerAttributes, readPairs(input, 'Attributes'));
      return { Attributes: writeAttributes(attributes) };
    }),

    SetSecurityGroups: operation((input) => {
      const loadBalancer = findLoadBalancer(state, input.string('LoadBalancerArn'));
      if (loadBalancer.securityGroupIds.length === 0) {
        throw new AwsError(
          'InvalidConfigurationRequest',
          'Security groups can only be set on a Network Load Balancer that was created with one',
        );
      }
      loadBalancer.securityGroupIds = input.strings('SecurityGroups');
      const enforce = input.optionalString('EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic');
      if (enforce !== undefined) loadBalancer.enforceOnPrivateLink = enforce === 'on';
      for (const listener of state.changed) listener();
      return {
        SecurityGroupIds: loadBalancer.securityGroupIds,
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: loadBalancer.enforceOnPrivateLink
          ? 'on'
          : 'off',
      };
    }),

    DescribeTargetHealth: operation((input) => {
      const group = findTargetGroup(state, input.string('TargetGroupArn'));
      const asked = readTargets(input);
      const descriptions =
        asked.length === 0
          ? [...group.targets.values()].map((target) => describeTarget(state, group, target))
          : asked.map((target) => describeTarget(state, group, target));
      return { TargetHealthDescriptions: descriptions };
    }),
    RegisterTargets: operation((input) => {
      const group = findTargetGroup(state, input.string('TargetGroupArn'));
      registerTargets(state, group, requireTargets(input));
      return {};
    }),
    DeregisterTargets: operation((input) => {
      const group = findTargetGroup(state, input.string('TargetGroupArn'));
      deregisterTargets(state, group, requireTargets(input));
      return {};
    }),

    DescribeTags: operation((input) => ({
      TagDescriptions: input.strings('ResourceArns').map((arn) => ({
        ResourceArn: arn,
        Tags: writeAttributes(findTagged(state, arn).tags),
      })),
    })),
    AddTags: operation((input) => {
      for (const arn of input.strings('ResourceArns')) {
        for (const [key, value] of readPairs(input, 'Tags')) findTagged(state, arn).tags.set(key, value);
      }
      return {};
    }),
    RemoveTags: operation((input) => {
      for (const arn of input.strings('ResourceArns')) {
        for (const key of input.strings('TagKeys')) findTagged(state, arn).tags.delete(key);
      }
      return {};
    }),
  };
}

const validation = (message: string): AwsError => new AwsError('ValidationError', message);

const errors = {
  missing: (name: string) =>
    validation(
      `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must not be null`,
    ),
  invalid: (name: string, value: unknown, expectation: string) =>
    validation(
      `1 validation error detected: Value '${String(value)}' at '${name}' failed to satisfy constraint: expected ${expectation}`,
    ),
};

/** Another account sees none of our load balancers; it is told so instead of an empty list that looks like an answer. */
function requireAccount(state: Elbv2State, { caller, operation }: Call): void {
  if (caller.accountId !== state.accountId) {
    throw new AwsError(
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: elasticloadbalancing:${operation}`,
      403,
    );
  }
}

const isWanted = (
  item: { arn: string; name: string },
  arns: readonly string[],
  names: readonly string[],
): boolean => arns.length + names.length === 0 || arns.includes(item.arn) || names.includes(item.name);

function page<Item extends { arn: string }>(items: readonly Item[], input: Input): Page<Item> {
  return takePage(items, ({ arn }) => arn, {
    limit: input.integer('PageSize', { min: 1, max: 400 }) ?? 400,
    token: input.optionalString('Marker'),
    invalidToken: () => validation('The marker is not valid'),
  });
}

const readPairs = (input: Input, name: string): [string, string][] =>
  input.structures(name).map((pair) => [pair.string('Key'), pair.optionalString('Value') ?? '']);

const readTargets = (input: Input): TargetName[] =>
  input.structures('Targets').map((target) => ({
    id: target.string('Id'),
    port: target.integer('Port', { min: 1, max: 65_535 }),
    zone: target.optionalString('AvailabilityZone'),
  }));

function requireTargets(input: Input): TargetName[] {
  const targets = readTargets(input);
  if (targets.length === 0) throw errors.missing('Targets');
  return targets;
}

function describeTarget(
  state: Elbv2State,
  group: TargetGroup,
  name: Pick<TargetName, 'id' | 'port'>,
): unknown {
  const target = group.targets.get(keyOf(group, name));
  const port = name.port ?? group.port;
  const health =
    target === undefined
      ? {
          state: 'unused',
          reason: 'Target.NotRegistered',
          description: 'Target is not registered to the target group',
        }
      : healthOf(state, group, target);
  return {
    Target: { Id: name.id, Port: port, AvailabilityZone: target?.zone },
    HealthCheckPort: group.healthCheck.port === 'traffic-port' ? String(port) : group.healthCheck.port,
    TargetHealth: { State: health.state, Reason: health.reason, Description: health.description },
  };
}

function findTagged(state: Elbv2State, arn: string): { tags: Map<string, string> } {
  if (arn.includes(':targetgroup/')) return findTargetGroup(state, arn);
  if (arn.includes(':listener/')) return findListener(state, arn);
  return findLoadBalancer(state, arn);
}
