import type { Target } from '../contracts/target-health.ts';

/** What one run does to the target group. Adding and removing never happen in the same run. */
export interface TargetPlan {
  add: { address: string; outsideVpc: boolean }[];
  remove: { address: string; port: number }[];
  /** Addresses of the host that are outside of every allowed range; they are never registered. */
  refused: string[];
  /** Registered addresses of the host that are not healthy yet; while none is, nothing is removed. */
  awaited: string[];
}

/**
 * Makes a target group follow the addresses of the database's host.
 *
 * New addresses are added at once. An address that the host has no more is removed in a later run, as soon as one of
 * the present ones is healthy; whether the old one still answers does not matter, because an old Aurora writer lives
 * on as a reader. Where the host has no allowed address, nothing changes.
 *
 * @param vpcRanges ranges of the target group's VPC, such as 10.0.0.0/16
 * @param otherRanges ranges outside of it that are allowed as well, for instance over a peering or Direct Connect
 */
export function planTargets(options: {
  addresses: readonly string[];
  registered: readonly Target[];
  vpcRanges: readonly string[];
  otherRanges: readonly string[];
}): TargetPlan {
  const { addresses, registered, vpcRanges, otherRanges } = options;
  const inVpc = (address: string): boolean => vpcRanges.some((range) => contains(range, address));
  const allowed = addresses.filter(
    (address) => inVpc(address) || otherRanges.some((range) => contains(range, address)),
  );
  const refused = addresses.filter((address) => !allowed.includes(address));
  // A draining target is on its way out already; if the host has its address again, it is registered anew.
  const present = registered.filter(({ state }) => state !== 'draining');
  const add = allowed
    .filter((address) => !present.some(({ id }) => id === address))
    .map((address) => ({ address, outsideVpc: !inVpc(address) }));
  const ours = present.filter(({ id }) => allowed.includes(id));
  const awaited = ours.filter(({ state }) => state !== 'healthy').map(({ id }) => id);
  const reachable = ours.some(({ state }) => state === 'healthy');
  const remove =
    add.length > 0 || !reachable
      ? []
      : present.filter(({ id }) => !allowed.includes(id)).map(({ id, port }) => ({ address: id, port }));
  return { add, remove, refused, awaited };
}

/** Whether an IPv4 address lies in a range such as 10.0.0.0/16. */
function contains(range: string, address: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  const [one, other] = [numberOf(base), numberOf(address)];
  if (one === undefined || other === undefined) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(one / size) === Math.floor(other / size);
}

function numberOf(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) {
    return undefined;
  }
  return parts.reduce((number, part) => number * 256 + part, 0);
}
