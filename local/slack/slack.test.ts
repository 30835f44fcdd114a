import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSlack, type Slack } from './slack.ts';

let slack: Slack;
let client: WebClient;

beforeEach(async () => {
  slack = await startSlack();
  client = createClient(slack.botToken);
});

afterEach(() => slack.stop());

const createClient = (token?: string): WebClient =>
  new WebClient(token, {
    slackApiUrl: `${slack.url}/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });

const callJson = async (method: string, body: unknown, token: string | null = slack.botToken) => {
  const response = await fetch(`${slack.url}/${method}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
};

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no error',
    (error: unknown) => String((error as { data?: { error: string } }).data?.error ?? error),
  );

test('keeps a message with blocks, metadata, thread and edits', async () => {
  const metadata = { event_type: 'incident', event_payload: { id: 'i-1' } };
  const first = await client.chat.postMessage({
    channel: slack.channel,
    text: 'Sync failed',
    blocks: [section('*Sync* failed')],
    metadata,
  });
  await client.chat.postMessage({ channel: slack.channel, text: 'again', thread_ts: first.ts! });
  await client.chat.update({
    channel: slack.channel,
    ts: first.ts!,
    text: 'Resolved',
    blocks: [section('ok')],
  });

  const [message, reply] = slack.messages();
  expect(message).toMatchObject({ text: 'Resolved', metadata, earlier: [{ text: 'Sync failed' }] });
  expect(message?.editedAt).toBeDefined();
  expect(reply).toMatchObject({ text: 'again', threadTs: first.ts });
  const seen: unknown = await (await fetch(slack.messagesUrl)).json();
  expect(seen).toEqual(JSON.parse(JSON.stringify(slack.messages())));
});

test('takes the same call as JSON', async () => {
  const answer = await callJson('chat.postMessage', {
    channel: '#data-on-call',
    blocks: [section('hello')],
    metadata: { event_type: 'incident', event_payload: {} },
  });
  expect(answer).toMatchObject({ ok: true, channel: slack.channel });
  expect(slack.messages()[0]?.metadata).toEqual({ event_type: 'incident', event_payload: {} });
});

test('history shows top messages only, newest first, paged, with metadata when asked for', async () => {
  for (const text of ['one', 'two', 'three']) {
    await client.chat.postMessage({
      channel: slack.channel,
      text,
      metadata: { event_type: 'incident', event_payload: { text } },
    });
  }
  const parent = slack.messages()[0]!.ts;
  await client.chat.postMessage({ channel: slack.channel, text: 'reply', thread_ts: parent });

  const first = await client.conversations.history({
    channel: slack.channel,
    limit: 2,
    include_all_metadata: true,
  });
  expect(first.messages?.map(({ text }) => text)).toEqual(['three', 'two']);
  expect(first.messages?.[0]?.metadata?.event_type).toBe('incident');
  const second = await client.conversations.history({
    channel: slack.channel,
    limit: 2,
    cursor: first.response_metadata!.next_cursor!,
  });
  expect(second.messages?.map(({ text, reply_count }) => [text, reply_count])).toEqual([['one', 1]]);
  expect(second.messages?.[0]?.metadata).toBeUndefined();
  const since = await client.conversations.history({
    channel: slack.channel,
    oldest: slack.messages()[1]!.ts,
  });
  expect(since.messages?.map(({ text }) => text)).toEqual(['three']);
});

test('says who the bot is', async () => {
  expect(await client.auth.test()).toMatchObject({ ok: true, bot_id: 'B0LOCAL01' });
});

