import { Resolver } from 'node:dns/promises';

/** The names that a host leads to by CNAME records; none when it has no such record or DNS does not answer. */
export type HostNames = (host: string) => Promise<string[]>;

/** Enough for every chain that anybody sets up on purpose, and an end for those that turn in a circle. */
const longestChain = 5;

/**
 * Follows CNAME records, in seconds at most: a name server that does not answer leads to no name.
 *
 * @param servers name servers to ask instead of the machine's own
 */
export function createHostNames({ servers }: { servers?: string[] } = {}): HostNames {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return async (host) => {
    const names: string[] = [];
    let next: string | undefined = host;
    while (next !== undefined && names.length < longestChain) {
      const [target]: string[] = await resolver.resolveCname(next).catch(() => []);
      if (target !== undefined) names.push(target);
      next = target;
    }
    return names;
  };
}
