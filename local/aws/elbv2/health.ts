import { connect } from 'node:net';
import type { Target, TargetGroup, TargetHealth } from './model.ts';
import { loadBalancersOf, zonesOf, type Elbv2State } from './state.ts';

/** What a registration takes before the first health check, in milliseconds of an ordinary day. */
const registrationMs = 5_000;
/** However small the scale: checks come no faster and wait no shorter, in milliseconds. */
const shortestInterval = 50;
const shortestTimeout = 250;

const notInUse = (description: string): TargetHealth => ({
  state: 'unused',
  reason: 'Target.NotInUse',
  description,
});

/** A target's health as DescribeTargetHealth tells it: its own, unless no load balancer would send it traffic. */
export function healthOf(state: Elbv2State, group: TargetGroup, target: Target): TargetHealth {
  if (target.health.state === 'draining') return target.health;
  const loadBalancers = loadBalancersOf(state, group.arn);
  if (loadBalancers.length === 0) {
    return notInUse('Target group is not configured to receive traffic from the load balancer');
  }
  const zones = loadBalancers.flatMap((loadBalancer) => zonesOf(state, loadBalancer));
  if (target.zone !== 'all' && !zones.some(({ name }) => name === target.zone)) {
    return notInUse('Target is in an Availability Zone that is not enabled for the load balancer');
  }
  return target.health;
}

/**
 * Checks a target by connecting to it, over and over until it is gone: as many successes or failures in a row as the
 * group's thresholds say make it healthy or unhealthy.
 */
export async function watchTarget(state: Elbv2State, group: TargetGroup, target: Target): Promise<void> {
  const { signal } = target.gone;
  try {
    await state.clock.sleep(registrationMs * state.scale, signal);
    change(state, target, {
      state: 'initial',
      reason: 'Elb.InitialHealthChecking',
      description: 'Initial health checks in progress',
    });
    let streak = 0;
    while (!signal.aborted) {
      const success = await check(state, group, target);
      signal.throwIfAborted();
      streak = success === streak >= 0 ? streak + (success ? 1 : -1) : success ? 1 : -1;
      judge(state, group, target, streak);
      const interval = group.healthCheck.intervalSeconds * 1000 * state.scale;
      await state.clock.sleep(Math.max(interval, shortestInterval), signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function judge(state: Elbv2State, group: TargetGroup, target: Target, streak: number): void {
  const { healthyThreshold, unhealthyThreshold } = group.healthCheck;
  if (streak >= healthyThreshold) change(state, target, { state: 'healthy' });
  if (-streak >= unhealthyThreshold) {
    change(state, target, {
      state: 'unhealthy',
      reason: 'Target.FailedHealthChecks',
      description: 'Health checks failed',
    });
  }
}

/** Sets a target's own health and tells whoever listens when that is news. */
export function change(state: Elbv2State, target: Target, health: TargetHealth): void {
  const news = target.health.state !== health.state || target.health.reason !== health.reason;
  target.health = health;
  if (news) for (const listener of state.changed) listener();
}

async function check(state: Elbv2State, group: TargetGroup, target: Target): Promise<boolean> {
  const { healthCheck } = group;
  const port = healthCheck.port === 'traffic-port' ? target.port : Number(healthCheck.port);
  const reachable = loadBalancersOf(state, group.arn).every(({ securityGroupIds }) =>
    state.mayReach(securityGroupIds, target.id, port),
  );
  if (!reachable) return false;
  const timeout = Math.max(healthCheck.timeoutSeconds * 1000 * state.scale, shortestTimeout);
  return connects(target.id, port, timeout, target.gone.signal);
}

function connects(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs, signal });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.on('error', () => settle(false));
  });
}
