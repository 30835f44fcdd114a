import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../shared/clock.ts';
import type { Network, Zone } from '../ec2/network.ts';
import { AwsError } from '../service.ts';
import {
  listenerAttributes,
  loadBalancerAttributes,
  setAttributes,
  targetGroupAttributes,
} from './attributes.ts';
import type { Listener, LoadBalancer, TargetGroup } from './model.ts';

/** Whether the outbound rules of a load balancer's security groups let it reach an address. */
export type MayReach = (securityGroupIds: readonly string[], address: string, port: number) => boolean;

/** What load balancing is made with. */
export interface Elbv2Settings {
  accountId: string;
  region: string;
  clock: Clock;
  /** Factor on health check intervals and delays. */
  scale: number;
  network: Network;
  mayReach: MayReach;
}

/** Everything that the simulated load balancing remembers. */
export interface Elbv2State extends Elbv2Settings {
  loadBalancers: Map<string, LoadBalancer>;
  targetGroups: Map<string, TargetGroup>;
  listeners: Map<string, Listener>;
  /** Hears whenever a target's health or a registration changed. */
  changed: Set<() => void>;
}

type Tags = readonly (readonly [string, string])[];

const newSuffix = (): string => randomBytes(8).toString('hex');

function requireName(name: string): void {
  if (!/^(?!-|internal-)[A-Za-z0-9-]{1,32}(?<!-)$/.test(name)) {
    throw new AwsError(
      'ValidationError',
      `The name '${name}' must have up to 32 letters, digits and inner dashes`,
    );
  }
}

interface NewLoadBalancer {
  name: string;
  scheme: string;
  subnetIds: string[];
  securityGroupIds: string[];
  enforceOnPrivateLink: boolean;
  attributes: Tags;
  tags: Tags;
}

/** @throws AwsError when a subnet does not exist or an attribute is unknown */
export function createLoadBalancer(state: Elbv2State, wanted: NewLoadBalancer): LoadBalancer {
  const { name, attributes, tags, ...rest } = wanted;
  requireName(name);
  for (const id of wanted.subnetIds) {
    if (!state.network.subnets.some((subnet) => subnet.id === id)) {
      throw new AwsError('SubnetNotFound', `The subnet ID '${id}' does not exist`);
    }
  }
  const suffix = newSuffix();
  const loadBalancer: LoadBalancer = {
    ...rest,
    name,
    arn: `${arnPrefix(state)}:loadbalancer/net/${name}/${suffix}`,
    dnsName: `${name}-${suffix}.elb.${state.region}.amazonaws.com`,
    createdAt: state.clock.now(),
    vpcId: state.network.vpcId,
    attributes: new Map(Object.entries(loadBalancerAttributes)),
    tags: new Map(tags),
  };
  setAttributes(loadBalancer.attributes, loadBalancerAttributes, attributes);
  state.loadBalancers.set(loadBalancer.arn, loadBalancer);
  return loadBalancer;
}

type NewTargetGroup = Pick<
  TargetGroup,
  'name' | 'protocol' | 'port' | 'vpcId' | 'targetType' | 'healthCheck'
> & { attributes: Tags; tags: Tags };

/** @throws AwsError when the type is not `ip` or an attribute is unknown */
export function createTargetGroup(state: Elbv2State, wanted: NewTargetGroup): TargetGroup {
  requireName(wanted.name);
  if (wanted.targetType !== 'ip') {
    throw new AwsError('ValidationError', `Target type '${wanted.targetType}' is not served here, only 'ip'`);
  }
  const group: TargetGroup = {
    ...wanted,
    arn: `${arnPrefix(state)}:targetgroup/${wanted.name}/${newSuffix()}`,
    attributes: new Map(Object.entries(targetGroupAttributes)),
    tags: new Map(wanted.tags),
    targets: new Map(),
  };
  setAttributes(group.attributes, targetGroupAttributes, wanted.attributes);
  state.targetGroups.set(group.arn, group);
  return group;
}

type NewListener = Pick<Listener, 'loadBalancerArn' | 'protocol' | 'port' | 'targetGroupArn'> & {
  tags: Tags;
};

/** @throws AwsError when the load balancer or the group does not exist, or the port is taken */
export function createListener(state: Elbv2State, wanted: NewListener): Listener {
  const loadBalancer = findLoadBalancer(state, wanted.loadBalancerArn);
  findTargetGroup(state, wanted.targetGroupArn);
  if (listenersOf(state, loadBalancer.arn).some(({ port }) => port === wanted.port)) {
    throw new AwsError('DuplicateListener', 'A listener already exists on this port for this load balancer');
  }
  const suffix = loadBalancer.arn.split(':loadbalancer/')[1] ?? '';
  const listener: Listener = {
    ...wanted,
    arn: `${arnPrefix(state)}:listener/${suffix}/${newSuffix()}`,
    attributes: new Map(Object.entries(listenerAttributes)),
    tags: new Map(wanted.tags),
  };
  state.listeners.set(listener.arn, listener);
  for (const changed of state.changed) changed();
  return listener;
}

const arnPrefix = ({ region, accountId }: Elbv2State): string =>
  `arn:aws:elasticloadbalancing:${region}:${accountId}`;

/** @throws AwsError LoadBalancerNotFound */
export function findLoadBalancer(state: Elbv2State, arn: string): LoadBalancer {
  const found = state.loadBalancers.get(arn);
  if (found === undefined) throw new AwsError('LoadBalancerNotFound', `Load balancer '${arn}' not found`);
  return found;
}

/** @throws AwsError TargetGroupNotFound */
export function findTargetGroup(state: Elbv2State, arn: string): TargetGroup {
  const found = state.targetGroups.get(arn);
  if (found === undefined) throw new AwsError('TargetGroupNotFound', `Target group '${arn}' not found`);
  return found;
}

/** @throws AwsError ListenerNotFound */
export function findListener(state: Elbv2State, arn: string): Listener {
  const found = state.listeners.get(arn);
  if (found === undefined) throw new AwsError('ListenerNotFound', `Listener '${arn}' not found`);
  return found;
}

/** The listeners of a load balancer, in the order of their creation. */
export function listenersOf(state: Elbv2State, loadBalancerArn: string): Listener[] {
  return [...state.listeners.values()].filter((listener) => listener.loadBalancerArn === loadBalancerArn);
}

/** The load balancers whose listeners forward to a target group. */
export function loadBalancersOf(state: Elbv2State, targetGroupArn: string): LoadBalancer[] {
  const arns = [...state.listeners.values()]
    .filter((listener) => listener.targetGroupArn === targetGroupArn)
    .map(({ loadBalancerArn }) => loadBalancerArn);
  return [...new Set(arns)].flatMap((arn) => state.loadBalancers.get(arn) ?? []);
}

/** The zones that a load balancer is enabled in. */
export function zonesOf(state: Elbv2State, loadBalancer: LoadBalancer): Zone[] {
  return state.network.subnets
    .filter(({ id }) => loadBalancer.subnetIds.includes(id))
    .map(({ zone }) => zone);
}
