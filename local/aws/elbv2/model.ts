/** A target's health as the API tells it. */
export interface TargetHealth {
  state: 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining' | 'unavailable';
  reason?: string;
  description?: string;
}

/** One registered address and how it does. */
export interface Target {
  /** An IPv4 address: target groups of type `ip`. */
  id: string;
  port: number;
  /** Name of the zone that the address lies in, or `all`. */
  zone: string;
  health: TargetHealth;
  /** Aborted when the target is gone: its health checks end. */
  gone: AbortController;
}

/** Addresses that take the same traffic, and how their health is checked. */
export interface TargetGroup {
  arn: string;
  name: string;
  protocol: string;
  port: number;
  vpcId: string;
  targetType: string;
  healthCheck: {
    protocol: string;
    /** A port number, or `traffic-port`. */
    port: string;
    intervalSeconds: number;
    timeoutSeconds: number;
    healthyThreshold: number;
    unhealthyThreshold: number;
  };
  attributes: Map<string, string>;
  tags: Map<string, string>;
  /** By address and port. */
  targets: Map<string, Target>;
}

/** A Network Load Balancer. */
export interface LoadBalancer {
  arn: string;
  name: string;
  dnsName: string;
  createdAt: Date;
  scheme: string;
  vpcId: string;
  subnetIds: string[];
  securityGroupIds: string[];
  /** Whether traffic from PrivateLink is held against the security groups' inbound rules. */
  enforceOnPrivateLink: boolean;
  attributes: Map<string, string>;
  tags: Map<string, string>;
}

/** A port of a load balancer that forwards to one target group. */
export interface Listener {
  arn: string;
  loadBalancerArn: string;
  protocol: string;
  port: number;
  targetGroupArn: string;
  attributes: Map<string, string>;
  tags: Map<string, string>;
}
