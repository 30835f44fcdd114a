import * as z from 'zod/mini';
import { Envelope, readBusEvent } from './bus-event.ts';
import type { NotifyInput } from './notify-input.ts';
import { readNotification } from './state-machine-notification.ts';
import { unreadableAlert } from './unreadable-alert.ts';

/**
 * What an invocation asks for: the minute tick, a notification of a state machine, or an event of a bus. What
 * cannot be read is not refused: on-call is told, with the text as it came.
 */
export function readEvent(event: unknown, now: Date): NotifyInput {
  if (z.safeParse(z.object({ tick: z.literal(true) }), event).success) return { kind: 'tick' };
  const envelope = z.safeParse(Envelope, event);
  const read = envelope.success ? readBusEvent(envelope.data) : readNotification(event, now);
  return read ?? { kind: 'report', report: unreadableAlert(event, now) };
}
