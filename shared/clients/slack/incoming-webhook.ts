import type { Slack, SlackAnswer } from './slack.ts';

const requestTimeoutMs = 8_000;
const afterOutageSeconds = 30;

/** What an incoming webhook refuses: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors */
const ofContent = new Set(['invalid_payload', 'invalid_blocks', 'no_text', 'too_many_attachments']);
const ofChannel = new Set(['channel_not_found', 'channel_is_archived', 'action_prohibited']);

/**
 * Slack by an incoming webhook: it posts to its own channel and gives no `ts`, so there are no threads, no updates
 * and no way to recognise a message.
 */
export function createIncomingWebhook({ url }: { url: string }): Slack {
  return {
    async post({ channel, text, blocks }) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json; charset=utf-8' },
          body: JSON.stringify({ text, ...(blocks === undefined ? {} : { blocks }) }),
          redirect: 'error',
          signal: AbortSignal.timeout(requestTimeoutMs),
        });
        return await readAnswer(response, channel);
      } catch (error) {
        // The message may name the URL, which is a secret.
        const why = error instanceof Error ? error.name : 'unknown';
        const reason = `Slack cannot be reached (${why}).`;
        return { outcome: 'later', seconds: afterOutageSeconds, reason, perhaps: true };
      }
    },
    update: () =>
      Promise.resolve({
        outcome: 'refused',
        what: 'message',
        reason: 'An incoming webhook updates nothing.',
      }),
    find: () => Promise.resolve(undefined),
  };
}

async function readAnswer(response: Response, channel: string): Promise<SlackAnswer> {
  const body = (await response.text()).slice(0, 200);
  if (response.ok) return { outcome: 'done', channel };
  if (response.status === 429) {
    const seconds = Number(response.headers.get('retry-after') ?? afterOutageSeconds);
    return {
      outcome: 'later',
      seconds: Number.isFinite(seconds) ? seconds : afterOutageSeconds,
      reason: 'Slack limits the rate.',
    };
  }
  if (response.status >= 500) {
    const reason = `Slack answered HTTP ${String(response.status)}.`;
    return { outcome: 'later', seconds: afterOutageSeconds, reason };
  }
  const what = ofContent.has(body) ? 'content' : ofChannel.has(body) ? 'channel' : 'setup';
  return { outcome: 'refused', what, reason: `Slack says ${body} (HTTP ${String(response.status)}).` };
}
