import type { EndpointService } from '../contracts/endpoint.ts';
import type { PrivateLink } from '../contracts/fivetran.ts';

/** `us-east-1` is `AWS_US_EAST_1` at Fivetran. */
export function fivetranRegion(awsRegion: string): string {
  return `AWS_${awsRegion.toUpperCase().replaceAll('-', '_')}`;
}

const longestName = 23;

/**
 * A name for a new private link: letters, digits and underscores, at most 23, and none that is taken. The API
 * refuses hyphens although a sample in its tutorial has them:
 * https://registry.terraform.io/providers/fivetran/fivetran/latest/docs/resources/private_link
 */
export function privateLinkName(source: string, taken: ReadonlySet<string>): string {
  const base = `pl_${source.replaceAll(/[^A-Za-z0-9_]/g, '_')}`.slice(0, longestName);
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) {
    const suffix = `_${number}`;
    const name = `${base.slice(0, longestName - suffix.length)}${suffix}`;
    if (!taken.has(name)) return name;
  }
}

const order = ['OK', 'CREATING', 'UPDATING', 'FAIL'];

/** The source link that leads to the service; of several the most usable. One that is being destroyed is none. */
export function linkOf(
  { serviceName }: EndpointService,
  links: readonly PrivateLink[],
): PrivateLink | undefined {
  const rank = ({ state }: PrivateLink): number => {
    const index = order.indexOf(state);
    return index === -1 ? order.length : index;
  };
  return links
    .filter(
      (link) =>
        link.serviceName === serviceName && link.service === 'SOURCE_AWS' && link.state !== 'DESTROYING',
    )
    .sort((one, other) => rank(one) - rank(other))[0];
}

/** Somebody may have to decide about a held request in between; after that long nobody will. */
export const linkDeadlineSeconds = 72 * 3600;

/** Seconds until the next look: from 2, growing by a fifth, up to 5 minutes. */
export function linkWaitSeconds(attempt: number): number {
  return Math.ceil(Math.min(2 * 1.2 ** Math.min(attempt, 50), 300));
}

/** How long one has waited before the given attempt. */
export function linkWaitedSeconds(attempt: number): number {
  let total = 0;
  for (let index = 0; index < attempt; index += 1) total += linkWaitSeconds(index);
  return total;
}
