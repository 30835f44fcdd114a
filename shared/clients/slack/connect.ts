import * as z from 'zod/mini';
import { AccessDeniedError, ConfigError, ServiceError } from '../../errors.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { createBot } from './bot.ts';
import { createIncomingWebhook } from './incoming-webhook.ts';
import type { Slack, SlackAnswer } from './slack.ts';

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
