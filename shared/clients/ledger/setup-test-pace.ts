import type { Clock } from '../../clock.ts';
import { admit, type Pace } from '../../rules/pace.ts';
import type { LedgerTable } from './table.ts';

/** Fivetran's limit of setup tests holds for the whole account, so all executions share one pace. */
export interface SetupTestPace {
  /** 0 when that many tests may run now; otherwise seconds until it is worth asking again. */
  take(count: number): Promise<number>;
}

const key = { pk: 'pace', sk: 'setup-tests' };
const mostTries = 5;
/** When so many ask at once that nobody gets through. */
const crowdSeconds = 5;

export function createSetupTestPace(table: LedgerTable, clock: Clock, pace: Pace): SetupTestPace {
  return {
    async take(count) {
      for (let tries = 0; tries < mostTries; tries += 1) {
        const item = await table.get(key);
        const before = typeof item?.busyUntilMs === 'number' ? item.busyUntilMs : 0;
        const admission = admit({ ...pace, busyUntilMs: before, nowMs: clock.now().getTime(), count });
        if (!admission.admitted) return admission.waitSeconds;
        const taken = await table.put(
          { ...key, busyUntilMs: admission.busyUntilMs },
          {
            expression: 'attribute_not_exists(pk) OR busyUntilMs = :before',
            values: { ':before': before },
          },
        );
        if (taken) return 0;
      }
      return crowdSeconds;
    },
  };
}
