import type { EndpointRegister } from '../contracts/endpoint-register.ts';
import type { PrivateLink } from '../contracts/fivetran.ts';
import { prePlantingMinutes } from './pre-planting.ts';

/** Which private links of our Fivetran account may claim an endpoint, and since when. */

/** The kind of private link that leads to sources; the others lead to destinations. */
export const sourceKind = 'SOURCE_AWS';

/**
 * Whether a private link may still claim an endpoint: the claim's own conditions, without those of a request.
 * Asked once more right before the endpoint is accepted.
 */
export function linkStillClaims(
  link: PrivateLink,
  conditions: { serviceName: string; region: string; claimWindowHours: number; now: Date },
): boolean {
  return (
    link.service === sourceKind &&
    link.serviceName === conditions.serviceName &&
    regionOf(link) === conditions.region &&
    isOpen(link, conditions)
  );
}

/** The one private link of ours to the service in that Region, in whatever state; undefined when there are several. */
export function linkOfService(
  links: readonly PrivateLink[],
  serviceName: string,
  region: string,
): PrivateLink | undefined {
  const found = links.filter(
    (link) => link.service === sourceKind && link.serviceName === serviceName && regionOf(link) === region,
  );
  return found.length === 1 ? found[0] : undefined;
}

/** Whether a link is in a state in which it may ask for an endpoint. */
export function isOpen(
  link: PrivateLink,
  { now, claimWindowHours }: { now: Date; claimWindowHours: number },
): boolean {
  if (link.state === 'CREATING' || link.state === 'UPDATING') return true;
  return link.state === 'OK' && now.getTime() - Date.parse(link.createdAt) < claimWindowHours * 3_600_000;
}

/** `us-east-1` for `AWS_US_EAST_1`; undefined for a word of another form. */
export function regionOf({ region }: { region: string }): string | undefined {
  const [, name] = /^AWS_([A-Z0-9_]+)$/.exec(region) ?? [];
  return name?.toLowerCase().replaceAll('_', '-');
}

/**
 * Since when an open link may ask for an endpoint. Fivetran says only when it was created, and that tells nothing of
 * a link that was changed since: such a one counts from the first of the looks that found it open, one soon after the
 * other. Where they lie further apart, it may have been closed, and a request planted, in between.
 *
 * @returns milliseconds since 1970; NaN when Fivetran's time cannot be read
 */
export function openSince(link: PrivateLink, seen: EndpointRegister['openLinks'], now: Date): number {
  const createdAt = Date.parse(link.createdAt);
  const before = seen?.since[link.id];
  const sinceLook = seen === undefined ? 0 : now.getTime() - Date.parse(seen.seenAt);
  if (before === undefined) {
    const wasClosed = seen !== undefined && createdAt <= Date.parse(seen.seenAt);
    return wasClosed || link.state === 'UPDATING' ? now.getTime() : createdAt;
  }
  // A link is CREATING once, so it has not been anything else since the last look.
  const unbroken = link.state === 'CREATING' || sinceLook <= prePlantingMinutes * 60_000;
  return unbroken ? Date.parse(before) : now.getTime();
}

/** The register with the note of which links to the service this look found open, and since when each is. */
export function noteOpenLinks(
  register: EndpointRegister,
  links: readonly PrivateLink[],
  conditions: { now: Date; claimWindowHours: number },
): EndpointRegister {
  const { now } = conditions;
  const open = links.filter((link) => link.service === sourceKind && isOpen(link, conditions));
  const since = open.flatMap((link) => {
    const at = openSince(link, register.openLinks, now);
    return Number.isNaN(at) ? [] : [[link.id, new Date(at).toISOString()] as const];
  });
  return { ...register, openLinks: { seenAt: now.toISOString(), since: Object.fromEntries(since) } };
}
