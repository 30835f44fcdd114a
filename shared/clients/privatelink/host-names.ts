import { resolveCname } from 'node:dns/promises';

/** The names that a host leads to by CNAME records; none when it has no such record or DNS does not answer. */
export type HostNames = (host: string) => Promise<string[]>;

/** Enough for every chain that anybody sets up on purpose, and an end for those that turn in a circle. */
const longestChain = 5;

export const followCnames: HostNames = async (host) => {
  const names: string[] = [];
  let next: string | undefined = host;
  while (next !== undefined && names.length < longestChain) {
    const [target]: string[] = await resolveCname(next).catch(() => []);
    if (target !== undefined) names.push(target);
    next = target;
  }
  return names;
};
