/** What a message shows: `text` on a lock screen, `blocks` in Slack (without them, `text`). */
export interface SlackContent {
  text: string;
  blocks?: readonly object[] | undefined;
}

export interface SlackPost extends SlackContent {
  channel: string;
  /** Our own id of the message: with a bot token it travels as metadata, so that the message can be found again. */
  messageId: string;
  /** The message in whose thread it goes; an incoming webhook has no threads and posts to the channel. */
  threadTs?: string | undefined;
  /** Shows a reply in the channel too. */
  broadcast?: boolean;
}

/**
 * What became of a message. `later`: Slack cannot take it now; `perhaps` when the request may have been done all
 * the same, because its answer never came. `refused`: trying the same again is of no use until
 * a person mends the set-up (`setup`), the channel (`channel`), or we write it otherwise (`content`).
 */
export type SlackAnswer =
  | { outcome: 'done'; channel: string; ts?: string }
  | { outcome: 'later'; seconds: number; reason: string; perhaps?: true }
  | { outcome: 'refused'; what: 'setup' | 'channel' | 'content' | 'message'; reason: string };

/** A way into Slack. Nothing here throws for what Slack answers: an alert's delivery is always an outcome. */
export interface Slack {
  post(message: SlackPost): Promise<SlackAnswer>;
  /** Replaces a message; `refused` with `message` where that cannot be (an incoming webhook, a deleted message). */
  update(channel: string, ts: string, content: SlackContent): Promise<SlackAnswer>;
  /**
   * The `ts` of the message that we posted under this id, as far as it can be told: `undefined` without the scope
   * for reading the channel, and for an incoming webhook.
   */
  find(
    where: { channel: string; threadTs?: string; since: Date },
    messageId: string,
  ): Promise<string | undefined>;
}
