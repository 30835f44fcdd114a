import type { MessageContent, MessageStore, SlackMessage } from './message-store.ts';
import { problemsOfBlocks, textLength } from './block-kit.ts';

/** Arguments of a Web API call, whichever way they came. */
export type Arguments = Record<string, unknown>;
export type Answer = { ok: true } & Record<string, unknown>;

/** Slack's `{ok: false, error}`, with `details` beside it. */
export class SlackError extends Error {
  override readonly name = 'SlackError';
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(code: string, details: Record<string, unknown> = {}) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

/** The one workspace that is played. */
export interface Workspace {
  team: { id: string; name: string; url: string };
  bot: { id: string; userId: string; name: string; appId: string };
  channels: readonly { id: string; name: string }[];
  store: MessageStore;
}

/** chat.postMessage cuts longer text off: https://docs.slack.dev/reference/methods/chat.postmessage */
const postedTextLimit = 40_000;
/** chat.update refuses longer text: https://docs.slack.dev/reference/methods/chat.update */
const updatedTextLimit = 4_000;
/**
 * All text of a message's blocks together. Slack names no figure; 9,597 characters were taken and 11,341 refused:
 * https://github.com/slackapi/bolt-js/issues/2867
 */
const allBlocksTextLimit = 10_000;
/** https://docs.slack.dev/messaging/message-metadata */
const metadataLimit = 16_000;
const defaultPage = 100;
const largestPage = 999;

/** The Web API methods that the workspace knows, by name. */
export function webApiMethods(workspace: Workspace): Record<string, (args: Arguments) => Answer> {
  const { store, team, bot } = workspace;

  return {
    'auth.test': () => ({
      ok: true,
      url: team.url,
      team: team.name,
      user: bot.name,
      team_id: team.id,
      user_id: bot.userId,
      bot_id: bot.id,
      is_enterprise_install: false,
    }),

    'chat.postMessage': (args) => {
      const channel = requireChannel(workspace, args);
      const content = readContent(args);
      if (content.text === undefined && content.blocks === undefined) throw new SlackError('no_text');
      const threadTs = optionalString(args, 'thread_ts');
      const parent = threadTs === undefined ? undefined : store.find(channel, threadTs);
      if (threadTs !== undefined && parent === undefined) throw new SlackError('thread_not_found');
      const message = store.post(
        channel,
        { ...content, text: (content.text ?? '').slice(0, postedTextLimit) },
        { via: 'bot', ...(parent === undefined ? {} : { threadTs: parent.threadTs ?? parent.ts }) },
      );
      return { ok: true, channel, ts: message.ts, message: asSlackShowsIt(message, workspace) };
    },

    'chat.update': (args) => {
      const channel = requireChannel(workspace, args);
      const message = store.find(channel, requireString(args, 'ts'));
      if (message === undefined) throw new SlackError('message_not_found');
      if (message.via !== 'bot') throw new SlackError('cant_update_message');
      const content = readContent(args);
      if (content.text === undefined && content.blocks === undefined) throw new SlackError('no_text');
      if ((content.text ?? '').length > updatedTextLimit) throw new SlackError('msg_too_long');
      store.update(message, content);
      return {
        ok: true,
        channel,
        ts: message.ts,
        text: message.text,
        message: asSlackShowsIt(message, workspace),
      };
    },

    'conversations.history': (args) => {
      const channel = requireChannel(workspace, args);
      const top = store
        .all()
        .filter((message) => message.channel === channel && message.threadTs === undefined);
      return page(workspace, args, [...top].reverse());
    },

    'conversations.replies': (args) => {
      const channel = requireChannel(workspace, args);
      const ts = requireString(args, 'ts');
      const thread = store
        .all()
        .filter((message) => message.channel === channel && (message.ts === ts || message.threadTs === ts));
      if (thread.length === 0) throw new SlackError('thread_not_found');
      return page(workspace, args, thread);
    },
  };
}

/** What a message has, read from a call's arguments and checked as Slack checks it. */
export function readContent(args: Arguments): Partial<MessageContent> {
  const text = optionalString(args, 'text');
  const blocks = readBlocks(args.blocks);
  const metadata = readMetadata(args.metadata);
  return {
    ...(text === undefined || text === '' ? {} : { text }),
    ...(blocks === undefined ? {} : { blocks }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function readBlocks(given: unknown): unknown[] | undefined {
  if (given === undefined || given === '') return undefined;
  const blocks = typeof given === 'string' ? fromJson(given, 'invalid_blocks_format') : given;
  if (!isList(blocks)) throw new SlackError('invalid_blocks_format');
  const problems = problemsOfBlocks(blocks);
  if (problems.length > 0) {
    throw new SlackError('invalid_blocks', {
      errors: problems,
      response_metadata: { messages: problems.map((problem) => `[ERROR] ${problem}`) },
    });
  }
  if (textLength(blocks) > allBlocksTextLimit) throw new SlackError('msg_blocks_too_long');
  return blocks;
}

function readMetadata(given: unknown): MessageContent['metadata'] {
  if (given === undefined || given === '') return undefined;
  const metadata = typeof given === 'string' ? fromJson(given, 'invalid_metadata_format') : given;
  if (typeof metadata !== 'object' || metadata === null) throw new SlackError('invalid_metadata_format');
  if (JSON.stringify(metadata).length > metadataLimit) throw new SlackError('metadata_too_large');
  if (!('event_type' in metadata) || !('event_payload' in metadata)) {
    throw new SlackError('invalid_metadata_schema');
  }
  const { event_type: eventType, event_payload: payload } = metadata;
  if (typeof eventType !== 'string' || typeof payload !== 'object' || payload === null) {
    throw new SlackError('invalid_metadata_schema');
  }
  return { event_type: eventType, event_payload: { ...payload } };
}

function page(workspace: Workspace, args: Arguments, messages: SlackMessage[]): Answer {
  const oldest = optionalString(args, 'oldest') ?? '0';
  const latest = optionalString(args, 'latest');
  const inclusive = isTrue(args.inclusive);
  const within = messages.filter(
    ({ ts }) =>
      (Number(ts) > Number(oldest) || (inclusive && ts === oldest)) &&
      (latest === undefined || Number(ts) < Number(latest) || (inclusive && ts === latest)),
  );
  const limit = Number(args.limit ?? defaultPage);
  if (!Number.isInteger(limit) || limit < 1 || limit > largestPage) throw new SlackError('invalid_limit');
  const cursor = optionalString(args, 'cursor');
  const start = cursor === undefined || cursor === '' ? 0 : readCursor(cursor);
  const end = start + limit;
  const hasMore = end < within.length;
  const withMetadata = isTrue(args.include_all_metadata);
  return {
    ok: true,
    messages: within.slice(start, end).map((message) => asSlackShowsIt(message, workspace, withMetadata)),
    has_more: hasMore,
    pin_count: 0,
    ...(hasMore ? { response_metadata: { next_cursor: writeCursor(end) } } : {}),
  };
}

function writeCursor(start: number): string {
  return Buffer.from(`next:${start}`).toString('base64');
}

function readCursor(cursor: string): number {
  const start = /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString())?.[1];
  if (start === undefined) throw new SlackError('invalid_cursor');
  return Number(start);
}

function asSlackShowsIt(message: SlackMessage, workspace: Workspace, withMetadata = true): unknown {
  const { bot, team, store } = workspace;
  const replies = store.all().filter(({ threadTs }) => threadTs === message.ts);
  const last = replies.at(-1);
  return {
    type: 'message',
    ...(message.via === 'bot'
      ? { user: bot.userId, team: team.id, app_id: bot.appId }
      : { subtype: 'bot_message' }),
    bot_id: bot.id,
    ts: message.ts,
    text: message.text,
    ...(message.blocks === undefined ? {} : { blocks: message.blocks }),
    ...(message.metadata === undefined || !withMetadata ? {} : { metadata: message.metadata }),
    ...(message.editedAt === undefined
      ? {}
      : { edited: { user: bot.id, ts: `${Math.floor(Date.parse(message.editedAt) / 1000)}.000000` } }),
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    ...(last === undefined
      ? {}
      : { thread_ts: message.ts, reply_count: replies.length, latest_reply: last.ts }),
  };
}

function requireChannel({ channels }: Workspace, args: Arguments): string {
  const given = requireString(args, 'channel');
  const channel = channels.find(({ id, name }) => given === id || given.replace(/^#/, '') === name);
  if (channel === undefined) throw new SlackError('channel_not_found');
  return channel.id;
}

function requireString(args: Arguments, name: string): string {
  const value = optionalString(args, name);
  if (value === undefined || value === '') {
    throw new SlackError('invalid_arguments', {
      response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
    });
  }
  return value;
}

function optionalString(args: Arguments, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' ? value : undefined;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}

function fromJson(text: string, errorCode: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SlackError(errorCode);
  }
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
