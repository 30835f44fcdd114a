import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { eventDetails, eventSource, type DetailType, type EventDetail } from '../../contracts/events.ts';
import { parse } from '../../contracts/parse.ts';
import { UnavailableError } from '../../errors.ts';
import { awsClientSettings, callAws } from '../aws.ts';

export interface BusEvent<Type extends DetailType = DetailType> {
  type: Type;
  detail: EventDetail<Type>;
}

/** The stack's own event bus. */
export interface EventBus {
  /**
   * Puts events, ten a request.
   *
   * @throws UnavailableError when the bus did not take all of them: EventBridge answers 200 even then
   */
  put(events: readonly BusEvent[]): Promise<void>;
}

const mostPerRequest = 10;

export function createEventBus(settings: { eventBusName: string }): EventBus {
  const client = new EventBridgeClient(awsClientSettings);
  return {
    async put(events) {
      for (let start = 0; start < events.length; start += mostPerRequest) {
        const entries = events.slice(start, start + mostPerRequest).map(({ type, detail }) => ({
          EventBusName: settings.eventBusName,
          Source: eventSource,
          DetailType: type,
          Detail: JSON.stringify(parse(eventDetails[type], detail, `The event "${type}"`)),
        }));
        const answer = await callAws('events:PutEvents', () =>
          client.send(new PutEventsCommand({ Entries: entries })),
        );
        if ((answer.FailedEntryCount ?? 0) > 0) {
          const codes = (answer.Entries ?? []).flatMap(({ ErrorCode }) => ErrorCode ?? []);
          throw new UnavailableError(
            `The event bus ${settings.eventBusName} did not take ${String(answer.FailedEntryCount)} of ${String(entries.length)} events (${codes.join(', ')}).`,
          );
        }
      }
    },
  };
}
