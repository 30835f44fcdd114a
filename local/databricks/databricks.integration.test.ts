import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDestination, type Destination } from '../../shared/clients/databricks/destination.ts';
import { createWorkspaceHttp } from '../../shared/clients/databricks/http.ts';
import {
  createStatementExecution,
  type StatementExecution,
} from '../../shared/clients/databricks/statement-execution.ts';
import { systemClock } from '../../shared/clock.ts';
import { startDatabricks, type LocalDatabricks } from './databricks.ts';
import { startWarehouse, withConnection, type Warehouse } from './warehouse.ts';

let warehouse: Warehouse;
let databricks: LocalDatabricks;
const faults: unknown[] = [];

beforeAll(async () => {
  warehouse = await startWarehouse();
  databricks = await startDatabricks({ warehouse, onFault: (error) => faults.push(error) });
  await withConnection(warehouse, async (connection) => {
    await connection.run('CREATE SCHEMA workspace.dvd_public');
    await connection.run(
      `CREATE TABLE workspace.dvd_public.actor (actor_id INTEGER, first_name VARCHAR, rate DECIMAL(5, 2),
        last_update TIMESTAMP, _fivetran_deleted BOOLEAN, _fivetran_synced TIMESTAMP WITH TIME ZONE)`,
    );
    await connection.run(
      `INSERT INTO workspace.dvd_public.actor VALUES
        (1, 'Penelope', 1.50, '2013-05-26 14:47:57.62', false, '2026-01-01 00:00:00.123456+00'),
        (2, 'it''s "Nick"', NULL, '2013-05-26 14:47:57', true, '2026-01-01 00:00:00+00')`,
    );
    await connection.run('CREATE TABLE workspace.dvd_public.many AS SELECT n AS id FROM range(12000) t(n)');
  });
});
afterAll(async () => {
  await databricks.stop();
  warehouse.stop();
  expect(faults).toEqual([]);
});
beforeEach(() => {
  databricks.setFault({ kind: 'slow', milliseconds: 0 });
  databricks.setFault({ kind: 'removed', removed: false });
});

