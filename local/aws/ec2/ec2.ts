import { systemClock, type Clock } from '../../../shared/clock.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import type { Service } from '../service.ts';
import { connectionOperations } from './connections.ts';
import { endpointOperations } from './endpoints.ts';
import { createLifecycle } from './lifecycle.ts';
import type { ConnectionState, Endpoint, EndpointService } from './model.ts';
import { createNetwork, type Network } from './network.ts';
import { notificationOperations } from './notifications.ts';
import { permissionOperations } from './permissions.ts';
import { ec2Resources } from './resources.ts';
import { permits, securityGroupOperations, type Direction } from './security-groups.ts';
import { serviceConfigurationOperations } from './service-configurations.ts';
import { createState, tagsOf, type LoadBalancerZones, type Publish } from './state.ts';
import { subnetOperations } from './subnets.ts';
import { tagOperations } from './tags.ts';

/** The simulated part of EC2: endpoint services and those who connect to them. */
export interface Ec2 {
  service: Service;
  resources: ResourceHandlers;
  /** The VPC of the source; its ids are what the template's parameters want. */
  network: Network;
  /** Every endpoint that the API still lists, also those of other accounts, in the order of creation. */
  connections(): readonly Readonly<Endpoint>[];
  /** Every endpoint service. */
  endpointServices(): readonly Readonly<EndpointService>[];
  /** Calls the listener with each endpoint that came or changed its state; answers how to stop that. */
  onChange(listener: (endpoint: Readonly<Endpoint>) => void): () => void;
  /**
   * Puts a connection in a state that AWS alone decides about, such as `expired` or `failed`.
   *
   * @throws Error when there is no such endpoint
   */
  force(endpointId: string, state: ConnectionState): void;
  /** Tags of a resource by key; none when it has none or does not exist. */
  tagsOf(resourceId: string): ReadonlyMap<string, string>;
  /** Whether a rule of one of the groups lets TCP traffic between their members and an address pass. */
  permits(groupIds: readonly string[], direction: Direction, address: string, port: number): boolean;
  /** Ends all transitions that are still to come. */
  stop(): void;
}

interface Ec2Options {
  accountId: string;
  region: string;
  /** Factor on AWS's own delays: 1 is real time, 0.01 a hundred times faster. */
  scale: number;
  publish: Publish;
  clock?: Clock;
  network?: Network;
  /** Zones of a load balancer; by default every ARN is one in all zones of the network. */
  zonesOf?: LoadBalancerZones;
}

/** An EC2 with one network and nothing else in it yet. */
export function createEc2(options: Ec2Options): Ec2 {
  const network = options.network ?? createNetwork(options.region);
  const zones = network.subnets.map(({ zone }) => zone);
  const state = createState({ clock: systemClock, zonesOf: () => zones, ...options, network });
  const lifecycle = createLifecycle(state);
  return {
    service: {
      scope: 'ec2',
      protocols: [{ kind: 'ec2-query', version: '2016-11-15' }],
      operations: {
        ...serviceConfigurationOperations(state),
        ...permissionOperations(state),
        ...endpointOperations(state, lifecycle),
        ...connectionOperations(state, lifecycle),
        ...notificationOperations(state),
        ...tagOperations(state),
        ...securityGroupOperations(state),
        ...subnetOperations(state),
      },
    },
    resources: ec2Resources(state),
    network,
    connections: () => [...state.endpoints.values()],
    endpointServices: () => [...state.services.values()],
    onChange: (listener) => {
      state.listeners.add(listener);
      return () => state.listeners.delete(listener);
    },
    force: (endpointId, to) => {
      const endpoint = state.endpoints.get(endpointId);
      if (endpoint === undefined) throw new Error(`There is no endpoint ${endpointId}.`);
      lifecycle.force(endpoint, to);
    },
    tagsOf: (resourceId) => tagsOf(state, resourceId),
    permits: (groupIds, direction, address, port) =>
      groupIds.some((id) => permits(state.groups.get(id), direction, address, port)),
    stop: () => state.stopping.abort(),
  };
}
