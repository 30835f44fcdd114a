import { randomBytes, randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { systemClock, type Clock } from '../../shared/clock.ts';
import { jsonOf, startHttpServer, type HttpReply, type HttpRequest } from '../http-server.ts';
import { toJson, type Json, type JsonObject } from '../json.ts';
import { execute, type Result } from './execute.ts';
import type { SqlError } from './sql-error.ts';
import { translateError } from './sql-error.ts';
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

interface Statement {
  id: string;
  state: 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  error?: SqlError;
  result?: Result & { truncated: boolean };
  cancel: AbortController;
  ended: Promise<void>;
}

const rowsPerChunk = 5_000;
const mostParameters = 256;
const keptStatements = 1_000;
const tokenLifetimeSeconds = 3_600;

const Request = z.strictObject({
  warehouse_id: z.string().check(z.minLength(1)),
  statement: z.string().check(z.minLength(1)),
  parameters: z.optional(
    z.array(
      z.strictObject({
        name: z.string().check(z.minLength(1)),
        value: z.nullish(z.string()),
        type: z.optional(z.string()),
      }),
    ),
  ),
  catalog: z.optional(z.string()),
  schema: z.optional(z.string()),
  row_limit: z.optional(z.int()),
  byte_limit: z.optional(z.int()),
  disposition: z.optional(z.literal('INLINE')),
  format: z.optional(z.literal('JSON_ARRAY')),
  wait_timeout: z.optional(z.string().check(z.regex(/^(0|[5-9]|[1-4]\d|50)s$/))),
  on_wait_timeout: z.optional(z.enum(['CONTINUE', 'CANCEL'])),
  query_tags: z.optional(z.unknown()),
});

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
  const statements = new Map<string, Statement>();
  let startMs = 0;
  let removed = false;
  let slowMs = 0;
  let refusal: { status: number; times: number; retryAfterSeconds?: number | undefined } = {
    status: 0,
    times: 0,
  };

  function setFault(fault: DatabricksFault): void {
    switch (fault.kind) {
      case 'stopped':
        startMs = fault.startMs;
        break;
      case 'removed':
        removed = fault.removed;
        break;
      case 'slow':
        slowMs = fault.milliseconds;
        break;
      case 'answer':
        refusal = { ...fault };
        break;
    }
  }

  async function run(statement: Statement, request: z.output<typeof Request>): Promise<void> {
    try {
      if (startMs > 0) {
        const wait = startMs;
        startMs = 0;
        await clock.sleep(wait, statement.cancel.signal);
      }
      statement.state = 'RUNNING';
      if (slowMs > 0) await clock.sleep(slowMs, statement.cancel.signal);
      statement.result = await execute(warehouse, {
        sql: request.statement,
        parameters: (request.parameters ?? []).map(({ name, value, type }) => ({
          name,
          value: value ?? null,
          type: type ?? 'STRING',
        })),
        catalog: request.catalog ?? warehouse.catalog,
        schema: request.schema ?? 'default',
        rowLimit: request.row_limit,
        signal: statement.cancel.signal,
      });
      statement.state = 'SUCCEEDED';
    } catch (error) {
      statement.state = statement.cancel.signal.aborted ? 'CANCELED' : 'FAILED';
      if (statement.state === 'FAILED') statement.error = translateError(error);
    }
  }

  async function submit(body: Json | undefined): Promise<HttpReply> {
    const parsed = Request.safeParse(body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return refuse(
        400,
        'INVALID_PARAMETER_VALUE',
        `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`,
      );
    }
    const request = parsed.data;
    if (removed || request.warehouse_id !== warehouseId) {
      return refuse(400, 'INVALID_PARAMETER_VALUE', `${request.warehouse_id} is not a valid endpoint id.`);
    }
    const { parameters = [] } = request;
    if (parameters.length > mostParameters) {
      return refuse(
        400,
        'INVALID_PARAMETER_VALUE',
        `A statement takes at most ${mostParameters} parameters, not ${parameters.length}.`,
      );
    }
    if (new Set(parameters.map(({ name }) => name)).size < parameters.length) {
      return refuse(400, 'INVALID_PARAMETER_VALUE', 'Each parameter may be given once.');
    }
    const statement: Statement = {
      id: randomUUID(),
      state: 'PENDING',
      cancel: new AbortController(),
      ended: Promise.resolve(),
    };
    statements.set(statement.id, statement);
    const [oldest] = statements.keys();
    if (statements.size > keptStatements && oldest !== undefined) statements.delete(oldest);
    statement.ended = run(statement, request);

    const waitSeconds = Number.parseInt(request.wait_timeout ?? '10s', 10);
    const waited = new AbortController();
    await Promise.race([
      statement.ended,
      clock.sleep(waitSeconds * 1000, waited.signal).catch(() => undefined),
    ]);
    waited.abort();
    if (
      request.on_wait_timeout === 'CANCEL' &&
      (statement.state === 'PENDING' || statement.state === 'RUNNING')
    ) {
      statement.cancel.abort(new Error('The wait timeout has passed.'));
      await statement.ended;
    }
    return { status: 200, body: show(statement) };
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
      if (!fault.success) return { status: 400, body: { message: z.prettifyError(fault.error) } };
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
    const [, rest] = /^api\/2\.0\/sql\/statements(?:\/(.*))?$/.exec(path) ?? [];
    if (!path.startsWith('api/2.0/sql/statements'))
      return refuse(404, 'ENDPOINT_NOT_FOUND', `No API found for /${path}`);
    if (rest === undefined) {
      return request.method === 'POST'
        ? submit(jsonOf(request.body))
        : refuse(404, 'ENDPOINT_NOT_FOUND', `No API found for ${request.method} /${path}`);
    }
    const [id = '', ...action] = rest.split('/');
    const statement = statements.get(id);
    if (statement === undefined) return refuse(404, 'NOT_FOUND', `The statement ${id} was not found.`);
    if (action.join('/') === 'cancel' && request.method === 'POST') {
      statement.cancel.abort(new Error('The statement was cancelled.'));
      await statement.ended;
      return { status: 200, body: {} };
    }
    if (action[0] === 'result' && action[1] === 'chunks') {
      const chunk = chunkOf(statement, Number(action[2]));
      return chunk === undefined
        ? refuse(400, 'INVALID_PARAMETER_VALUE', `The statement has no chunk ${action[2] ?? ''}.`)
        : { status: 200, body: chunk };
    }
    return action.length === 0
      ? { status: 200, body: show(statement) }
      : refuse(404, 'ENDPOINT_NOT_FOUND', `No API found for /${path}`);
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
    trouble: () => (removed ? `Databricks: the SQL warehouse ${warehouseId} does not exist.` : undefined),
    stop: async () => {
      for (const { cancel } of statements.values()) cancel.abort(new Error('Databricks stops.'));
      await Promise.all([...statements.values()].map(({ ended }) => ended));
      await server.stop();
    },
  };
}

