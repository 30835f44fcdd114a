import type { EventBus } from '../clients/event-bus/event-bus.ts';
import type { EndpointRegisters } from '../clients/ledger/endpoint-registers.ts';
import type { PrivateLink } from '../clients/privatelink/privatelink.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Audit, AuditEvent } from '../rules/standing.ts';

/** What the functions need that hold endpoints against the ledger, told by a notification or by the clock. */
export interface EndpointWatch {
  /** The stack, which leaves services of another one alone. */
  stackName: string;
  privateLink: PrivateLink;
  registers: EndpointRegisters;
  eventBus: EventBus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/**
 * Tells the bus what an audit finds, and only then notes it: what is noted is never told again.
 *
 * @param audit asked once more when the register changed meanwhile, so it must decide from its argument alone
 * @returns what was told
 */
export async function tellAndNote(
  serviceId: string,
  audit: (register: Audit['register']) => Audit,
  { registers, eventBus }: Pick<EndpointWatch, 'registers' | 'eventBus'>,
): Promise<AuditEvent[]> {
  const before = await registers.read(serviceId);
  const { events, register } = audit(before);
  await eventBus.put(events);
  if (register !== before) {
    await registers.change(serviceId, (current) => {
      const after = audit(current).register;
      return after === current ? { answer: undefined } : { register: after, answer: undefined };
    });
  }
  return events;
}
