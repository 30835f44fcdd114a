import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import {
  AccessDeniedError,
  FivetranRequestError,
  NotFoundError,
  UnavailableError,
  UnexpectedAnswerError,
} from '../../errors.ts';
import { createFivetranHttp } from './http.ts';

type Reply = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(
    servers.splice(0).map(async (server) => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }),
  );
});

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const ok = json(200, { code: 'Success', data: { id: 'x' } });

/** A server that gives the replies in turn (the last one again and again) and remembers what it was asked. */
async function serverWith(...replies: Reply[]) {
  const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      replies[Math.min(seen.length, replies.length) - 1]!(request, response, body);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const slept: number[] = [];
  const time = { ms: Date.parse('2026-01-01T00:00:00Z'), endMs: Number.POSITIVE_INFINITY };
  const clock: Clock = {
    now: () => new Date(time.ms),
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
  };
  const keys: { fresh: boolean }[] = [];
  const http = createFivetranHttp({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: ({ fresh = false } = {}) => {
      keys.push({ fresh });
      return Promise.resolve({ apiKey: fresh ? 'new-key' : 'the-key', apiSecret: 'the-secret' });
    },
    clock,
    timeLeftMs: () => time.endMs - time.ms,
    random: () => 1,
  });
  return { http, seen, slept, keys, server, time };
}

const get = {
  method: 'GET',
  path: '/v1/things',
  data: z.object({ id: z.string() }),
  repeatable: true,
} as const;

describe('a request to Fivetran', () => {
  test('is given up in time for the function to say so, when Fivetran swallows it', async () => {
    const { http, seen, time } = await serverWith((_request, response) => {
      // As long as a try may take, without waiting for it.
      time.ms += 15_000;
      response.destroy();
    });
    time.endMs = time.ms + 32_000;
    await expect(http.send(get)).rejects.toThrow(UnavailableError);
    expect(seen).toHaveLength(2);
  });

  test('shares the time of the invocation with the requests before it', async () => {
    const { http, seen, time } = await serverWith(ok);
    time.endMs = time.ms + 20_000;
    await http.send(get);
    time.ms += 17_500;
    await expect(http.send(get)).rejects.toThrow(UnavailableError);
    expect(seen).toHaveLength(1);
  });

  test('is cut short when the invocation ends before its own time limit', async () => {
    const { http, seen, time } = await serverWith((_request, response) => {
      time.ms = time.endMs - 1_000;
      // It never answers.
      response.flushHeaders();
    });
    time.endMs = time.ms + 3_050;
    await expect(http.send(get)).rejects.toThrow(UnavailableError);
    expect(seen).toHaveLength(1);
  });

  test('does not wait for longer than the invocation has', async () => {
    const { http, slept, time } = await serverWith(json(429, {}, { 'retry-after': '9' }));
    time.endMs = time.ms + 10_000;
    await expect(http.send(get)).rejects.toThrow('it asks to wait 9 s');
    expect(slept).toEqual([]);
  });

  test('carries the key as basic authentication and the Accept header of its resource', async () => {
    const { http, seen } = await serverWith(ok);
    await http.send(get);
    await http.send({ ...get, version: 2 });
    expect(seen[0]!.headers.authorization).toBe(
      `Basic ${Buffer.from('the-key:the-secret').toString('base64')}`,
    );
    expect(seen.map(({ headers }) => headers.accept)).toEqual([
      'application/json',
      'application/json;version=2',
    ]);
  });

  test('tells the time of Fivetran, not ours', async () => {
    const { http } = await serverWith(
      json(200, { code: 'Success', data: { id: 'x' } }, { date: 'Sun, 22 Nov 2026 18:00:00 GMT' }),
    );
    expect((await http.send(get)).serverTime.toISOString()).toBe('2026-11-22T18:00:00.000Z');
  });

  test('waits as long as Retry-After says when it is throttled, then goes on', async () => {
    const { http, slept } = await serverWith(json(429, {}, { 'retry-after': '3' }), ok);
    expect((await http.send({ ...get, method: 'POST', repeatable: false })).data).toEqual({ id: 'x' });
    expect(slept).toEqual([3250]);
  });

  test('leaves a long Retry-After to the state machine', async () => {
    const { http, seen, slept } = await serverWith(json(429, {}, { 'retry-after': '600' }));
    await expect(http.send(get)).rejects.toThrow(
      new UnavailableError('Fivetran limits our requests (GET /v1/things); it asks to wait 600 s.'),
    );
    expect([seen.length, slept]).toEqual([1, []]);
  });

  test('is repeated on 5xx with growing pauses, four times at most', async () => {
    const { http, seen, slept } = await serverWith(json(503, {}));
    await expect(http.send(get)).rejects.toThrow(UnavailableError);
    expect([seen.length, slept]).toEqual([4, [500, 1000, 2000]]);
  });

  test('is repeated when the connection breaks', async () => {
    const { http } = await serverWith((request) => request.socket.destroy(), ok);
    expect((await http.send(get)).data).toEqual({ id: 'x' });
  });

  test('that creates something is not repeated when Fivetran may have done it', async () => {
    const { http, seen } = await serverWith(json(502, {}));
    await expect(http.send({ ...get, method: 'POST', repeatable: false })).rejects.toThrow(UnavailableError);
    expect(seen).toHaveLength(1);
  });

  test('is given up after its timeout', async () => {
    const { http } = await serverWith(() => undefined);
    await expect(http.send({ ...get, repeatable: false, timeoutMs: 50 })).rejects.toThrow(UnavailableError);
  });

  test('reads the key anew, once, when Fivetran does not accept it', async () => {
    const { http, keys, seen } = await serverWith(json(401, { code: 'Unauthorized' }), ok);
    await http.send(get);
    expect(keys).toEqual([{ fresh: false }, { fresh: true }]);
    expect(seen[1]!.headers.authorization).toBe(
      `Basic ${Buffer.from('new-key:the-secret').toString('base64')}`,
    );
  });

  test('with a wrong key fails with the name of the setting to change', async () => {
    const { http } = await serverWith(json(401, { code: 'Unauthorized', message: 'no the-secret here' }));
    const failure = http.send(get);
    await expect(failure).rejects.toThrow(AccessDeniedError);
    await expect(failure).rejects.toThrow(/FIVETRAN_SECRET_ID/);
    await expect(failure).rejects.not.toThrow(/the-secret/);
  });

  test('refused otherwise carries the code and the message, and no secret that was sent', async () => {
    const { http } = await serverWith(
      json(400, { code: 'InvalidInput', message: 'Password hunter22 is too weak' }),
    );
    const failure = await http
      .send({ ...get, method: 'POST', body: { config: { password: 'hunter22' } } })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FivetranRequestError);
    expect(failure).toMatchObject({ status: 400, code: 'InvalidInput' });
    expect((failure as Error).message).toContain('Password *** is too weak');
  });

  test('for a thing that is not there fails by name', async () => {
    const { http } = await serverWith(json(404, { code: 'NotFound', message: 'no such thing' }));
    await expect(http.send(get)).rejects.toThrow(NotFoundError);
  });

  test.each([
    [
      'an answer without JSON',
      (_request: IncomingMessage, response: ServerResponse) => response.end('<html>'),
    ],
    ['an answer without the promised field', json(200, { code: 'Success', data: { name: 'x' } })],
  ])('takes %s as an error that says so', async (_what, reply) => {
    const { http } = await serverWith(reply);
    await expect(http.send(get)).rejects.toThrow(UnexpectedAnswerError);
  });
});
