import * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import { Finding } from '../../contracts/finding.ts';
import type { Leases } from './leases.ts';
import type { LedgerTable } from './table.ts';

/**
 * What was found at a source a moment ago, for everybody who wants to know now: a thousand connections that fail
 * together must not log in a thousand times to a database that is sick already.
 */
export interface SourceEvidence {
  /**
   * The findings about this source of the last minute. Who asks first gathers them, the others wait for it: at most
   * one gathers at a time.
   *
   * @param gather what to do to find out; it also gives what concerns only who asks
   * @returns `gathered`, with all that `gather` gave; `shared`, with what others found about the source; `busy`
   *   when somebody has been gathering for so long that waiting is of no use
   */
  share(
    source: string,
    gather: () => Promise<{ ofSource: Finding[]; all: Finding[] }>,
  ): Promise<
    | { outcome: 'gathered'; findings: Finding[] }
    | { outcome: 'shared'; findings: Finding[]; gatheredAt: string }
    | { outcome: 'busy' }
  >;
  /** Keeps what somebody found out about this source for himself: nobody shall be given older findings than these. */
  keep(source: string, ofSource: readonly Finding[]): Promise<void>;
}

const freshMs = 60_000;
const waitMs = 500;
/** Below the 20 s that a machine gives its evidence. */
const longestWaitMs = 12_000;
/** Longer than gathering takes, so that a gatherer that died is replaced. */
const leaseSeconds = 30;

const Kept = z.object({ findings: z.array(Finding), gatheredAt: z.string() });

export function createSourceEvidence(
  table: LedgerTable,
  leases: Leases,
  settings: { clock: Clock; holder: () => string },
): SourceEvidence {
  const { clock, holder } = settings;

  async function readFresh(source: string): Promise<z.output<typeof Kept> | undefined> {
    const kept = z.safeParse(Kept, await table.get(keyOf(source)));
    if (!kept.success) return undefined;
    return clock.now().getTime() - Date.parse(kept.data.gatheredAt) < freshMs ? kept.data : undefined;
  }

  async function keep(source: string, findings: readonly Finding[]): Promise<void> {
    const now = clock.now();
    await table.put({
      ...keyOf(source),
      findings: [...findings],
      gatheredAt: now.toISOString(),
      expiresAt: Math.floor(now.getTime() / 1000) + 3_600,
    });
  }

  return {
    keep,
    async share(source, gather) {
      const me = holder();
      const lease = `evidence#source#${source}`;
      const giveUpAt = clock.now().getTime() + longestWaitMs;
      while (clock.now().getTime() < giveUpAt) {
        const kept = await readFresh(source);
        if (kept !== undefined) return { outcome: 'shared', ...kept };
        if (await leases.take(lease, me, leaseSeconds)) {
          try {
            const { ofSource, all } = await gather();
            await keep(source, ofSource);
            return { outcome: 'gathered', findings: all };
          } finally {
            await leases.release(lease, me);
          }
        }
        await clock.sleep(waitMs);
      }
      return { outcome: 'busy' };
    },
  };
}

const keyOf = (source: string) => ({ pk: `evidence#source#${source}`, sk: 'latest' });
