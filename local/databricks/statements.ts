import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import type { Clock } from '../../shared/clock.ts';
import type { HttpReply } from '../http-server.ts';
import { toJson, type Json, type JsonObject } from '../json.ts';
import { execute, type Result } from './execute.ts';
import { translateError, type SqlError } from './sql-error.ts';
import type { Warehouse } from './warehouse.ts';

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

/** How the SQL warehouse is, before each statement. */
export interface WarehouseState {
  id: string;
  /** Whether there is no such warehouse any more. */
  removed: boolean;
  /** Milliseconds that the next statement waits for a stopped warehouse; it is running then. */
  startMs: number;
  /** Milliseconds that each statement takes at least. */
  slowMs: number;
}

/** The statements of one warehouse: https://docs.databricks.com/api/workspace/statementexecution */
export interface Statements {
  submit: (body: Json | undefined) => Promise<HttpReply>;
  show: (id: string) => HttpReply;
  cancel: (id: string) => Promise<HttpReply>;
  /** Rows of a result beyond its first chunk. */
  chunk: (id: string, index: number) => HttpReply;
  /** Cancels whatever runs, and waits for it. */
  stop: () => Promise<void>;
}

export function createStatements(warehouse: Warehouse, state: WarehouseState, clock: Clock): Statements {
  const statements = new Map<string, Statement>();

  async function run(statement: Statement, request: z.output<typeof Request>): Promise<void> {
    try {
      if (state.startMs > 0) {
        const wait = state.startMs;
        state.startMs = 0;
        await clock.sleep(wait, statement.cancel.signal);
      }
      statement.state = 'RUNNING';
      if (state.slowMs > 0) await clock.sleep(state.slowMs, statement.cancel.signal);
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
    if (state.removed || request.warehouse_id !== state.id) {
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

  const known = (id: string, answer: (statement: Statement) => HttpReply): HttpReply => {
    const statement = statements.get(id);
    return statement === undefined
      ? refuse(404, 'NOT_FOUND', `The statement ${id} was not found.`)
      : answer(statement);
  };

  return {
    submit,
    show: (id) => known(id, (statement) => ({ status: 200, body: show(statement) })),
    async cancel(id) {
      const statement = statements.get(id);
      statement?.cancel.abort(new Error('The statement was cancelled.'));
      await statement?.ended;
      return known(id, () => ({ status: 200, body: {} }));
    },
    chunk: (id, index) =>
      known(id, (statement) => {
        const chunk = chunkOf(statement, index);
        return chunk === undefined
          ? refuse(400, 'INVALID_PARAMETER_VALUE', `The statement has no chunk ${String(index)}.`)
          : { status: 200, body: chunk };
      }),
    stop: async () => {
      for (const { cancel } of statements.values()) cancel.abort(new Error('Databricks stops.'));
      await Promise.all([...statements.values()].map(({ ended }) => ended));
    },
  };
}

/** An error as Databricks answers it. */
export function refuse(status: number, code: string, message: string): HttpReply {
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
