import { isIPv4 } from 'node:net';
import { contains, zoneOf } from '../ec2/network.ts';
import { AwsError } from '../service.ts';
import { change, watchTarget } from './health.ts';
import type { Target, TargetGroup } from './model.ts';
import type { Elbv2State } from './state.ts';

/** What a request says about one target. */
export interface TargetName {
  id: string;
  port: number | undefined;
  zone: string | undefined;
}

/** Ranges outside the VPC that a target group of addresses takes: RFC 1918 and RFC 6598. */
const privateRanges = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'];

/** A target's key in its group: without a port of its own it has the group's. */
export const keyOf = (group: TargetGroup, { id, port }: Pick<TargetName, 'id' | 'port'>): string =>
  `${id}:${port ?? group.port}`;

/**
 * Registers targets and starts to check their health; one that is registered already stays as it is, and one that is
 * draining comes back.
 *
 * @throws AwsError InvalidTarget for what is no address inside the VPC or a private range; nothing is registered then
 */
export function registerTargets(state: Elbv2State, group: TargetGroup, names: readonly TargetName[]): void {
  const zones = names.map((name) => zoneOfTarget(state, name));
  names.forEach((name, index) => {
    const key = keyOf(group, name);
    const known = group.targets.get(key);
    if (known !== undefined && known.health.state !== 'draining') return;
    known?.gone.abort();
    const target: Target = {
      id: name.id,
      port: name.port ?? group.port,
      zone: zones[index] ?? 'all',
      health: {
        state: 'initial',
        reason: 'Elb.RegistrationInProgress',
        description: 'Target registration is in progress',
      },
      gone: new AbortController(),
    };
    group.targets.set(key, target);
    void watchTarget(state, group, target);
  });
}

function zoneOfTarget(state: Elbv2State, { id, zone }: TargetName): string {
  if (!isIPv4(id)) throw new AwsError('InvalidTarget', `The IP address '${id}' is not a valid IPv4 address`);
  if (contains(state.network.cidr, id)) return zoneOf(state.network, id)?.name ?? 'all';
  if (!privateRanges.some((range) => contains(range, id))) {
    throw new AwsError('InvalidTarget', `The IP address '${id}' is not within the VPC or a private range`);
  }
  if (zone !== 'all') {
    throw new AwsError(
      'InvalidTarget',
      `You must specify the Availability Zone 'all' for '${id}' outside the VPC`,
    );
  }
  return 'all';
}

/**
 * Deregisters targets: they drain for as long as the group's attribute says, then they are gone.
 *
 * @throws AwsError InvalidTarget for a target that is not registered
 */
export function deregisterTargets(state: Elbv2State, group: TargetGroup, names: readonly TargetName[]): void {
  const targets = names.map((name) => {
    const target = group.targets.get(keyOf(group, name));
    if (target === undefined) {
      throw new AwsError('InvalidTarget', `The target '${name.id}' is not registered to the target group`);
    }
    return target;
  });
  const seconds = Number(group.attributes.get('deregistration_delay.timeout_seconds'));
  for (const target of targets) {
    if (target.health.state === 'draining') continue;
    target.gone.abort();
    target.gone = new AbortController();
    change(state, target, {
      state: 'draining',
      reason: 'Target.DeregistrationInProgress',
      description: 'Target deregistration is in progress',
    });
    state.clock.sleep(seconds * 1000 * state.scale, target.gone.signal).then(
      () => {
        const key = keyOf(group, target);
        if (group.targets.get(key) === target) group.targets.delete(key);
        for (const listener of state.changed) listener();
      },
      () => undefined,
    );
  }
}
