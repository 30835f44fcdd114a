import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startSlack, type Slack as LocalSlack } from '../../../local/slack/slack.ts';
import { parse } from '../../contracts/parse.ts';
import { createSlack } from './connect.ts';
import type { Slack } from './slack.ts';

let local: LocalSlack;
let secret: Record<string, string>;
let reads: boolean[];
let slack: Slack;

beforeAll(async () => {
  local = await startSlack();
});
afterAll(() => local.stop());

beforeEach(() => {
  local.faults.clear();
  secret = { botToken: local.botToken };
  reads = [];
  slack = createSlack({
    baseUrl: local.url,
    secretId: 'stack/slack',
    secrets: {
      read: (_, schema, options) => {
        reads.push(options?.fresh === true);
        return Promise.resolve(parse(schema, secret, 'The secret'));
      },
    },
  });
});

const post = (more: object = {}) =>
  slack.post({ channel: local.channel, text: 'hello', messageId: 'm-1', ...more });

test('a message is found again by its own id, in the channel and in a thread', async () => {
  const since = new Date();
  const first = await post({ messageId: 'incident/1' });
  expect(first.outcome).toBe('done');
  const ts = first.outcome === 'done' ? first.ts! : '';
  await post({ messageId: 'incident/2', threadTs: ts });
  expect(await slack.find({ channel: local.channel, since }, 'incident/1')).toBe(ts);
  expect(await slack.find({ channel: local.channel, threadTs: ts, since }, 'incident/2')).toBeDefined();
  expect(await slack.find({ channel: local.channel, since }, 'incident/3')).toBeUndefined();
});

test('without the scope for history nothing is found, and nothing fails', async () => {
  local.faults.add({ kind: 'error', error: 'missing_scope', method: 'conversations.history' });
  expect(await slack.find({ channel: local.channel, since: new Date() }, 'x')).toBeUndefined();
});

test.each([
  [
    { kind: 'rate-limited' as const, retryAfterSeconds: 17 },
    { outcome: 'later', seconds: 17 },
  ],
  [{ kind: 'unavailable' as const }, { outcome: 'later' }],
  [{ kind: 'reset' as const }, { outcome: 'later', perhaps: true }],
  [{ kind: 'error' as const, error: 'internal_error' }, { outcome: 'later' }],
  [
    { kind: 'error' as const, error: 'token_revoked' },
    { outcome: 'refused', what: 'setup' },
  ],
  [
    { kind: 'error' as const, error: 'channel_not_found' },
    { outcome: 'refused', what: 'channel' },
  ],
  [
    { kind: 'error' as const, error: 'invalid_blocks' },
    { outcome: 'refused', what: 'content' },
  ],
])('%o is told apart', async (fault, answer) => {
  local.faults.add(fault);
  expect(await post()).toMatchObject(answer);
});

test('a Slack that never answers is given up, and the message may have arrived', async () => {
  local.faults.add({ kind: 'silent', times: 1 });
  expect(await post()).toMatchObject({ outcome: 'later', perhaps: true });
});

test('a refused token is read anew once: it may have been replaced', async () => {
  secret = { botToken: 'xoxb-old' };
  const refused = await post();
  expect(refused).toMatchObject({ outcome: 'refused', what: 'setup' });
  expect(reads).toEqual([false, true]);
  secret = { botToken: local.botToken };
  expect(await post()).toMatchObject({ outcome: 'done' });
});

test('an incoming webhook posts, and says what it cannot do', async () => {
  secret = { webhookUrl: local.incomingWebhookUrl };
  expect(await post()).toEqual({ outcome: 'done', channel: local.channel });
  expect(await slack.update(local.channel, '1', { text: 'x' })).toMatchObject({ what: 'message' });
  local.faults.add({ kind: 'rate-limited', retryAfterSeconds: 9, times: 1 });
  expect(await post()).toMatchObject({ outcome: 'later', seconds: 9 });
  local.faults.add({ kind: 'reset', times: 1 });
  const answer = await post();
  expect(answer).toMatchObject({ outcome: 'later', perhaps: true });
  expect(JSON.stringify(answer)).not.toContain('/services/');
});

test('a bot without a channel says which setting is missing', async () => {
  expect(await post({ channel: '' })).toMatchObject({ outcome: 'refused', what: 'setup' });
});
