import type { Clock } from '../../shared/clock.ts';

/** What a message shows, and what it carries unseen. */
export interface MessageContent {
  text: string;
  blocks?: unknown[];
  metadata?: { event_type: string; event_payload: Record<string, unknown> };
}

/** A message as it stands, with all that it was before. */
export interface SlackMessage extends MessageContent {
  channel: string;
  /** Slack's id of a message within its channel: seconds and a counter, ever growing. */
  ts: string;
  /** The `ts` of the message whose thread this one is in. */
  threadTs?: string;
  via: 'bot' | 'incoming-webhook';
  /** ISO 8601. */
  postedAt: string;
  /** ISO 8601; absent while the message is as it was posted. */
  editedAt?: string;
  /** What the message was before each edit, oldest first. */
  earlier: MessageContent[];
}

export type MessageStore = ReturnType<typeof createMessageStore>;

/** The messages of all channels, in the order in which they were posted. */
export function createMessageStore(clock: Clock) {
  const messages: SlackMessage[] = [];
  let lastMicros = 0;

  const nextTs = (): string => {
    lastMicros = Math.max(lastMicros + 1, clock.now().getTime() * 1000);
    const digits = String(lastMicros);
    return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  };

  return {
    /** All messages, replies included, oldest first. */
    all: (): readonly SlackMessage[] => messages,

    post(
      channel: string,
      content: MessageContent,
      options: { via: SlackMessage['via']; threadTs?: string },
    ): SlackMessage {
      const message: SlackMessage = {
        channel,
        ts: nextTs(),
        via: options.via,
        ...content,
        postedAt: clock.now().toISOString(),
        earlier: [],
        ...(options.threadTs === undefined ? {} : { threadTs: options.threadTs }),
      };
      messages.push(message);
      return message;
    },

    find: (channel: string, ts: string): SlackMessage | undefined =>
      messages.find((message) => message.channel === channel && message.ts === ts),

    /** Replaces what the message shows; blocks and metadata that are not given stay, as in Slack. */
    update(message: SlackMessage, content: Partial<MessageContent>): void {
      const { text, blocks, metadata } = message;
      message.earlier.push({
        text,
        ...(blocks === undefined ? {} : { blocks }),
        ...(metadata === undefined ? {} : { metadata }),
      });
      Object.assign(message, content);
      message.editedAt = clock.now().toISOString();
    },
  };
}
