import type { Finding } from '../contracts/finding.ts';
import type { LoadBalancer, Target, TargetGroup } from '../contracts/target-health.ts';

/**
 * Whether the load balancers behind an endpoint service lead to the database from every zone that an endpoint may
 * use, as findings in words. The provider never sees which zones an endpoint uses, so every zone of the load
 * balancer counts unless cross-zone load balancing is on.
 */
export function judgeTargets(loadBalancers: readonly LoadBalancer[]): Finding[] {
  if (loadBalancers.length === 0) {
    return [
      {
        check: 'targets.load-balancer',
        status: 'blocking',
        summary: 'The endpoint service has no Network Load Balancer behind it.',
        remedy: 'Attach the Network Load Balancer of the source to the endpoint service.',
      },
    ];
  }
  return loadBalancers.flatMap((loadBalancer) => [
    judgeState(loadBalancer),
    ...judgeSecurityGroups(loadBalancer),
    ...judgeGroups(loadBalancer),
  ]);
}

function judgeState({ name, state }: LoadBalancer): Finding {
  const check = 'targets.load-balancer';
  switch (state) {
    case 'active':
      return { check, status: 'ok', summary: `The load balancer ${name} is active.` };
    case 'provisioning':
      return {
        check,
        status: 'blocking',
        summary: `The load balancer ${name} is still being set up.`,
        remedy: 'Wait; this takes a few minutes.',
      };
    case 'active_impaired':
      return {
        check,
        status: 'warning',
        summary: `The load balancer ${name} works but cannot scale (active_impaired).`,
        remedy: 'Free addresses in its subnets, or give it larger ones.',
      };
    default:
      return {
        check,
        status: 'blocking',
        summary: `The load balancer ${name} is ${state}.`,
        remedy: 'Look at the load balancer in the EC2 console; a failed one has to be made again.',
      };
  }
}

function judgeSecurityGroups(loadBalancer: LoadBalancer): Finding[] {
  if (loadBalancer.securityGroups.length === 0) return [];
  if (!loadBalancer.enforcesSecurityGroups) {
    return [
      {
        check: 'targets.security-group',
        status: 'ok',
        summary: `The security groups of ${loadBalancer.name} are not held against PrivateLink traffic.`,
      },
    ];
  }
  return [
    {
      check: 'targets.security-group',
      status: 'warning',
      summary: `The security groups of ${loadBalancer.name} (${loadBalancer.securityGroups.join(', ')}) are held against PrivateLink traffic: what they do not admit is dropped without a trace.`,
      remedy:
        "Set EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic to off, or admit the addresses of Fivetran's endpoints.",
    },
  ];
}

function judgeGroups(loadBalancer: LoadBalancer): Finding[] {
  if (loadBalancer.targetGroups.length === 0) {
    return [
      {
        check: 'targets.health',
        status: 'blocking',
        summary: `No listener of ${loadBalancer.name} forwards to a target group.`,
        remedy: 'Give the load balancer a TCP listener that forwards to the target group of the database.',
      },
    ];
  }
  return loadBalancer.targetGroups.flatMap((group) => [
    judgeHealth(loadBalancer, group),
    ...judgeProxyProtocol(group),
  ]);
}

function judgeHealth(loadBalancer: LoadBalancer, group: TargetGroup): Finding {
  const check = 'targets.health';
  const healthy = group.targets.filter(({ state }) => state === 'healthy');
  const count = `${String(healthy.length)} of ${String(group.targets.length)} targets of ${group.name} are healthy`;
  if (group.targets.length === 0) {
    return {
      check,
      status: 'blocking',
      summary: `The target group ${group.name} has no targets.`,
      remedy: "Register the database host's addresses; refresh-targets does it within minutes when it can.",
    };
  }
  if (healthy.length === 0) {
    return {
      check,
      status: 'blocking',
      summary: `${count}: ${describeSick(group.targets)}.`,
      remedy: remedyFor(group.targets),
    };
  }
  const dark = crossesZones(loadBalancer, group) ? [] : darkZones(loadBalancer, healthy);
  if (dark.length > 0) {
    return {
      check,
      status: 'blocking',
      summary: `${count}, but none in ${dark.join(', ')} and cross-zone load balancing is off: an endpoint in those zones would lead nowhere.`,
      remedy:
        'Switch on load_balancing.cross_zone.enabled, on the load balancer or on the target group, or register a target in each zone.',
    };
  }
  if (healthy.length < group.targets.length) {
    return {
      check,
      status: 'warning',
      summary: `${count}; not healthy: ${describeSick(group.targets)}.`,
      remedy: remedyFor(group.targets),
    };
  }
  return { check, status: 'ok', summary: `${count}.` };
}

