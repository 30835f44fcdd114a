import { randomBytes, randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { systemClock, type Clock } from '../../shared/clock.ts';
import { refuseFault } from '../fault-refusal.ts';
import { jsonOf, startHttpServer, type HttpReply, type HttpRequest } from '../http-server.ts';
import { createStatements, refuse, type WarehouseState } from './statements.ts';
import type { Warehouse } from './warehouse.ts';

/** A Databricks workspace on this machine with one SQL warehouse. */
export interface LocalDatabricks {
  url: string;
  /** A personal access token. */
  token: string;
  /** A service principal for OAuth machine to machine. */
  clientId: string;
  clientSecret: string;
  warehouseId: string;
  catalog: string;
  setFault: (fault: DatabricksFault) => void;
  /** Why nothing can be written at present; undefined when it can. */
  trouble: () => string | undefined;
  stop: () => Promise<void>;
}

/**
 * What can be made to go wrong. Over HTTP: `POST /_local/faults` with one of these as JSON.
 */
const Fault = z.discriminatedUnion('kind', [
  /** The warehouse is stopped; the next statement starts it, which takes this long. */
  z.strictObject({ kind: z.literal('stopped'), startMs: z.number() }),
  /** There is no such warehouse any more, or there is one again. */
  z.strictObject({ kind: z.literal('removed'), removed: z.boolean() }),
  /** Each statement takes at least this long; 0 for none. */
  z.strictObject({ kind: z.literal('slow'), milliseconds: z.number() }),
  /** The next requests are answered with this status. */
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int(),
    times: z.int(),
    retryAfterSeconds: z.optional(z.int()),
  }),
]);
type DatabricksFault = z.output<typeof Fault>;

const tokenLifetimeSeconds = 3_600;

/** Starts the workspace over the warehouse's data: https://docs.databricks.com/api/workspace/statementexecution */
export async function startDatabricks(options: {
  warehouse: Warehouse;
  clock?: Clock;
  onFault?: (error: unknown) => void;
}): Promise<LocalDatabricks> {
  const { warehouse, clock = systemClock, onFault = () => undefined } = options;
  const token = `dapi${randomBytes(16).toString('hex')}`;
  const [clientId, clientSecret] = [randomUUID(), `dose${randomBytes(16).toString('hex')}`];
  const warehouseId = randomBytes(8).toString('hex');
  const bearers = new Map([[token, Number.POSITIVE_INFINITY]]);
  const state: WarehouseState = { id: warehouseId, removed: false, startMs: 0, slowMs: 0 };
  const statements = createStatements(warehouse, state, clock);
  let refusal: { status: number; times: number; retryAfterSeconds?: number | undefined } = {
    status: 0,
    times: 0,
  };

  function setFault(fault: DatabricksFault): void {
    switch (fault.kind) {
      case 'stopped':
        state.startMs = fault.startMs;
        break;
      case 'removed':
        state.removed = fault.removed;
        break;
      case 'slow':
        state.slowMs = fault.milliseconds;
        break;
      case 'answer':
        refusal = { ...fault };
        break;
    }
  }

  function issueToken(request: HttpRequest): HttpReply {
    const form = new URLSearchParams(request.body);
    const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    if (form.get('grant_type') !== 'client_credentials') {
      return { status: 400, body: { error: 'unsupported_grant_type' } };
    }
    if (request.headers.authorization !== basic) {
      return {
        status: 401,
        body: { error: 'invalid_client', error_description: 'Client authentication failed' },
      };
    }
    const issued = randomBytes(24).toString('base64url');
    bearers.set(issued, clock.now().getTime() + tokenLifetimeSeconds * 1000);
    return {
      status: 200,
      body: {
        access_token: issued,
        token_type: 'Bearer',
        scope: 'all-apis',
        expires_in: tokenLifetimeSeconds,
      },
    };
  }

  async function answer(request: HttpRequest): Promise<HttpReply> {
    if (request.path.join('/') === '_local/faults') {
      const fault = Fault.safeParse(jsonOf(request.body));
      if (!fault.success) return refuseFault(Fault, fault.error);
      setFault(fault.data);
      return { status: 200, body: {} };
    }
    if (refusal.times > 0) {
      refusal.times -= 1;
      const { status, retryAfterSeconds } = refusal;
      return {
        ...refuse(status, 'TEMPORARILY_UNAVAILABLE', 'A fault that was asked for'),
        headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
      };
    }
    const path = request.path.join('/');
    if (path === 'oidc/v1/token' && request.method === 'POST') return issueToken(request);
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if ((bearers.get(bearer) ?? 0) <= clock.now().getTime()) {
      return refuse(
        401,
        'UNAUTHENTICATED',
        'Credential was not sent or was of an unsupported type for this API.',
      );
    }
    const [found, id, action, chunk] =
      /^api\/2\.0\/sql\/statements(?:\/([^/]+)(?:\/(cancel|result\/chunks)(?:\/(\d+))?)?)?$/.exec(path) ?? [];
    const way = found === undefined ? '' : `${request.method} ${action ?? ''}`;
    if (way === 'POST ' && id === undefined) return statements.submit(jsonOf(request.body));
    if (way === 'GET ' && id !== undefined) return statements.show(id);
    if (way === 'POST cancel' && id !== undefined) return statements.cancel(id);
    if (way === 'GET result/chunks' && id !== undefined) return statements.chunk(id, Number(chunk));
    return refuse(404, 'ENDPOINT_NOT_FOUND', `No API found for ${request.method} /${path}`);
  }

  const server = await startHttpServer(answer, onFault);
  return {
    url: server.url,
    token,
    clientId,
    clientSecret,
    warehouseId,
    catalog: warehouse.catalog,
    setFault,
    trouble: () =>
      state.removed ? `Databricks: the SQL warehouse ${warehouseId} does not exist.` : undefined,
    stop: async () => {
      await statements.stop();
      await server.stop();
    },
  };
}
