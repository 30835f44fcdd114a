import type { EventBus } from '../clients/event-bus/event-bus.ts';
import type { Conditions } from '../clients/ledger/conditions.ts';
import type { Clock } from '../clock.ts';
import type { Subject } from '../contracts/subject.ts';

export interface TellCondition {
  conditions: Conditions;
  bus: EventBus;
  clock: Clock;
}

/** What is wrong with a subject, or no longer is. */
interface Condition {
  /** The same while it lasts and when it is over, or the incident that it opened would never close. */
  subject: Subject;
  kind: string;
  holds: boolean;
  /** One sentence for on-call about how it is now, given since when. */
  summary: (since: string) => string;
  /** One that is over sooner is never told. */
  patienceMs?: number;
}

/**
 * Tells on-call when a condition begins and when it is over, once each. What is lost on its way is told again: the
 * ledger is written only after the bus has taken the event.
 *
 * @returns how many events were put
 */
export async function tellCondition(
  { subject, kind, holds, summary, patienceMs = 0 }: Condition,
  { conditions, bus, clock }: TellCondition,
): Promise<number> {
  const known = await conditions.read(subject, kind);
  const now = clock.now();
  const since = known?.since ?? now.toISOString();
  const wasTold = known?.told === true;
  const isDue = holds && !wasTold && now.getTime() - Date.parse(since) >= patienceMs;
  const isOver = !holds && wasTold;
  if (isDue || isOver) {
    await bus.put([
      {
        type: 'Attention',
        detail: { version: 1, subject, kind, summary: summary(since), since, resolved: isOver },
      },
    ]);
  }
  if (!holds && known !== undefined) await conditions.forget(subject, kind);
  if (holds && (known === undefined || isDue)) await conditions.note(subject, kind, { since, told: isDue });
  return isDue || isOver ? 1 : 0;
}