function refuse(status: number, code: string, message: string): HttpReply {
  return { status, body: { error_code: code, message } };
}

function show(statement: Statement): JsonObject {
  const { id, state, error, result } = statement;
  const status: JsonObject = {
    state,
    ...(error === undefined
      ? {}
      : { error: { error_code: 'BAD_REQUEST', message: error.message }, sql_state: error.sqlState }),
  };
  if (state !== 'SUCCEEDED' || result === undefined) return { statement_id: id, status };
  return {
    statement_id: id,
    status,
    manifest: {
      format: 'JSON_ARRAY',
      schema: { column_count: result.columns.length, columns: toJson(result.columns) },
      total_chunk_count: chunkCount(result),
      total_row_count: result.rows.length,
      truncated: result.truncated,
      chunks: Array.from({ length: chunkCount(result) }, (_, index) => ({
        chunk_index: index,
        row_offset: index * rowsPerChunk,
        row_count: Math.min(rowsPerChunk, result.rows.length - index * rowsPerChunk),
      })),
    },
    result: chunkOf(statement, 0) ?? {},
  };
}

const chunkCount = ({ rows }: Result): number => Math.ceil(rows.length / rowsPerChunk);

function chunkOf({ id, result }: Statement, index: number): JsonObject | undefined {
  if (result === undefined || (index !== 0 && !(index > 0 && index < chunkCount(result)))) return undefined;
  const rows = result.rows.slice(index * rowsPerChunk, (index + 1) * rowsPerChunk);
  return {
    chunk_index: index,
    row_offset: index * rowsPerChunk,
    row_count: rows.length,
    data_array: rows,
    ...(index + 1 < chunkCount(result)
      ? {
          next_chunk_index: index + 1,
          next_chunk_internal_link: `/api/2.0/sql/statements/${id}/result/chunks/${index + 1}?row_offset=${(index + 1) * rowsPerChunk}`,
        }
      : {}),
  };
}
