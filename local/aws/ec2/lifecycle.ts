import type { ConnectionEvent, ConnectionState, Endpoint } from './model.ts';
import type { Ec2State } from './state.ts';

/**
 * How long AWS takes, in milliseconds; estimates of an ordinary day, since AWS promises no figures. How long a
 * request waits before it expires is not documented, so it never does unless it is made to.
 */
const realDelays = { settle: 60_000, notify: 10_000, delete: 30_000, forget: 3_600_000 } as const;

/** Moves endpoint connections through their states. */
export interface Lifecycle {
  /** The consumer's request exists now: announced, and on its way to available when nobody has to accept it. */
  created: (endpoint: Endpoint) => void;
  accept: (endpoint: Endpoint) => void;
  reject: (endpoint: Endpoint) => void;
  /** The consumer changed an accepted endpoint: it is pending for a while. */
  modified: (endpoint: Endpoint) => void;
  remove: (endpoint: Endpoint) => void;
  /** Puts a connection in a state that AWS alone decides about, such as expired or failed. */
  force: (endpoint: Endpoint, state: ConnectionState) => void;
}

/** Transitions happen after AWS's delays times the scale, and no more once EC2 stops. */
export function createLifecycle(ec2: Ec2State): Lifecycle {
  const after = (delayMs: number, act: () => void): void => {
    ec2.clock.sleep(delayMs * ec2.scale, ec2.stopping.signal).then(act, () => undefined);
  };
  const change = (endpoint: Endpoint, state: ConnectionState): void => {
    if (endpoint.state === state) return;
    endpoint.state = state;
    for (const listener of ec2.listeners) listener(endpoint);
  };
  const announce = (event: ConnectionEvent, endpoint: Endpoint): void => {
    for (const { serviceId, endpointId, events, topicArn } of ec2.notifications.values()) {
      const concerned = serviceId === endpoint.serviceId || endpointId === endpoint.id;
      if (concerned && events.includes(event)) {
        after(realDelays.notify, () => void send(ec2, topicArn, event, endpoint));
      }
    }
  };
  const settle = (endpoint: Endpoint): void => {
    change(endpoint, 'pending');
    after(realDelays.settle, () => {
      if (endpoint.state === 'pending') change(endpoint, 'available');
    });
  };
  return {
    created: (endpoint) => {
      announce('Connect', endpoint);
      for (const listener of ec2.listeners) listener(endpoint);
      if (endpoint.state === 'pending') settle(endpoint);
    },
    accept: (endpoint) => {
      settle(endpoint);
      announce('Accept', endpoint);
    },
    reject: (endpoint) => {
      change(endpoint, 'rejected');
      announce('Reject', endpoint);
    },
    modified: settle,
    remove: (endpoint) => {
      change(endpoint, 'deleting');
      announce('Delete', endpoint);
      after(realDelays.delete, () => {
        change(endpoint, 'deleted');
        after(realDelays.forget, () => void ec2.endpoints.delete(endpoint.id));
      });
    },
    force: change,
  };
}

/** A notification that its topic refuses is lost, as it is in AWS. */
async function send(
  ec2: Ec2State,
  topicArn: string,
  event: ConnectionEvent,
  endpoint: Endpoint,
): Promise<void> {
  const serviceArn = `arn:aws:ec2:${ec2.region}:${ec2.accountId}:vpc-endpoint-service/${endpoint.serviceId}`;
  try {
    await ec2.publish(topicArn, writeMessage(event, endpoint), serviceArn);
  } catch {
    return;
  }
}

/** AWS publishes no schema of this message; receivers must take it as a hint to look, whatever it says. */
function writeMessage(event: ConnectionEvent, endpoint: Endpoint): string {
  return JSON.stringify({
    event,
    vpcEndpointId: endpoint.id,
    vpcEndpointServiceId: endpoint.serviceId,
  });
}
