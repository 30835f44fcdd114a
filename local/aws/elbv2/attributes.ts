import { AwsError } from '../service.ts';

type Attributes = Record<string, string>;

/** Attributes of a Network Load Balancer with the values that a new one has. */
export const loadBalancerAttributes: Attributes = {
  'access_logs.s3.enabled': 'false',
  'access_logs.s3.bucket': '',
  'access_logs.s3.prefix': '',
  'deletion_protection.enabled': 'false',
  'load_balancing.cross_zone.enabled': 'false',
  'dns_record.client_routing_policy': 'any_availability_zone',
  'zonal_shift.config.enabled': 'false',
};

/** Attributes of a TCP target group of IP addresses with the values that a new one has. */
export const targetGroupAttributes: Attributes = {
  'deregistration_delay.timeout_seconds': '300',
  'deregistration_delay.connection_termination.enabled': 'false',
  'load_balancing.cross_zone.enabled': 'use_load_balancer_configuration',
  'preserve_client_ip.enabled': 'false',
  'proxy_protocol_v2.enabled': 'false',
  'stickiness.enabled': 'false',
  'stickiness.type': 'source_ip',
  'target_group_health.dns_failover.minimum_healthy_targets.count': '1',
  'target_group_health.dns_failover.minimum_healthy_targets.percentage': 'off',
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': '1',
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': 'off',
  'target_health_state.unhealthy.connection_termination.enabled': 'true',
  'target_health_state.unhealthy.draining_interval_seconds': '0',
};

/** Attributes of a TCP listener with the values that a new one has. */
export const listenerAttributes: Attributes = { 'tcp.idle_timeout.seconds': '350' };

/**
 * Sets attributes.
 *
 * @throws AwsError ValidationError for a key that `known` does not have; nothing is set then
 */
export function setAttributes(
  attributes: Map<string, string>,
  known: Attributes,
  changes: readonly (readonly [string, string])[],
): void {
  for (const [key] of changes) {
    if (!Object.hasOwn(known, key)) {
      throw new AwsError('ValidationError', `Attribute key '${key}' is not recognized`);
    }
  }
  for (const [key, value] of changes) attributes.set(key, value);
}

/** Attributes as the API lists them. */
export const writeAttributes = (attributes: ReadonlyMap<string, string>): unknown[] =>
  [...attributes].map(([Key, Value]) => ({ Key, Value }));