/** The target group's own setting comes before the load balancer's. */
function crossesZones(loadBalancer: LoadBalancer, group: TargetGroup): boolean {
  if (group.crossZone === 'true') return true;
  if (group.crossZone === 'false') return false;
  return loadBalancer.crossZone;
}

/** A target that is bound to no zone (`all`: an address outside the VPC) serves every zone. */
function darkZones(loadBalancer: LoadBalancer, healthy: readonly Target[]): string[] {
  if (healthy.some(({ zone }) => zone === 'all')) return [];
  const lit = new Set(healthy.map(({ zone }) => zone));
  return loadBalancer.zones.filter((zone) => !lit.has(zone));
}

function judgeProxyProtocol({ name, proxyProtocol }: TargetGroup): Finding[] {
  if (!proxyProtocol) return [];
  return [
    {
      check: 'targets.proxy-protocol',
      status: 'blocking',
      summary: `The target group ${name} speaks proxy protocol, which PostgreSQL does not understand.`,
      remedy: 'Set proxy_protocol_v2.enabled to false on the target group.',
    },
  ];
}

/** Reason codes of ELBv2: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html */
const reasons: Record<string, { words: string; remedy: string }> = {
  'Elb.RegistrationInProgress': { words: 'is being registered', remedy: 'Wait; this takes a minute.' },
  'Elb.InitialHealthChecking': {
    words: 'has not passed its first health checks yet',
    remedy: 'Wait; this takes as long as the health check needs to count to healthy.',
  },
  'Elb.InternalError': {
    words: 'cannot be judged because of an internal error of the load balancer',
    remedy: 'Wait; if it lasts, ask AWS support.',
  },
  'Target.ResponseCodeMismatch': {
    words: 'answers the health check with an unexpected code',
    remedy: 'Use a TCP health check: PostgreSQL speaks no HTTP.',
  },
  'Target.Timeout': {
    words: 'does not answer the health check in time',
    remedy:
      "Let the database's security group and firewall admit the load balancer's security group or subnets on the database port, and see that the database runs.",
  },
  'Target.FailedHealthChecks': {
    words: 'refuses connections or fails its health checks',
    remedy:
      "See that PostgreSQL runs and listens on the target's port (listen_addresses), and that its security group and firewall admit the load balancer.",
  },
  'Target.NotRegistered': {
    words: 'is not registered',
    remedy: "Register the database host's address with the target group.",
  },
  'Target.NotInUse': {
    words: 'is not used: its target group has no listener, or its zone is not enabled on the load balancer',
    remedy: "Enable the target's zone on the load balancer, or forward a listener to the target group.",
  },
  'Target.DeregistrationInProgress': {
    words: 'is being deregistered',
    remedy: "Register the database host's present address.",
  },
  'Target.InvalidState': {
    words: 'is stopped or terminated',
    remedy: 'Start the database host, or register the one that took its place.',
  },
  'Target.IpUnusable': {
    words: 'has an address that a load balancer uses itself',
    remedy: "Register the database host's own address.",
  },
  'Target.HealthCheckDisabled': {
    words: 'is not checked, because health checks are switched off',
    remedy: 'Switch on the health check of the target group.',
  },
};

function describeSick(targets: readonly Target[]): string {
  return targets
    .filter(({ state }) => state !== 'healthy')
    .map(({ id, port, state, reason, description }) => {
      const words =
        reasons[reason]?.words ?? (description === '' ? `is ${state}` : `is ${state}: ${description}`);
      return `${id}:${String(port)} ${words}${reason === '' ? '' : ` (${reason})`}`;
    })
    .join('; ');
}

function remedyFor(targets: readonly Target[]): string {
  const remedies = targets
    .filter(({ state }) => state !== 'healthy')
    .flatMap(({ reason }) => reasons[reason]?.remedy ?? []);
  return [...new Set(remedies)].join(' ') || "See the target group's health in the EC2 console.";
}