const post = async (
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> => {
  const response = await fetch(`${databricks.url}/api/2.0/sql/statements`, {
    method: 'POST',
    headers: { authorization: `Bearer ${databricks.token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ warehouse_id: databricks.warehouseId, ...body }),
  });
  return { status: response.status, body: await response.json() };
};
const query = (statement: string, more: Record<string, unknown> = {}) => post({ statement, ...more });

describe('what the product asks', () => {
  let execution: StatementExecution;
  let destination: Destination;
  beforeAll(() => {
    execution = createStatementExecution({
      http: createWorkspaceHttp({
        secret: () =>
          Promise.resolve({
            host: databricks.url,
            warehouseId: databricks.warehouseId,
            clientId: databricks.clientId,
            clientSecret: databricks.clientSecret,
          }),
        secretId: 'databricks',
        clock: systemClock,
      }),
      warehouseId: () => Promise.resolve(databricks.warehouseId),
      clock: systemClock,
      deadlineSeconds: 10,
    });
    destination = createDestination(execution);
  });
  const table = { catalog: 'workspace', schema: 'dvd_public', table: 'actor' };
  const key = { name: 'actor_id', kind: 'integer' } as const;

  test('the columns of a table, and that a table is not there', async () => {
    expect(await destination.columns(table)).toContain('_fivetran_deleted');
    expect(await destination.columns({ ...table, table: 'nobody' })).toBeUndefined();
    expect(await destination.columns({ ...table, schema: 'nowhere' })).toBeUndefined();
    expect(await destination.columns({ ...table, catalog: 'elsewhere' })).toBeUndefined();
  });

  test('live rows by key, as text, timestamps as microseconds', async () => {
    const rows = await destination.rows({
      table,
      keyColumns: [key],
      columns: [
        { name: 'first_name', kind: 'text' },
        { name: 'rate', kind: 'numeric', scale: 2 },
        { name: 'last_update', kind: 'timestamp' },
        { name: '_fivetran_synced', kind: 'timestamp' },
      ],
      liveness: 'not-deleted',
      keys: [['1'], ['2'], ['3']],
    });
    expect(rows).toEqual([['1', 'Penelope', '1.50', '1369579677620000', '1767225600123456']]);
  });

  test('rows by composite keys of every kind', async () => {
    const rows = await destination.rows({
      table,
      keyColumns: [
        key,
        { name: 'first_name', kind: 'text' },
        { name: 'last_update', kind: 'timestamp' },
        { name: '_fivetran_deleted', kind: 'boolean' },
      ],
      columns: [],
      liveness: 'every-row',
      keys: [['2', 'it\'s "Nick"', '1369579677000000', 'true']],
    });
    expect(rows).toEqual([['2', 'it\'s "Nick"', '1369579677000000', 'true']]);
  });

  test('live keys, more than one chunk of them, and no more than the limit', async () => {
    const many = { ...table, table: 'many' };
    await withConnection(warehouse, (connection) =>
      connection.run(
        `ALTER TABLE workspace.dvd_public.many ADD COLUMN IF NOT EXISTS _fivetran_synced TIMESTAMPTZ`,
      ),
    );
    const options = {
      table: many,
      keyColumns: [{ name: 'id', kind: 'integer' }],
      liveness: 'every-row',
    } as const;
    const keys = await destination.liveKeys({ ...options, limit: 50_000 });
    expect(new Set(keys?.map(([id]) => id)).size).toBe(12_000);
    expect(await destination.liveKeys({ ...options, limit: 11_999 })).toBeUndefined();
  });

  test('a warehouse that is stopped starts with the statement', async () => {
    databricks.setFault({ kind: 'stopped', startMs: 300 });
    expect(await destination.columns(table)).toContain('actor_id');
  });

  test('a warehouse that is gone', async () => {
    databricks.setFault({ kind: 'removed', removed: true });
    await expect(destination.columns(table)).rejects.toMatchObject({ name: 'ConfigError' });
  });
});

describe('a query of a person', () => {
  test('is answered in JSON_ARRAY, every value a text', async () => {
    const { status, body } = await query(
      'SELECT actor_id, first_name, rate, last_update, _fivetran_deleted FROM `workspace`.dvd_public.actor WHERE first_name = :name -- who\n;',
      { parameters: [{ name: 'name', value: 'Penelope' }] },
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: { state: 'SUCCEEDED' },
      manifest: {
        format: 'JSON_ARRAY',
        total_row_count: 1,
        schema: {
          column_count: 5,
          columns: [
            { name: 'actor_id', position: 0, type_name: 'INT', type_text: 'INT' },
            { type_name: 'STRING' },
            { type_name: 'DECIMAL', type_text: 'DECIMAL(5,2)' },
            { type_name: 'TIMESTAMP_NTZ' },
            { type_name: 'BOOLEAN' },
          ],
        },
      },
      result: { data_array: [['1', 'Penelope', '1.50', '2013-05-26T14:47:57.620', 'false']] },
    });
  });

  test('may use defaults for catalog and schema, common table expressions, aggregates and backslash escapes', async () => {
    const { body } = await query(
      `WITH live AS (SELECT * FROM actor WHERE NOT _fivetran_deleted) SELECT count(*) AS n, 'it\\'s' AS s, "x" FROM live`,
      { catalog: 'workspace', schema: 'dvd_public' },
    );
    expect(body).toMatchObject({ result: { data_array: [['1', "it's", 'x']] } });
  });
});

