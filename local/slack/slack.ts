import http from 'node:http';
import * as z from 'zod/mini';
import { systemClock, type Clock } from '../../shared/clock.ts';
import { listenOnLoopback, readBody } from '../loopback.ts';
import { createFaults, SlackFault, type SlackFaultInput } from './faults.ts';
import { createMessageStore, type SlackMessage } from './message-store.ts';
import { readContent, SlackError, webApiMethods, type Arguments, type Workspace } from './web-api.ts';

export type { SlackMessage } from './message-store.ts';

/** A running Slack workspace with two channels and a bot that is in both. */
export interface Slack {
  /** Base URL of the Web API, as `https://slack.com/api` is for the real one. */
  url: string;
  /** GET: every message as JSON, replies, edits and times included, oldest first. */
  messagesUrl: string;
  /** URL of an incoming webhook into the first channel. */
  incomingWebhookUrl: string;
  botToken: string;
  /** Id of the channel that alerts go to. */
  channel: string;
  /** Id of another one, for those that are routed elsewhere. */
  secondChannel: string;
  messages: () => readonly SlackMessage[];
  faults: { add: (fault: SlackFaultInput) => void; clear: () => void };
  stop: () => Promise<void>;
}

const team = { id: 'T0LOCAL01', name: 'Local workspace', url: 'https://local.slack.com/' };
const bot = { id: 'B0LOCAL01', userId: 'U0LOCAL01', name: 'fivetran-privatelink', appId: 'A0LOCAL01' };
const channel = { id: 'C0LOCAL01', name: 'data-on-call' };
const secondChannel = { id: 'C0LOCAL02', name: 'data-sales' };
const webhookPath = `/services/${team.id}/${bot.id}/localIncomingWebhook`;
const requestLimitBytes = 1_000_000;

/**
 * Starts Slack on a free port of this machine. It answers what Slack answers: `{ok: false, error}` with status 200
 * for what it refuses, 429 with Retry-After, and plain text for incoming webhooks.
 *
 * `POST /_local/faults` takes one fault or a list of them (faults.ts), `GET` shows and `DELETE` clears them.
 */
