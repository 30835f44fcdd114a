import { systemClock, type Clock } from '../../../shared/clock.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import type { Network, Zone } from '../ec2/network.ts';
import type { Service } from '../service.ts';
import { healthOf } from './health.ts';
import type { TargetHealth } from './model.ts';
import { elbv2Operations } from './operations.ts';
import { elbv2Resources } from './resources.ts';
import {
  findTargetGroup,
  listenersOf,
  zonesOf,
  type Elbv2Settings,
  type Elbv2State,
  type MayReach,
} from './state.ts';
import { deregisterTargets, registerTargets } from './targets.ts';

/** Where traffic goes that reaches one listener of a load balancer. */
export interface Route {
  port: number;
  /** Names of the zones that the load balancer is enabled in. */
  zones: string[];
  /** Whether a zone may use the targets of another one. */
  crossZone: boolean;
  targets: { address: string; port: number; zone: string; state: TargetHealth['state'] }[];
  /** Groups whose inbound rules PrivateLink traffic is held against; none when it is not. */
  enforcedGroupIds: string[];
}

/** The simulated part of Elastic Load Balancing: Network Load Balancers with real TCP health checks. */
export interface Elbv2 {
  service: Service;
  resources: ResourceHandlers;
  /** The zones of a load balancer; nothing when there is no such load balancer. */
  zonesOf(loadBalancerArn: string): Zone[] | undefined;
  /** One route for each listener, as things are now. */
  routes(loadBalancerArn: string): Route[];
  /** Tags of a load balancer or target group by key; none when there is no such thing. */
  tagsOf(arn: string): ReadonlyMap<string, string>;
  /** Registers an address with a target group, as RegisterTargets does. */
  register(targetGroupArn: string, address: string, port?: number): void;
  /** Deregisters an address, as DeregisterTargets does. */
  deregister(targetGroupArn: string, address: string, port?: number): void;
  /** Calls the listener whenever a target's health or a registration changed; answers how to stop that. */
  onChange(listener: () => void): () => void;
  /** Ends all health checks. */
  stop(): void;
}

interface Elbv2Options {
  accountId: string;
  region: string;
  /** Factor on health check intervals and delays: 1 is real time. */
  scale: number;
  network: Network;
  clock?: Clock;
  /** Security groups' outbound rules; by default they let everything out. */
  mayReach?: MayReach;
}

/** Load balancing without load balancers; the template makes them. */
export function createElbv2(options: Elbv2Options): Elbv2 {
  const settings: Elbv2Settings = { clock: systemClock, mayReach: () => true, ...options };
  const state: Elbv2State = {
    ...settings,
    loadBalancers: new Map(),
    targetGroups: new Map(),
    listeners: new Map(),
    changed: new Set(),
  };
  return {
    service: {
      scope: 'elasticloadbalancing',
      protocols: [{ kind: 'query', version: '2015-12-01' }],
      operations: elbv2Operations(state),
    },
    resources: elbv2Resources(state),
    zonesOf: (arn) => {
      const loadBalancer = state.loadBalancers.get(arn);
      return loadBalancer === undefined ? undefined : zonesOf(state, loadBalancer);
    },
    routes: (arn) => routesOf(state, arn),
    tagsOf: (arn) => (state.loadBalancers.get(arn) ?? state.targetGroups.get(arn))?.tags ?? new Map(),
    register: (arn, id, port) =>
      registerTargets(state, findTargetGroup(state, arn), [{ id, port, zone: undefined }]),
    deregister: (arn, id, port) =>
      deregisterTargets(state, findTargetGroup(state, arn), [{ id, port, zone: undefined }]),
    onChange: (listener) => {
      state.changed.add(listener);
      return () => state.changed.delete(listener);
    },
    stop: () => {
      for (const group of state.targetGroups.values()) {
        for (const target of group.targets.values()) target.gone.abort();
      }
    },
  };
}

const crossZoneKey = 'load_balancing.cross_zone.enabled';

function routesOf(state: Elbv2State, arn: string): Route[] {
  const loadBalancer = state.loadBalancers.get(arn);
  if (loadBalancer === undefined) return [];
  return listenersOf(state, arn).map((listener) => {
    const group = findTargetGroup(state, listener.targetGroupArn);
    const ofGroup = group.attributes.get(crossZoneKey);
    const crossZone =
      ofGroup === 'use_load_balancer_configuration' ? loadBalancer.attributes.get(crossZoneKey) : ofGroup;
    return {
      port: listener.port,
      zones: zonesOf(state, loadBalancer).map(({ name }) => name),
      crossZone: crossZone === 'true',
      targets: [...group.targets.values()].map((target) => ({
        address: target.id,
        port: target.port,
        zone: target.zone,
        state: healthOf(state, group, target).state,
      })),
      enforcedGroupIds: loadBalancer.enforceOnPrivateLink ? loadBalancer.securityGroupIds : [],
    };
  });
}
