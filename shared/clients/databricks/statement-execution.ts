import * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import { AccessDeniedError, ConfigError, DestinationQueryError, UnavailableError } from '../../errors.ts';
import type { WorkspaceHttp } from './http.ts';
import type { Statement } from './statements.ts';

/** All rows of one statement, as text or null in the order of `columns`. */
export interface StatementResult {
  columns: string[];
  rows: (string | null)[][];
}

/** Runs statements on a SQL warehouse: https://docs.databricks.com/api/workspace/statementexecution */
export interface StatementExecution {
  /**
   * Waits for the warehouse to start and the statement to end, and cancels it when that takes too long.
   *
   * @throws DestinationQueryError when Databricks failed the statement; its `code` says why
   * @throws UnavailableError when it did not end in time
   * @throws ConfigError when there is no such warehouse, AccessDeniedError when a right is missing
   */
  run(statement: Statement): Promise<StatementResult>;
}

interface Settings {
  http: WorkspaceHttp;
  warehouseId: () => Promise<string>;
  clock: Clock;
  /** For one statement, the start of the warehouse included. */
  deadlineSeconds: number;
}

const statementsPath = '/api/2.0/sql/statements';
const serverWaitSeconds = 30;
const pollMs = [250, 500, 1_000, 2_000, 3_000];

const Cell = z.nullable(z.string());
const ResultPart = z.object({
  data_array: z.nullish(z.array(z.array(Cell))),
  next_chunk_index: z.nullish(z.number()),
  next_chunk_internal_link: z.nullish(z.string()),
});
const Reply = z.object({
  statement_id: z.string(),
  status: z.object({
    state: z.string(),
    error: z.nullish(
      z.object({ error_code: z._default(z.string(), ''), message: z._default(z.string(), '') }),
    ),
  }),
  manifest: z.nullish(
    z.object({
      schema: z.object({ columns: z._default(z.array(z.object({ name: z.string() })), []) }),
      truncated: z.nullish(z.boolean()),
    }),
  ),
  result: z.nullish(ResultPart),
});
type Reply = z.output<typeof Reply>;
const Refusal = z.object({ error_code: z._default(z.string(), ''), message: z._default(z.string(), '') });

export function createStatementExecution(settings: Settings): StatementExecution {
  const { http, warehouseId, clock, deadlineSeconds } = settings;

  async function settle(statement: Statement): Promise<Reply> {
    const endsAt = clock.now().getTime() + deadlineSeconds * 1000;
    let reply = read(
      await http.send('POST', statementsPath, {
        warehouse_id: await warehouseId(),
        statement: statement.sql,
        parameters: statement.parameters,
        disposition: 'INLINE',
        format: 'JSON_ARRAY',
        wait_timeout: `${String(Math.max(5, Math.min(serverWaitSeconds, deadlineSeconds)))}s`,
        on_wait_timeout: 'CONTINUE',
      }),
    );
    for (let polls = 0; reply.status.state === 'PENDING' || reply.status.state === 'RUNNING'; polls += 1) {
      const { state } = reply.status;
      const left = endsAt - clock.now().getTime();
      if (left <= 0) {
        await http.send('POST', `${statementsPath}/${encodeURIComponent(reply.statement_id)}/cancel`);
        throw new UnavailableError(
          state === 'PENDING'
            ? `The SQL warehouse did not start within ${String(deadlineSeconds)} s.`
            : `Databricks did not finish a statement within ${String(deadlineSeconds)} s; it was cancelled.`,
        );
      }
      await clock.sleep(Math.min(pollMs[polls] ?? 5_000, left));
      reply = read(await http.send('GET', `${statementsPath}/${encodeURIComponent(reply.statement_id)}`));
    }
    return reply;
  }

  return {
    async run(statement) {
      const reply = await settle(statement);
      if (reply.status.state !== 'SUCCEEDED') throw failure(reply);
      const rows = [...(reply.result?.data_array ?? [])];
      let next = reply.result?.next_chunk_index ?? undefined;
      while (next !== undefined) {
        const answer = await http.send(
          'GET',
          `${statementsPath}/${encodeURIComponent(reply.statement_id)}/result/chunks/${String(next)}`,
        );
        const part = z.safeParse(ResultPart, answer.body);
        if (answer.status !== 200 || !part.success) throw refused(answer);
        rows.push(...(part.data.data_array ?? []));
        next = part.data.next_chunk_index ?? undefined;
      }
      if (reply.manifest?.truncated === true) {
        throw new DestinationQueryError(
          'Databricks cut the result of a statement at its size limit.',
          'TRUNCATED',
        );
      }
      return { columns: (reply.manifest?.schema.columns ?? []).map(({ name }) => name), rows };
    },
  };
}

function read(answer: { status: number; body: unknown }): Reply {
  const reply = z.safeParse(Reply, answer.body);
  if (answer.status !== 200 || !reply.success) throw refused(answer);
  return reply.data;
}

function refused({ status, body }: { status: number; body: unknown }): Error {
  const refusal = z.safeParse(Refusal, body);
  const { error_code: code, message } = refusal.success ? refusal.data : { error_code: '', message: '' };
  const said = `HTTP ${String(status)}${code === '' ? '' : ` ${code}`}${message === '' ? '' : `: ${message.slice(0, 300)}`}`;
  if (status === 404 || /warehouse|endpoint/i.test(message)) {
    return new ConfigError(
      `Databricks has no such SQL warehouse, or may not start it (${said}): compare warehouseId in the Databricks secret with the workspace's warehouses.`,
    );
  }
  return new DestinationQueryError(`Databricks refused a statement (${said}).`, code);
}

/** Error classes whose message quotes a value of a row; keys stay out of logs and alerts. */
const quotesValues = /^(CAST_|INVALID_|MALFORMED_|NUMERIC_|DATATYPE_)/;

/** A failed statement names its error class in square brackets: `[TABLE_OR_VIEW_NOT_FOUND] The table …`. */
function failure({ status }: Reply): Error {
  const message = status.error?.message ?? '';
  const code = /^\[([A-Z0-9_.]+)\]/.exec(message)?.[1] ?? status.error?.error_code ?? '';
  if (code === 'INSUFFICIENT_PERMISSIONS' || code === 'PERMISSION_DENIED') {
    return new AccessDeniedError(
      `Databricks refused a statement (${message.slice(0, 300)}): GRANT USE CATALOG, USE SCHEMA and SELECT on the connection's schema to the user or service principal of the Databricks secret.`,
    );
  }
  const said = quotesValues.test(code) ? code : message.slice(0, 300);
  return new DestinationQueryError(
    `Databricks ended a statement as ${status.state}${said === '' ? '' : `: ${said}`}.`,
    code,
  );
}
