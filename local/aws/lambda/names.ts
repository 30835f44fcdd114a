import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP, isIPv6 } from 'node:net';

/** Names that lead somewhere on this machine only, as those of a VPC's private zone would; an empty list leads nowhere. */
export type Names = Record<string, readonly string[]>;

type Lookup = typeof dns.lookup;

/**
 * Makes this thread resolve these names itself and ask the machine's resolver for every other, so that a bundle's
 * name moves to another address without the bundle knowing. What `names` holds is read at each question.
 */
export function installNames(names: () => Names): void {
  const real = dns.lookup;
  const lookup = (host: string, ...rest: unknown[]): void => {
    const addresses = isIP(host) === 0 ? names()[host] : undefined;
    const callback = rest.at(-1);
    if (addresses === undefined || typeof callback !== 'function') {
      Reflect.apply(real, dns, [host, ...rest]);
      return;
    }
    const wanted = wantedOf(rest[0]);
    const found = addresses
      .map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
      .filter(({ family }) => wanted.family === 0 || family === wanted.family);
    const [first] = found;
    const answer =
      first === undefined
        ? [notFound(host)]
        : wanted.all
          ? [null, found]
          : [null, first.address, first.family];
    process.nextTick(() => {
      Reflect.apply(callback, undefined, answer);
    });
  };
  Object.assign(dns, { lookup: Object.assign(lookup as Lookup, real) });
  Object.assign(dns.promises, {
    lookup: (host: string, options: unknown) =>
      new Promise((resolve, reject) => {
        lookup(host, options ?? {}, (error: Error | null, found: unknown, family: unknown) => {
          if (error !== null) reject(error);
          else resolve(wantedOf(options).all ? found : { address: found, family });
        });
      }),
  });
  syncBuiltinESMExports();
}

/** The options of https://nodejs.org/api/dns.html#dnslookuphostname-options-callback that matter here. */
function wantedOf(options: unknown): { all: boolean; family: number } {
  if (typeof options === 'number') return { all: false, family: options };
  if (typeof options !== 'object' || options === null) return { all: false, family: 0 };
  const family: unknown = Reflect.get(options, 'family');
  return {
    all: Reflect.get(options, 'all') === true,
    family: family === 4 || family === 'IPv4' ? 4 : family === 6 || family === 'IPv6' ? 6 : 0,
  };
}

const notFound = (hostname: string): Error =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname,
  });
