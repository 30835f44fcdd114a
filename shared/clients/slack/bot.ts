import {
  LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
  type WebAPICallResult,
} from '@slack/web-api';
import type { Slack, SlackAnswer } from './slack.ts';

/** The type under which our messages carry their own id: https://docs.slack.dev/messaging/message-metadata */
const eventType = 'fivetran_privatelink_alert';
const requestTimeoutMs = 8_000;
/** When Slack is down it is asked again after so long; the minute tick is the next chance anyway. */
const afterOutageSeconds = 30;
const historyPage = 200;

/** Errors by which Slack says that trying again is of use: https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const transient = new Set([
  'fatal_error',
  'internal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'org_login_required',
  'team_added_to_org',
]);
const ofChannel = new Set(['channel_not_found', 'not_in_channel', 'is_archived', 'restricted_action']);
const ofMessage = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'thread_not_found',
  'cannot_reply_to_message',
]);
const ofContent = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'too_many_attachments',
  'no_text',
  'invalid_arguments',
  'metadata_too_large',
]);

/** Slack by a bot token. Scopes: chat:write; channels:history (or groups:history) to recognise what was posted. */
export function createBot(settings: { baseUrl: string; token: string }): Slack {
  // The tick is what tries again: a Lambda that waits inside the client would only hold back the next alert.
  const client = new WebClient(settings.token, {
    slackApiUrl: `${settings.baseUrl}/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: requestTimeoutMs,
    logger: silent,
  });

  return {
    async post({ channel, text, blocks, messageId, threadTs, broadcast }) {
      if (channel === '') {
        return {
          outcome: 'refused',
          what: 'setup',
          reason: 'No Slack channel is set: give SlackChannel its id.',
        };
      }
      return answer(channel, () =>
        client.apiCall('chat.postMessage', {
          channel,
          text,
          ...(blocks === undefined ? {} : { blocks }),
          ...(threadTs === undefined ? {} : { thread_ts: threadTs, reply_broadcast: broadcast === true }),
          metadata: { event_type: eventType, event_payload: { id: messageId } },
          unfurl_links: false,
          unfurl_media: false,
        }),
      );
    },

    update(channel, ts, { text, blocks }) {
      return answer(channel, () =>
        client.apiCall('chat.update', { channel, ts, text, ...(blocks === undefined ? {} : { blocks }) }),
      );
    },

    async find({ channel, threadTs, since }, messageId) {
      try {
        const found = await client.apiCall(
          threadTs === undefined ? 'conversations.history' : 'conversations.replies',
          {
            channel,
            ...(threadTs === undefined ? {} : { ts: threadTs }),
            oldest: String(Math.floor(since.getTime() / 1000) - 60),
            limit: historyPage,
            include_all_metadata: true,
          },
        );
        return tsOf(found, messageId);
      } catch (error) {
        // Without the scope, or while Slack is down, nothing can be recognised; a duplicate is the price.
        if (isSlackError(error)) return undefined;
        throw error;
      }
    },
  };
}

async function answer(channel: string, request: () => Promise<WebAPICallResult>): Promise<SlackAnswer> {
  try {
    const done = await request();
    const ts = 'ts' in done && typeof done.ts === 'string' ? { ts: done.ts } : {};
    const given = 'channel' in done && typeof done.channel === 'string' ? done.channel : channel;
    return { outcome: 'done', channel: given, ...ts };
  } catch (error) {
    if (error instanceof WebAPIRateLimitedError) {
      return { outcome: 'later', seconds: error.retryAfter, reason: 'Slack limits the rate.' };
    }
    if (error instanceof WebAPIPlatformError) return refusal(error);
    if (error instanceof WebAPIHTTPError) {
      const reason = `Slack answered HTTP ${String(error.statusCode)}.`;
      return { outcome: 'later', seconds: afterOutageSeconds, reason };
    }
    if (error instanceof WebAPIRequestError) {
      const reason = `Slack cannot be reached: ${error.original.message}.`;
      return { outcome: 'later', seconds: afterOutageSeconds, reason, perhaps: true };
    }
    throw error;
  }
}

function refusal(error: WebAPIPlatformError): SlackAnswer {
  const code = error.data.error;
  const details = (error.data.response_metadata?.messages ?? []).join(' ');
  const reason = `Slack says ${code}${details === '' ? '' : ` (${details})`}.`;
  if (transient.has(code)) return { outcome: 'later', seconds: afterOutageSeconds, reason };
  const what = ofChannel.has(code)
    ? 'channel'
    : ofMessage.has(code)
      ? 'message'
      : ofContent.has(code)
        ? 'content'
        : 'setup';
  return { outcome: 'refused', what, reason };
}

const isSlackError = (error: unknown): boolean =>
  error instanceof WebAPIRateLimitedError ||
  error instanceof WebAPIPlatformError ||
  error instanceof WebAPIHTTPError ||
  error instanceof WebAPIRequestError;

function tsOf(found: WebAPICallResult, messageId: string): string | undefined {
  const messages: unknown = 'messages' in found ? found.messages : undefined;
  if (!Array.isArray(messages)) return undefined;
  const ours: unknown = messages.find((message: unknown) => idOf(message) === messageId);
  return field(ours, 'ts');
}

function idOf(message: unknown): string | undefined {
  const metadata = object(message)?.metadata;
  return field(object(metadata)?.event_payload, 'id');
}

const object = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null ? { ...value } : undefined;

function field(value: unknown, name: string): string | undefined {
  const found = object(value)?.[name];
  return typeof found === 'string' ? found : undefined;
}

const nothing = (): void => undefined;
/** The client's own lines would repeat, unstructured, what we log ourselves. */
const silent = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  setName: nothing,
  getLevel: () => LogLevel.ERROR,
};
