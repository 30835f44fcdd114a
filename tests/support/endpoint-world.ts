import type { BusEvent } from '../../shared/clients/event-bus/event-bus.ts';
import { createEndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import type { LedgerTable } from '../../shared/clients/ledger/table.ts';
import type { HostNames } from '../../shared/clients/names/host-names.ts';
import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { EndpointConnection, EndpointService } from '../../shared/contracts/endpoint.ts';
import type { PrivateLink as FivetranLink } from '../../shared/contracts/fivetran.ts';
import type { LoadBalancer } from '../../shared/contracts/target-health.ts';
import { NotFoundError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { createMemoryLedger } from './memory-ledger.ts';

export const fivetran = '834469178297';
export const stranger = '999988887777';
export const serviceId = 'vpce-svc-0123456789abcdef0';
const serviceName = `com.amazonaws.vpce.us-east-1.${serviceId}`;
export const machine = 'arn:aws:states:us-east-1:111122223333:stateMachine:accept-endpoint';
export const execution = 'arn:aws:states:us-east-1:111122223333:execution:accept-endpoint:one';

/** An endpoint's id out of a small number. */
export const endpointIdOf = (number: number): string => `vpce-${number.toString(16).padStart(17, '0')}`;

/** What the endpoint functions see of AWS and Fivetran, in memory, with every answer in the test's hand. */
export function createEndpointWorld() {
  const start = new Date('2026-11-22T10:00:00.000Z');
  const state = {
    now: start,
    service: {
      serviceId,
      serviceName,
      region: 'us-east-1',
      state: 'available',
      acceptanceRequired: true,
      loadBalancerArns: ['arn:lb'],
      tags: { 'fivetran-privatelink': 'auto-accept', 'fivetran-privatelink-source': 'rental' },
    } as EndpointService,
    principals: [`arn:aws:iam::${fivetran}:root`],
    connections: [] as EndpointConnection[],
    links: [] as FivetranLink[],
    loadBalancers: [healthyLoadBalancer()],
    /** What Fivetran answers instead, when it fails. */
    fivetranFails: undefined as Error | undefined,
    /** What EC2 refuses acceptance with. */
    refuses: undefined as { code: string; message: string } | undefined,
    /** Runs before Accept takes effect. */
    beforeAccept: undefined as (() => void | Promise<void>) | undefined,
    /** Runs once before the next conditional write: somebody else comes first. */
    beforeNextWrite: undefined as (() => Promise<unknown>) | undefined,
    /** The state that Accept leads to. */
    acceptsTo: 'available' as EndpointConnection['state'],
  };
  const seen = {
    ec2: [] as string[],
    fivetran: [] as string[],
    ledger: [] as string[],
    accepted: [] as string[],
    tags: [] as Record<string, string>[],
    events: [] as BusEvent[],
    logs: [] as string[],
    counts: {} as Record<string, number>,
  };
  const clock: Clock = { now: () => state.now, sleep: () => Promise.resolve() };
  const memory = createMemoryLedger();
  const ledger: LedgerTable = {
    ...memory,
    get: (key) => {
      seen.ledger.push('get');
      return memory.get(key);
    },
    async put(item, condition) {
      seen.ledger.push('put');
      if (condition !== undefined) {
        const first = state.beforeNextWrite;
        state.beforeNextWrite = undefined;
        await first?.();
      }
      return memory.put(item, condition);
    },
  };
  const log: Log = {
    debug: (code) => void seen.logs.push(code),
    info: (code) => void seen.logs.push(code),
    warn: (code) => void seen.logs.push(code),
    error: (code) => void seen.logs.push(code),
    remember: () => undefined,
    forget: () => undefined,
  };
  const moveTo = (endpointId: string, next: EndpointConnection['state']): void => {
    state.connections = state.connections.map((each) =>
      each.endpointId === endpointId ? { ...each, state: next, wireState: next } : each,
    );
  };
  const asked = <Answer>(list: string[], name: string, answer: () => Answer): Promise<Answer> => {
    list.push(name);
    return Promise.resolve().then(answer);
  };
  const privateLink: PrivateLink = {
    service: (id) =>
      asked(seen.ec2, 'service', () => (state.service.serviceId === id ? state.service : undefined)),
    managedServices: () => asked(seen.ec2, 'managedServices', () => [state.service]),
    connections: (serviceIds, endpointId) =>
      asked(seen.ec2, 'connections', () =>
        state.connections.filter(
          (each) =>
            serviceIds.includes(each.serviceId) &&
            (endpointId === undefined || each.endpointId === endpointId),
        ),
      ),
    principals: () => asked(seen.ec2, 'principals', () => state.principals),
    async accept(_, endpointId) {
      seen.ec2.push('accept');
      await state.beforeAccept?.();
      const connection = state.connections.find((each) => each.endpointId === endpointId);
      if (state.refuses !== undefined) return { done: false, ...state.refuses };
      if (connection?.state !== 'pendingAcceptance') {
        return { done: false, code: 'InvalidState', message: 'The endpoint is not pending acceptance.' };
      }
      moveTo(endpointId, state.acceptsTo);
      seen.accepted.push(endpointId);
      return { done: true };
    },
    reject: (_, endpointId) =>
      asked(seen.ec2, 'reject', () => {
        moveTo(endpointId, 'rejected');
        return { done: true };
      }),
    tag: (_, tags) => asked(seen.ec2, 'tag', () => void seen.tags.push(tags)),
  };
  const links = {
    list: () =>
      asked(seen.fivetran, 'list', () => {
        if (state.fivetranFails !== undefined) throw state.fivetranFails;
        return state.links;
      }),
    get: (id: string) =>
      asked(seen.fivetran, 'get', () => {
        if (state.fivetranFails !== undefined) throw state.fivetranFails;
        const link = state.links.find((each) => each.id === id);
        if (link === undefined) throw new NotFoundError(`There is no private link ${id}.`);
        return link;
      }),
  };
  const registers = createEndpointRegisters(ledger, clock);
  return {
    state,
    seen,
    registers,
    moveTo,
    /** Lets minutes pass. */
    pass: (minutes: number) => {
      state.now = new Date(state.now.getTime() + minutes * 60_000);
    },
    /** Fivetran's endpoint asks to connect, now. */
    request: (number: number, change: Partial<EndpointConnection> = {}): EndpointConnection => {
      const connection: EndpointConnection = {
        serviceId,
        endpointId: endpointIdOf(number),
        connectionId: `vpce-con-${endpointIdOf(number)}`,
        ownerAccount: fivetran,
        state: 'pendingAcceptance',
        wireState: change.state ?? 'pendingAcceptance',
        createdAt: state.now.toISOString(),
        region: 'us-east-1',
        dnsNames: [`${endpointIdOf(number)}.${serviceId}.us-east-1.vpce.amazonaws.com`],
        ...change,
      };
      state.connections = [...state.connections, connection];
      return connection;
    },
    /** A private link of ours, made now. */
    link: (id: string, change: Partial<FivetranLink> = {}): FivetranLink => {
      const link: FivetranLink = {
        id,
        name: id,
        region: 'AWS_US_EAST_1',
        service: 'SOURCE_AWS',
        state: 'CREATING',
        stateSummary: '',
        createdAt: state.now.toISOString(),
        serviceName,
        ...change,
      };
      state.links = [...state.links, link];
      return link;
    },
    dependencies: {
      stackName: 'fivetran-privatelink-dev',
      privateLink,
      loadBalancers: {
        describe: () => asked(seen.ec2, 'loadBalancers', () => state.loadBalancers),
      },
      fivetranLinks: links,
      hostNames: (() => Promise.resolve([])) as HostNames,
      registers,
      eventBus: {
        put: (events: readonly BusEvent[]) => {
          seen.events.push(...events);
          return Promise.resolve();
        },
      },
      clock,
      log,
      metrics: {
        counts: (values: Readonly<Record<string, number>>) => void Object.assign(seen.counts, values),
      },
      settings: {
        region: 'us-east-1',
        fivetranAccounts: [fivetran],
        allowedRegions: ['us-east-1'],
        claimWindowHours: 72,
        targetDeadlineMinutes: 30,
      },
    },
  };
}
export type EndpointWorld = ReturnType<typeof createEndpointWorld>;

/** An active load balancer with one healthy target and cross-zone load balancing. */
export function healthyLoadBalancer(): LoadBalancer {
  return {
    name: 'rental',
    arn: 'arn:lb',
    state: 'active',
    zones: ['us-east-1a', 'us-east-1b'],
    crossZone: true,
    securityGroups: ['sg-1'],
    enforcesSecurityGroups: false,
    targetGroups: [
      {
        name: 'rental',
        arn: 'arn:tg',
        protocol: 'TCP',
        port: 5432,
        crossZone: 'use_load_balancer_configuration',
        proxyProtocol: false,
        targets: [
          { id: '10.0.0.5', port: 5432, zone: 'us-east-1a', state: 'healthy', reason: '', description: '' },
        ],
      },
    ],
  };
}
