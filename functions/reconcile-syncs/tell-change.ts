import type { EventBus } from '../../shared/clients/event-bus/event-bus.ts';
import type { AccountTrouble, Syncs } from '../../shared/clients/ledger/syncs.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Subject } from '../../shared/contracts/subject.ts';

export interface TellChangeDependencies {
  syncs: Pick<Syncs, 'troubleSince' | 'noteTrouble'>;
  bus: EventBus;
  clock: Clock;
}

/** What is wrong with the account as a whole, or no longer is. */
interface Condition {
  trouble: AccountTrouble;
  /** The same while it lasts and when it is over, or the incident that it opened would never close. */
  subject: Subject;
  kind: string;
  holds: boolean;
  /** One sentence for on-call, about how it is now. */
  summary: string;
}

/**
 * Tells when a condition begins and when it is over, once each.
 *
 * @returns how many events were put
 */
export async function tellChange(
  { trouble, subject, kind, holds, summary }: Condition,
  { syncs, bus, clock }: TellChangeDependencies,
): Promise<number> {
  const since = await syncs.troubleSince(trouble);
  if (holds === (since !== undefined)) return 0;
  const began = since ?? clock.now().toISOString();
  await bus.put([
    {
      type: 'Attention',
      detail: { version: 1, subject, kind, summary, since: began, resolved: !holds },
    },
  ]);
  // Remembered only after the bus has taken it: what is lost in between is told again.
  await syncs.noteTrouble(trouble, holds ? began : undefined);
  return 1;
}
