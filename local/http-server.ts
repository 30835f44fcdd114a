import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { isJson, type Json } from './json.ts';
import { listenOnLoopback, readBody } from './loopback.ts';

/** One request to a service of the local stack, with its body read. */
export interface HttpRequest {
  method: string;
  /** Decoded segments of the path: `/v1/a%20b` is `['v1', 'a b']`. */
  path: string[];
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface HttpReply {
  status: number;
  body?: Json;
  headers?: OutgoingHttpHeaders;
}

/** A service on a free loopback port. */
export interface HttpServer {
  url: string;
  /** Closes the port and every open connection. */
  stop: () => Promise<void>;
}

const largestBody = 16 * 1024 * 1024;

/** Serves JSON on 127.0.0.1. What `answer` throws is a fault of ours: 500, and `onFault` hears of it. */
export async function startHttpServer(
  answer: (request: HttpRequest) => Promise<HttpReply>,
  onFault: (error: unknown) => void,
): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => {
    void readRequest(incoming)
      .then((request): HttpReply | Promise<HttpReply> =>
        request === undefined ? { status: 413 } : answer(request),
      )
      .catch((error: unknown): HttpReply => {
        onFault(error);
        return { status: 500, body: { code: 'InternalServerError', message: 'Internal server error' } };
      })
      .then(({ status, body, headers }) => {
        outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
        outgoing.end(body === undefined ? undefined : JSON.stringify(body));
      })
      .catch(onFault);
  });
  const { port, stop } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** The request with its body, or `undefined` when the body is too large. */
async function readRequest(incoming: IncomingMessage): Promise<HttpRequest | undefined> {
  const body = await readBody(incoming, largestBody);
  if (body === undefined) return undefined;
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname.split('/').filter(Boolean).map(decode),
    query: url.searchParams,
    headers: incoming.headers,
    body: body.toString('utf8'),
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The JSON of a body; `undefined` when it is not JSON. */
export function jsonOf(body: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
