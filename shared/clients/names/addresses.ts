import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';

/** What a name leads to at the moment. */
export type Addresses =
  | { outcome: 'found'; addresses: string[] }
  /** The name does not exist, has no IPv4 address, or nobody answered. */
  | { outcome: 'failed'; detail: string };

/** Asks the resolver of the machine (in a VPC: Amazon's) for a name's IPv4 addresses; never throws. */
export async function addressesOf(host: string, timeoutMs = 5_000): Promise<Addresses> {
  if (isIPv4(host)) return { outcome: 'found', addresses: [host] };
  try {
    const answers = await within(timeoutMs, lookup(host, { all: true, family: 4 }));
    const addresses = [...new Set(answers.map(({ address }) => address))].sort();
    return addresses.length === 0
      ? { outcome: 'failed', detail: 'an empty answer' }
      : { outcome: 'found', addresses };
  } catch (error) {
    return { outcome: 'failed', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** The resolver of the system cannot be told to give up, so we only stop waiting for it. */
async function within<Value>(timeoutMs: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
