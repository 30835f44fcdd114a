import type { Clock } from '../../clock.ts';
import type { LedgerTable } from './table.ts';

/** A right that one holder has for a while, for instance to run a sync of one connection. */
export interface Leases {
  /**
   * `true` when `holder` has the lease from now for `seconds`. Taking it again as the same holder extends it, so
   * a retried step keeps what its first try took.
   */
  take(name: string, holder: string, seconds: number): Promise<boolean>;
  /** Who has it now; undefined when nobody does. */
  holder(name: string): Promise<string | undefined>;
  /** Gives it back, unless somebody else holds it by now. */
  release(name: string, holder: string): Promise<void>;
}

export function createLeases(table: LedgerTable, clock: Clock): Leases {
  const keyOf = (name: string) => ({ pk: `lease#${name}`, sk: 'lease' });
  return {
    take(name, holder, seconds) {
      const now = Math.floor(clock.now().getTime() / 1000);
      return table.put(
        { ...keyOf(name), holder, until: now + seconds, expiresAt: now + seconds + 86_400 },
        {
          expression: 'attribute_not_exists(pk) OR holder = :holder OR #until < :now',
          names: { '#until': 'until' },
          values: { ':holder': holder, ':now': now },
        },
      );
    },
    async holder(name) {
      const now = Math.floor(clock.now().getTime() / 1000);
      const item = await table.get(keyOf(name));
      const held = typeof item?.until === 'number' && item.until >= now;
      return held && typeof item.holder === 'string' ? item.holder : undefined;
    },
    async release(name, holder) {
      await table.delete(keyOf(name), { expression: 'holder = :holder', values: { ':holder': holder } });
    },
  };
}
