import * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import { AccessDeniedError, ConfigError, ServiceError } from '../../errors.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { createBot } from './bot.ts';
import { createIncomingWebhook } from './incoming-webhook.ts';

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

const SlackSecret = z.object({
  botToken: z.optional(z.string().check(z.minLength(1))),
  webhookUrl: z.optional(z.string().check(z.regex(/^https:\/\/|^http:\/\/127\.0\.0\.1[:/]/))),
});

/**
 * Slack by whatever its secret holds: a bot token (threads, updates) or an incoming webhook's URL (single
 * messages). The secret is read when it is first needed, and once more when Slack refuses it, since it may have
 * been replaced. A secret that is missing or incomplete is an outcome too: `refused`, `setup`.
 */
export function createSlack(settings: {
  baseUrl: string;
  secretId: string;
  secrets: Pick<Secrets, 'read'>;
  clock: Clock;
}): Slack {
  const connect = async (fresh: boolean): Promise<Slack> => {
    const { botToken, webhookUrl } = await settings.secrets.read(settings.secretId, SlackSecret, { fresh });
    if (botToken !== undefined) return createBot({ baseUrl: settings.baseUrl, token: botToken });
    if (webhookUrl !== undefined) return createIncomingWebhook({ url: webhookUrl });
    throw new ConfigError(`The secret ${settings.secretId} has neither botToken nor webhookUrl.`);
  };
  let connected: Promise<Slack> | undefined;
  const slack = (fresh = false): Promise<Slack> => {
    if (fresh) connected = undefined;
    connected ??= connect(fresh).catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };
  const attempt = async (request: (slack: Slack) => Promise<SlackAnswer>): Promise<SlackAnswer> => {
    try {
      const answer = await request(await slack());
      if (answer.outcome !== 'refused' || answer.what !== 'setup') return answer;
      return await request(await slack(true));
    } catch (error) {
      if (error instanceof ConfigError || error instanceof AccessDeniedError) {
        return { outcome: 'refused', what: 'setup', reason: error.message };
      }
      if (error instanceof ServiceError) return { outcome: 'later', seconds: 60, reason: error.message };
      throw error;
    }
  };
  return {
    post: (message) => attempt((to) => to.post(message)),
    update: (channel, ts, content) => attempt((to) => to.update(channel, ts, content)),
    async find(where, messageId) {
      try {
        return await (await slack()).find(where, messageId);
      } catch (error) {
        if (error instanceof ServiceError) return undefined;
        throw error;
      }
    },
  };
}
