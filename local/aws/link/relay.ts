import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Ec2 } from '../ec2/ec2.ts';
import type { Elbv2, Route } from '../elbv2/elbv2.ts';

type Endpoint = ReturnType<Ec2['connections']>[number];

/** The way from a consumer's endpoint to the database: stands for PrivateLink and the Network Load Balancer. */
export interface Link {
  /** Where an endpoint's DNS name leads on this machine; nothing when the name is not an endpoint's. */
  resolve(dnsName: string): { host: string; port: number } | undefined;
  /** Resets all connections once; new ones pass, as after a node of the load balancer went away. */
  cut(): void;
  /** Closes all ports and resets all connections. */
  stop(): Promise<void>;
}

interface LinkOptions {
  ec2: Ec2;
  elbv2: Elbv2;
}

/** One endpoint's port, and what flows through it. */
interface Relay {
  server: Server;
  port: number;
  flows: Set<Flow>;
}

interface Flow {
  client: Socket;
  upstream: Socket;
  /** Of the entered listener, zone and target: what must stay as it is for the flow to live. */
  port: number;
  zone: string;
  target: { address: string; port: number };
}

/** An address for PrivateLink's side of the load balancer, which its security groups' inbound rules are asked about. */
const consumerAddress = '10.0.0.1';

/**
 * Opens a loopback port for each interface endpoint. A connection passes to a healthy target of the service's load
 * balancer while the endpoint connection is `available`; otherwise it is reset, and established ones are reset as
 * soon as their endpoint is no longer available or their target no longer registered and healthy (a draining target
 * keeps its connections until it is gone).
 */
export function startLink({ ec2, elbv2 }: LinkOptions): Link {
  const relays = new Map<string, Relay>();
  let turn = 0;

  const review = (): void => {
    for (const [id, relay] of relays) {
      const endpoint = ec2.connections().find((candidate) => candidate.id === id);
      for (const flow of relay.flows) {
        if (endpoint === undefined || !mayStay(endpoint, flow)) reset(flow);
      }
    }
  };
  const routesOf = (endpoint: Endpoint): Route[] => {
    if (endpoint.state !== 'available') return [];
    const service = ec2.endpointServices().find(({ id }) => id === endpoint.serviceId);
    const routes = (service?.networkLoadBalancerArns ?? []).flatMap((arn) => elbv2.routes(arn));
    return routes.filter(
      ({ enforcedGroupIds, port }) =>
        enforcedGroupIds.length === 0 || ec2.permits(enforcedGroupIds, 'inbound', consumerAddress, port),
    );
  };
  const mayStay = (endpoint: Endpoint, flow: Flow): boolean =>
    routesOf(endpoint).some(
      (route) =>
        route.port === flow.port &&
        route.targets.some(
          ({ address, port, state }) =>
            address === flow.target.address &&
            port === flow.target.port &&
            (state === 'healthy' || state === 'draining'),
        ),
    );
  const choose = (endpoint: Endpoint): Pick<Flow, 'port' | 'zone' | 'target'> | undefined => {
    const [route] = routesOf(endpoint);
    if (route === undefined || route.zones.length === 0) return undefined;
    turn += 1;
    const zone = route.zones[turn % route.zones.length] ?? '';
    const targets = route.targets.filter(
      (target) =>
        target.state === 'healthy' && (route.crossZone || target.zone === zone || target.zone === 'all'),
    );
    const target = targets[turn % targets.length];
    return target === undefined ? undefined : { port: route.port, zone, target };
  };
  const open = (endpoint: Endpoint): void => {
    const relay: Relay = {
      server: createServer({ pauseOnConnect: true, allowHalfOpen: true }),
      port: 0,
      flows: new Set(),
    };
    relays.set(endpoint.id, relay);
    relay.server.on('connection', (client) => {
      const chosen = choose(endpoint);
      if (chosen === undefined) client.resetAndDestroy();
      else pass(relay, client, chosen);
    });
    relay.server.listen(0, '127.0.0.1', () => {
      const address = relay.server.address();
      if (address !== null && typeof address === 'object') relay.port = address.port;
    });
  };
  const changed = (endpoint: Endpoint): void => {
    if (!relays.has(endpoint.id)) open(endpoint);
    review();
    if (endpoint.state === 'deleted') relays.get(endpoint.id)?.server.close();
  };
  const cut = (): void => {
    for (const { flows } of relays.values()) for (const flow of flows) reset(flow);
  };
  for (const endpoint of ec2.connections()) open(endpoint);
  const unsubscribe = [ec2.onChange(changed), elbv2.onChange(review)];

  return {
    resolve: (dnsName) => {
      const wanted = dnsName.toLowerCase().replace(/\.$/, '');
      const endpoint = ec2.connections().find(({ dnsNames }) => dnsNames.includes(wanted));
      const relay = endpoint === undefined ? undefined : relays.get(endpoint.id);
      return relay === undefined || relay.port === 0 || endpoint?.state === 'deleted'
        ? undefined
        : { host: '127.0.0.1', port: relay.port };
    },
    cut,
    stop: async () => {
      for (const stop of unsubscribe) stop();
      cut();
      await Promise.all(
        [...relays.values()].map(
          ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
        ),
      );
    },
  };
}

function pass(relay: Relay, client: Socket, chosen: Pick<Flow, 'port' | 'zone' | 'target'>): void {
  const { address, port } = chosen.target;
  // Half-open, so that the end of one direction does not cut the other.
  const upstream = connect({ host: address, port, allowHalfOpen: true });
  const flow: Flow = { client, upstream, ...chosen };
  relay.flows.add(flow);
  const fail = (): void => reset(flow);
  client.on('error', fail);
  upstream.on('error', fail);
  client.once('close', () => {
    upstream.destroy();
    relay.flows.delete(flow);
  });
  upstream.once('connect', () => {
    client.pipe(upstream);
    upstream.pipe(client);
    client.resume();
  });
}

function reset({ client, upstream }: Flow): void {
  client.resetAndDestroy();
  upstream.resetAndDestroy();
}
