import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import * as z from 'zod/mini';
import { markSource } from '../../functions/mark-source/mark-source.ts';
import { verifyIncrement } from '../../functions/verify-increment/verify-increment.ts';
import { createDestination } from '../../shared/clients/databricks/destination.ts';
import { createWorkspaceHttp } from '../../shared/clients/databricks/http.ts';
import { createStatementExecution } from '../../shared/clients/databricks/statement-execution.ts';
import { createMarks } from '../../shared/clients/ledger/marks.ts';
import type { LedgerItem, LedgerKey, LedgerTable } from '../../shared/clients/ledger/table.ts';
import * as changedRows from '../../shared/clients/postgres/changed-rows.ts';
import { createPostgres } from '../../shared/clients/postgres/session.ts';
import * as sourceFacts from '../../shared/clients/postgres/source-facts.ts';
import { systemClock } from '../../shared/clock.ts';
import { DatabricksSecret } from '../../shared/contracts/databricks-secret.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { silentLog as log } from '../../tests/support/silent-log.ts';

// A process of its own around mark-source or verify-increment, so that its memory is theirs. Obeys its parent:
// {mark: true} and {verify: markId}, and answers with the result and its peak memory.

const Setting = z.object({
  source: z.unknown(),
  databricks: DatabricksSecret,
  catalog: z.string(),
  schema: z.string(),
  table: z.string(),
  /** Where one worker leaves the ledger for the next. */
  ledgerFile: z.string(),
});
const Order = z.union([z.object({ mark: z.literal(true) }), z.object({ verify: z.string() })]);

const setting = parse(Setting, JSON.parse(process.argv[2] ?? 'null'), 'The setting');
const connectionId = 'bench';
const record = {
  connectionId,
  name: 'bench',
  groupId: 'bench',
  updateMethod: 'QUERY_BASED',
  destination: { service: 'databricks', catalog: setting.catalog },
  tables: [
    {
      schema: setting.schema,
      table: setting.table,
      destinationSchema: setting.schema,
      destinationTable: setting.table,
      syncMode: 'SOFT_DELETE' as const,
      columns: [],
    },
  ],
  recordedAt: new Date(0).toISOString(),
};
const connections = { read: () => Promise.resolve(record) };
const items = readLedger(setting.ledgerFile);
const marks = createMarks(createMemoryTable(items), systemClock);
const deleteCheckRows = 50_000;

const mark = () =>
  markSource(
    { mode: 'mark', source: 'bench', connectionId },
    {
      postgres: createPostgres({
        secrets: {
          read: (secretId, schema) => Promise.resolve(parse(schema, setting.source, secretId)),
          readVersion: () => Promise.reject(new Error('Nobody asks for versions here.')),
          currentVersion: () => Promise.reject(new Error('Nobody asks for versions here.')),
        },
        sourceSecretPrefix: '',
        applicationName: 'mark-source',
      }),
      marks,
      slots: { use: (_, __, work) => work() },
      connections,
      reads: { ...changedRows, ...sourceFacts },
      bounds: {
        rowsPerTable: 20_000,
        bytes: 32_000_000,
        seconds: 180,
        statementSeconds: 60,
        scanPages: 524_288,
        deleteCheckRows,
      },
      clock: systemClock,
      log,
    },
  );

const verify = (markId: string) =>
  verifyIncrement(
    { connectionId, markId, sync: { startedAt: null, endedAt: new Date().toISOString() } },
    {
      destination: createDestination(
        createStatementExecution({
          http: createWorkspaceHttp({
            secret: () => Promise.resolve(setting.databricks),
            secretId: 'bench',
            clock: systemClock,
          }),
          warehouseId: () => Promise.resolve(setting.databricks.warehouseId),
          clock: systemClock,
          deadlineSeconds: 60,
        }),
      ),
      marks,
      connections,
      deleteCheckRows,
      clock: systemClock,
      log,
    },
  );

process.on('message', (message) => {
  const order = parse(Order, message, 'An order');
  const started = performance.now();
  const work = 'mark' in order ? mark().then(keepLedger) : verify(order.verify);
  work
    .then((result) => ({ result }))
    .catch((error: unknown) => ({ error: String(error) }))
    .then((answer) => {
      const seconds = (performance.now() - started) / 1000;
      process.send?.({ ...answer, seconds, megabytes: process.resourceUsage().maxRSS / 1024 });
    })
    .catch(() => process.exit(1));
});
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });

function readLedger(file: string): Map<string, LedgerItem> {
  if (!existsSync(file)) return new Map();
  const kept: unknown = deserialize(readFileSync(file));
  return kept instanceof Map ? (kept as Map<string, LedgerItem>) : new Map<string, LedgerItem>();
}

function keepLedger<Result>(result: Result): Result {
  writeFileSync(setting.ledgerFile, serialize(items));
  return result;
}

function createMemoryTable(items: Map<string, LedgerItem>): LedgerTable {
  const name = ({ pk, sk }: LedgerKey): string => JSON.stringify([pk, sk]);
  return {
    get: (key) => Promise.resolve(items.get(name(key))),
    query: (pk, { skPrefix = '', descending = false } = {}) => {
      const found = [...items.values()]
        .filter((item) => item.pk === pk && item.sk.startsWith(skPrefix))
        .sort((one, other) => (one.sk < other.sk ? -1 : 1));
      return Promise.resolve(descending ? found.reverse() : found);
    },
    pages: () => {
      throw new Error('Marks are not read in pages.');
    },
    put: (item) => {
      items.set(name(item), item);
      return Promise.resolve(true);
    },
    update: () => Promise.reject(new Error('Marks are never updated.')),
    delete: (key) => Promise.resolve(items.delete(name(key))),
  };
}
