import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../shared/clock.ts';
import { AwsError } from '../service.ts';
import type { ConnectionNotification, Endpoint, EndpointService, SecurityGroup } from './model.ts';
import type { Network, Zone } from './network.ts';

/** Sends one message to an SNS topic, on behalf of an endpoint service. */
export type Publish = (topicArn: string, message: string, serviceArn: string) => void | Promise<void>;

/** What EC2 needs to know about load balancers: the zones of one, or nothing when there is no such load balancer. */
export type LoadBalancerZones = (arn: string) => readonly Zone[] | undefined;

/** What an EC2 is made with. */
export interface Ec2Settings {
  accountId: string;
  region: string;
  clock: Clock;
  /** Factor on all real-world delays: 1 is real time, 0.01 a hundred times faster, 0 at once. */
  scale: number;
  network: Network;
  publish: Publish;
  zonesOf: LoadBalancerZones;
}

/** Everything that the simulated EC2 remembers. */
export interface Ec2State extends Ec2Settings {
  services: Map<string, EndpointService>;
  endpoints: Map<string, Endpoint>;
  notifications: Map<string, ConnectionNotification>;
  groups: Map<string, SecurityGroup>;
  /** Tags by the id of their resource. */
  tags: Map<string, Map<string, string>>;
  /** Results of creating calls by caller and client token. */
  clientTokens: Map<string, string>;
  /** Hears of every endpoint whose connection changed. */
  listeners: Set<(endpoint: Endpoint) => void>;
  /** Aborted when EC2 stops: no further transition happens. */
  stopping: AbortController;
}

/** An EC2 that remembers nothing yet. */
export function createState(settings: Ec2Settings): Ec2State {
  return {
    ...settings,
    services: new Map(),
    endpoints: new Map(),
    notifications: new Map(),
    groups: new Map(),
    tags: new Map(),
    clientTokens: new Map(),
    listeners: new Set(),
    stopping: new AbortController(),
  };
}

/** A new id in EC2's long form: the prefix, a dash and 17 hexadecimal digits. */
export function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`;
}

/** Tags of a resource by key; none when it has none or does not exist. */
export function tagsOf(state: Ec2State, resourceId: string): ReadonlyMap<string, string> {
  return state.tags.get(resourceId) ?? new Map<string, string>();
}

/** A resource's tags as the API lists them. */
export function writeTags(state: Ec2State, resourceId: string): { key: string; value: string }[] {
  return [...tagsOf(state, resourceId)].map(([key, value]) => ({ key, value }));
}

/** @throws AwsError when the id is malformed or the account owns no such service */
export function findService(state: Ec2State, id: string, accountId: string): EndpointService {
  if (!/^vpce-svc-[0-9a-f]{8,17}$/.test(id)) {
    throw new AwsError('InvalidVpcEndpointServiceId.Malformed', `Invalid Id: "${id}"`);
  }
  const service = state.services.get(id);
  if (service?.owner !== accountId) {
    throw new AwsError(
      'InvalidVpcEndpointServiceId.NotFound',
      `The VpcEndpointService Id '${id}' does not exist`,
    );
  }
  return service;
}