export async function startSlack({ clock = systemClock }: { clock?: Clock } = {}): Promise<Slack> {
  const store = createMessageStore(clock);
  const workspace: Workspace = { team, bot, channels: [channel, secondChannel], store };
  const methods = webApiMethods(workspace);
  const faults = createFaults();
  const botToken = `xoxb-local-${Math.random().toString(36).slice(2)}`;

  const webApi = (method: string, request: Request): Reply => {
    const handler = methods[method];
    if (handler === undefined) return refusal('unknown_method');
    try {
      const args = readArguments(request);
      const token = readToken(request, args);
      if (token === undefined) return refusal('not_authed');
      if (token !== botToken) return refusal('invalid_auth');
      return json(200, handler(args));
    } catch (error) {
      if (error instanceof SlackError) return refusal(error.code, error.details);
      throw error;
    }
  };

  /** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
  const incomingWebhook = (request: Request): Reply => {
    if (request.path !== webhookPath) return plain(404, 'no_service');
    try {
      const args = readWebhookPayload(request);
      const content = readContent(args);
      if (content.text === undefined && content.blocks === undefined) return plain(400, 'no_text');
      store.post(channel.id, { ...content, text: content.text ?? '' }, { via: 'incoming-webhook' });
      return plain(200, 'ok');
    } catch (error) {
      if (error instanceof SlackError) return plain(400, error.code);
      throw error;
    }
  };

  const faultControl = (request: Request): Reply => {
    if (request.method === 'DELETE') faults.clear();
    if (request.method === 'POST') {
      const given: unknown = JSON.parse(request.body);
      for (const fault of z.array(SlackFault).parse(Array.isArray(given) ? given : [given]))
        faults.add(fault);
    }
    return json(200, { faults: faults.list() });
  };

  const route = (request: Request): Reply | 'reset' | 'silent' => {
    if (request.path === '/_local/faults') return faultControl(request);
    if (request.path === '/_local/messages') return json(200, store.all());
    const method = request.path.startsWith('/services/')
      ? 'incoming-webhook'
      : request.path.slice('/api/'.length);
    const answer = (): Reply =>
      method === 'incoming-webhook' ? incomingWebhook(request) : webApi(method, request);
    const fault = faults.strike(method, () =>
      method === 'incoming-webhook' ? channel.id : readArguments(request).channel,
    );
    return fault === undefined ? answer() : afterFault(fault, method, answer);
  };

  const server = http.createServer((incoming, response) => {
    void readRequest(incoming).then(
      (request) => {
        const reply = request === undefined ? plain(413, '') : safely(() => route(request));
        if (reply === 'reset') incoming.socket.resetAndDestroy();
        else if (reply !== 'silent') response.writeHead(reply.status, reply.headers).end(reply.body);
      },
      // The client went away: nobody is left to answer.
      () => response.destroy(),
    );
  });
  const { port, stop } = await listenOnLoopback(server);
  const origin = `http://127.0.0.1:${port}`;

  return {
    url: `${origin}/api`,
    messagesUrl: `${origin}/_local/messages`,
    incomingWebhookUrl: `${origin}${webhookPath}`,
    botToken,
    channel: channel.id,
    secondChannel: secondChannel.id,
    messages: () => store.all(),
    faults: { add: (fault) => faults.add(fault), clear: () => faults.clear() },
    stop,
  };
}

interface Request {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: string;
}

interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

function afterFault(fault: SlackFault, method: string, answer: () => Reply): Reply | 'reset' | 'silent' {
  const isWebhook = method === 'incoming-webhook';
  switch (fault.kind) {
    case 'rate-limited': {
      const reply = isWebhook ? plain(429, 'rate_limited') : json(429, { ok: false, error: 'ratelimited' });
      reply.headers['retry-after'] = String(fault.retryAfterSeconds);
      return reply;
    }
    case 'unavailable':
      return plain(fault.status, 'upstream connect error or disconnect/reset before headers');
    case 'silent':
    case 'reset':
      return fault.kind;
    case 'answer-lost':
      answer();
      return 'reset';
    case 'error':
      return isWebhook ? plain(403, fault.error) : refusal(fault.error);
  }
}

function safely(route: () => Reply | 'reset' | 'silent'): Reply | 'reset' | 'silent' {
  try {
    return route();
  } catch (error) {
    return json(400, { ok: false, error: 'invalid_request', detail: String(error) });
  }
}

/** The request with its body, or `undefined` when that is too large. */
async function readRequest(incoming: http.IncomingMessage): Promise<Request | undefined> {
  const body = await readBody(incoming, requestLimitBytes);
  if (body === undefined) return undefined;
  const url = new URL(incoming.url ?? '/', 'http://localhost');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: body.toString('utf8'),
  };
}

/** Slack takes arguments as a form, as JSON, or in the query of a GET: https://docs.slack.dev/apis/web-api */
function readArguments({ headers, body, query }: Request): Arguments {
  const fromQuery = Object.fromEntries(query);
  const type = headers['content-type'] ?? '';
  if (body === '') return fromQuery;
  if (type.startsWith('application/json')) return { ...fromQuery, ...readJsonObject(body) };
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return { ...fromQuery, ...Object.fromEntries(new URLSearchParams(body)) };
  }
  throw new SlackError('invalid_post_type');
}

/** In a JSON request the token counts only in the Authorization header. */
function readToken({ headers }: Request, args: Arguments): string | undefined {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const isJson = (headers['content-type'] ?? '').startsWith('application/json');
  const token = args.token;
  return !isJson && typeof token === 'string' ? token : undefined;
}

function readWebhookPayload({ headers, body }: Request): Arguments {
  const isForm = (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const payload = isForm ? (new URLSearchParams(body).get('payload') ?? '') : body;
  try {
    return readJsonObject(payload);
  } catch {
    throw new SlackError('invalid_payload');
  }
}

function readJsonObject(text: string): Arguments {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SlackError('invalid_json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SlackError('json_not_object');
  }
  return { ...value };
}

function refusal(error: string, details: Record<string, unknown> = {}): Reply {
  return json(200, { ok: false, error, ...details });
}

function json(status: number, value: unknown): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}

function plain(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
