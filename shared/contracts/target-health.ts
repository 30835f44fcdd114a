import * as z from 'zod/mini';

/** One registered target as ELBv2 reports it. States and reasons are kept as they arrive. */
export const Target = z.object({
  id: z.string(),
  port: z.number(),
  /** Zone name; `all` or empty when the target is bound to none. */
  zone: z.string(),
  /** For instance `healthy`, `initial`, `unhealthy`, `unused`, `draining`. */
  state: z.string(),
  /** For instance `Target.FailedHealthChecks`; empty when healthy. */
  reason: z.string(),
  description: z.string(),
});
export type Target = z.output<typeof Target>;

/** A target group that a listener of the load balancer forwards to. */
export const TargetGroup = z.object({
  name: z.string(),
  arn: z.string(),
  protocol: z.string(),
  port: z.number(),
  /** `true`, `false` or `use_load_balancer_configuration`. */
  crossZone: z.string(),
  proxyProtocol: z.boolean(),
  targets: z.array(Target),
});
export type TargetGroup = z.output<typeof TargetGroup>;

/** What stands behind an endpoint service. */
export const LoadBalancer = z.object({
  name: z.string(),
  arn: z.string(),
  /** `active`, `provisioning`, `active_impaired` or `failed`. */
  state: z.string(),
  zones: z.array(z.string()),
  crossZone: z.boolean(),
  securityGroups: z.array(z.string()),
  /** Whether the security groups' inbound rules are held against PrivateLink traffic. */
  enforcesSecurityGroups: z.boolean(),
  targetGroups: z.array(TargetGroup),
});
export type LoadBalancer = z.output<typeof LoadBalancer>;
