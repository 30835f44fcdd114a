import * as z from 'zod/mini';
import { Instant } from './ids.ts';

/** The tag by which an endpoint service is ours to manage. */
export const managedTag = { key: 'fivetran-privatelink', value: 'auto-accept' } as const;
/** The tag that names the PostgreSQL source behind an endpoint service. */
export const sourceTagKey = 'fivetran-privatelink-source';
/** The tag that names the stack which made an endpoint service. */
export const stackTagKey = 'fivetran-privatelink-stack';

/** Whether the tag leaves a service to this stack: one that names no stack, as what people brought, is left to each. */
export const isLeftTo = (stackName: string, tag: string | undefined): boolean =>
  tag === undefined || tag === '' || tag === stackName;

/**
 * States of an endpoint connection, in the camel case of the wire. The SDK's enum is Pascal case and never
 * equals what arrives (https://github.com/aws/aws-sdk-go-v2/issues/1730), so states are read by `readEndpointState`
 * only. `unknown` is every word that AWS may add.
 */
export const EndpointState = z.enum([
  'pendingAcceptance',
  'pending',
  'available',
  'rejected',
  'deleting',
  'deleted',
  'expired',
  'failed',
  'unknown',
]);
export type EndpointState = z.output<typeof EndpointState>;

/** The state that a wire word means, whatever its case; `unknown` for any other word. */
export function readEndpointState(word: string | undefined): EndpointState {
  const lower = (word ?? '').toLowerCase();
  return EndpointState.options.find((state) => state.toLowerCase() === lower) ?? 'unknown';
}

/** One request, or connection, of somebody's endpoint to a service of ours, as EC2 describes it. */
export const EndpointConnection = z.object({
  serviceId: z.string(),
  endpointId: z.string(),
  /** Id of the connection itself (`vpce-con-…`): what tags are put on; empty when EC2 gives none. */
  connectionId: z.string(),
  ownerAccount: z.string(),
  state: EndpointState,
  /** The word that arrived, for messages. */
  wireState: z.string(),
  createdAt: Instant,
  /** Region of the endpoint. */
  region: z.string(),
  dnsNames: z.array(z.string()),
});
export type EndpointConnection = z.output<typeof EndpointConnection>;

/** An endpoint service of ours, as EC2 describes it. */
export const EndpointService = z.object({
  serviceId: z.string(),
  /** `com.amazonaws.vpce.<region>.vpce-svc-…`: what Fivetran is given. */
  serviceName: z.string(),
  region: z.string(),
  /** In lower case, for instance `available`. */
  state: z.string(),
  acceptanceRequired: z.boolean(),
  loadBalancerArns: z.array(z.string()),
  tags: z.record(z.string(), z.string()),
});
export type EndpointService = z.output<typeof EndpointService>;