test.each([
  ['not_authed', () => createClient().chat.postMessage({ channel: slack.channel, text: 'x' })],
  ['invalid_auth', () => createClient('xoxb-wrong').auth.test()],
  ['channel_not_found', () => client.chat.postMessage({ channel: 'C0OTHER', text: 'x' })],
  ['no_text', () => client.chat.postMessage({ channel: slack.channel, text: '' })],
  [
    'thread_not_found',
    () => client.chat.postMessage({ channel: slack.channel, text: 'x', thread_ts: '1.2' }),
  ],
  ['message_not_found', () => client.chat.update({ channel: slack.channel, ts: '1.2', text: 'x' })],
  [
    'msg_blocks_too_long',
    () =>
      client.chat.postMessage({
        channel: slack.channel,
        text: 'x',
        blocks: Array.from({ length: 4 }, () => section('x'.repeat(2900))),
      }),
  ],
  ['unknown_method', () => client.apiCall('chat.postMessages', {})],
])('answers %s', async (error, call) => {
  expect(await errorOf(call())).toBe(error);
});

test('refuses an update whose text is too long, and JSON that is not', async () => {
  const { ts } = await client.chat.postMessage({ channel: slack.channel, text: 'x' });
  expect(await errorOf(client.chat.update({ channel: slack.channel, ts: ts!, text: 'x'.repeat(4001) }))).toBe(
    'msg_too_long',
  );
  expect(await callJson('auth.test', '{')).toMatchObject({ ok: false, error: 'invalid_json' });
  expect(await callJson('auth.test', { token: slack.botToken }, null)).toMatchObject({
    error: 'not_authed',
  });
});

test('refuses invalid blocks and says where', async () => {
  const answer = await callJson('chat.postMessage', {
    channel: slack.channel,
    blocks: [section('x'.repeat(3001))],
  });
  expect(answer).toMatchObject({
    ok: false,
    error: 'invalid_blocks',
    response_metadata: {
      messages: expect.arrayContaining([
        '[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
      ]) as unknown,
    },
  });
});

test('an incoming webhook posts and answers in plain text', async () => {
  const post = async (body: string, url = slack.incomingWebhookUrl): Promise<[number, string]> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return [response.status, await response.text()];
  };
  expect(await post('{"text":"hello"}')).toEqual([200, 'ok']);
  expect(await post('hello')).toEqual([400, 'invalid_payload']);
  expect(await post('{}')).toEqual([400, 'no_text']);
  expect(await post('{"blocks":[{"type":"what"}]}')).toEqual([400, 'invalid_blocks']);
  expect(await post('{"text":"x"}', `${slack.incomingWebhookUrl}x`)).toEqual([404, 'no_service']);
  expect(slack.messages()).toMatchObject([{ text: 'hello', via: 'incoming-webhook' }]);
});

test('limits the rate with Retry-After as many times as told, then serves', async () => {
  slack.faults.add({ kind: 'rate-limited', retryAfterSeconds: 7, times: 1 });
  await expect(client.auth.test()).rejects.toMatchObject({ retryAfter: 7 });
  expect((await client.auth.test()).ok).toBe(true);
});

test('faults are switched over HTTP, for one method', async () => {
  const faultsUrl = slack.messagesUrl.replace('messages', 'faults');
  const put = (body: unknown) => fetch(faultsUrl, { method: 'POST', body: JSON.stringify(body) });
  expect((await put([{ kind: 'error', error: 'token_revoked', method: 'chat.postMessage' }])).status).toBe(
    200,
  );
  expect((await put({ kind: 'explode' })).status).toBe(400);
  expect(await errorOf(client.chat.postMessage({ channel: slack.channel, text: 'x' }))).toBe('token_revoked');
  expect((await client.auth.test()).ok).toBe(true);
  await fetch(faultsUrl, { method: 'DELETE' });
  expect((await client.chat.postMessage({ channel: slack.channel, text: 'x' })).ok).toBe(true);
});

test('an answer that is lost leaves the message posted', async () => {
  slack.faults.add({ kind: 'answer-lost', times: 1 });
  await expect(client.chat.postMessage({ channel: slack.channel, text: 'once' })).rejects.toThrow();
  expect(slack.messages().map(({ text }) => text)).toEqual(['once']);
});

test.each(['unavailable', 'reset'] as const)('an outage (%s) posts nothing', async (kind) => {
  slack.faults.add({ kind });
  await expect(client.chat.postMessage({ channel: slack.channel, text: 'x' })).rejects.toThrow();
  expect(slack.messages()).toEqual([]);
});