describe('what Databricks refuses is refused', () => {
  test.each([
    [
      'an identifier in double quotes',
      'SELECT t."actor_id" FROM workspace.dvd_public.actor AS t',
      'PARSE_SYNTAX_ERROR',
    ],
    ['a table in double quotes', 'SELECT * FROM "workspace"."dvd_public"."actor"', 'PARSE_SYNTAX_ERROR'],
    ['a table that is not there', 'SELECT * FROM workspace.dvd_public.nobody', 'TABLE_OR_VIEW_NOT_FOUND'],
    ['a schema that is not there', 'SELECT * FROM workspace.nowhere.actor', 'TABLE_OR_VIEW_NOT_FOUND'],
    ['a catalog that is not there', 'SELECT * FROM elsewhere.dvd_public.actor', 'NO_SUCH_CATALOG_EXCEPTION'],
    ["Fivetran's own catalog", 'SELECT * FROM __fivetran.main.x', 'NO_SUCH_CATALOG_EXCEPTION'],
    ['a name of four parts', 'SELECT * FROM a.b.c.d', 'IDENTIFIER_TOO_MANY_NAME_PARTS'],
    [
      'a column that is not there',
      'SELECT nobody FROM workspace.dvd_public.actor',
      'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION',
    ],
    [
      'a function of DuckDB',
      'SELECT epoch_us(last_update) FROM workspace.dvd_public.actor',
      'UNRESOLVED_ROUTINE',
    ],
    [
      'a table function of DuckDB',
      "SELECT * FROM read_text('/etc/passwd')",
      'UNRESOLVABLE_TABLE_VALUED_FUNCTION',
    ],
    ['a file as a table', "SELECT * FROM '/etc/passwd'", 'PARSE_SYNTAX_ERROR'],
    ['a parameter without a value', 'SELECT :nothing', 'UNBOUND_SQL_PARAMETER'],
    ['two statements', 'SELECT 1; SELECT 2', 'PARSE_SYNTAX_ERROR'],
    ['a change of data', 'DELETE FROM workspace.dvd_public.actor', 'INSUFFICIENT_PERMISSIONS'],
    ['nonsense', 'SELECT FROM WHERE', 'PARSE_SYNTAX_ERROR'],
    ['a parameter of PostgreSQL', 'SELECT $1', 'PARSE_SYNTAX_ERROR'],
    ['a text that is no number', "SELECT CAST('x' AS INT)", 'CAST_INVALID_INPUT'],
  ])('%s', async (_, statement, errorClass) => {
    const { status, body } = await query(statement);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: { state: 'FAILED', error: { error_code: 'BAD_REQUEST' } } });
    expect(body).toHaveProperty('status.error.message', expect.stringContaining(`[${errorClass}]`));
  });

  test('more than 256 parameters', async () => {
    const parameters = Array.from({ length: 257 }, (_, index) => ({ name: `p${index}`, value: '1' }));
    expect(await query('SELECT 1', { parameters })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE' },
    });
    expect(await query('SELECT 1', { parameters: parameters.slice(1) })).toMatchObject({ status: 200 });
  });

  test.each([
    [{ statement: 'SELECT 1', wait_timeout: '3s' }],
    [{ statement: 'SELECT 1', wait_timeout: '51s' }],
    [{ statement: 'SELECT 1', on_wait_timeout: 'MAYBE' }],
    [{ statement: 'SELECT 1', surprise: true }],
    [{ statement: '' }],
    [{ statement: 'SELECT 1', warehouse_id: 'another' }],
  ])('a request such as %j', async (body) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
  });

  test('a wrong token, a wrong client secret and an unknown statement', async () => {
    expect(await post({ statement: 'SELECT 1' }, { authorization: 'Bearer dapi0' })).toMatchObject({
      status: 401,
      body: { error_code: 'UNAUTHENTICATED' },
    });
    const token = await fetch(`${databricks.url}/oidc/v1/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${databricks.clientId}:wrong`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' }),
    });
    expect(token.status).toBe(401);
    const unknown = await fetch(`${databricks.url}/api/2.0/sql/statements/none`, {
      headers: { authorization: `Bearer ${databricks.token}` },
    });
    expect(unknown.status).toBe(404);
  });
});

test('a limited rate is told with Retry-After; faults can be set over HTTP', async () => {
  const fault = { kind: 'answer', status: 429, times: 1, retryAfterSeconds: 2 };
  const set = (body: unknown) =>
    fetch(`${databricks.url}/_local/faults`, { method: 'POST', body: JSON.stringify(body) });
  expect((await set(fault)).status).toBe(200);
  expect((await set({ kind: 'earthquake' })).status).toBe(400);
  expect((await query('SELECT 1')).status).toBe(429);
  expect((await query('SELECT 1')).status).toBe(200);
});

describe('a statement that takes long', () => {
  test('goes on after the wait, and can be cancelled', async () => {
    databricks.setFault({ kind: 'slow', milliseconds: 60_000 });
    const { body } = await query('SELECT 1', { wait_timeout: '0s' });
    expect(body).toMatchObject({ status: { state: expect.stringMatching(/PENDING|RUNNING/) as string } });
    const { statement_id: id } = body as { statement_id: string };
    const headers = { authorization: `Bearer ${databricks.token}` };
    await fetch(`${databricks.url}/api/2.0/sql/statements/${id}/cancel`, { method: 'POST', headers });
    const after = await fetch(`${databricks.url}/api/2.0/sql/statements/${id}`, { headers });
    expect(await after.json()).toMatchObject({ status: { state: 'CANCELED' } });
  });
});
