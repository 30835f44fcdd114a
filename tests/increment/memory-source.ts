import type { MarkSourceDependencies } from '../../functions/mark-source/mark-source.ts';
import type { MarkedColumn } from '../../shared/contracts/mark.ts';
import type { ServerIdentity, TableFacts } from '../../shared/contracts/source-facts.ts';
import { SourceQueryError } from '../../shared/errors.ts';

interface StoredRow {
  writer: number;
  values: Record<string, string>;
}

/**
 * A source with one table `public.actor (id int primary key, name text)`, in memory: for tests of what mark-source
 * and verify-increment decide. What PostgreSQL really answers is tested with PostgreSQL.
 */
export function createMemorySource() {
  const rows = new Map<string, StoredRow>();
  let refusal = '';
  let transaction = 100;
  let sessions = 0;
  let exists = true;

  const server = (): ServerIdentity => ({
    systemIdentifier: '7',
    timeline: 1,
    standby: false,
    nextTransactionId: String(transaction),
    address: '10.0.1.5',
    snapshotXmin: String(transaction),
  });
  const facts = (): TableFacts => ({
    schema: 'public',
    table: 'actor',
    kind: exists ? 'r' : null,
    oid: '1',
    fileNode: '1',
    pages: 1,
    estimatedRows: rows.size,
    primaryKey: ['id'],
    columns: [
      { name: 'id', baseType: 'int4', typeModifier: -1, castType: 'integer' },
      { name: 'name', baseType: 'text', typeModifier: -1, castType: 'text' },
    ],
    rights: [
      { role: 'checks', usage: true, select: true, hiddenColumns: [], writes: [], rowSecurity: 'off' },
    ],
    counters: { inserted: 0, updated: 0, deleted: 0, resetAt: '' },
    deadRows: 0,
    liveRows: rows.size,
    frozenAge: 0,
  });
  const changed = (sinceAge: number): StoredRow[] =>
    [...rows.values()].filter(({ writer }) => transaction - writer <= sinceAge);
  const valuesOf = (row: StoredRow, columns: readonly MarkedColumn[]): string[] =>
    columns.map(({ name }) => row.values[name] ?? '');

  const postgres: MarkSourceDependencies['postgres'] = {
    connect: () => {
      sessions += 1;
      return Promise.resolve({
        outcome: 'connected',
        session: {
          authentication: 'scram-sha-256',
          host: 'db.internal',
          port: 5432,
          username: 'checks',
          database: 'rental',
          query: () => Promise.resolve([]),
          queryArrays: () => Promise.resolve([]),
          inTransaction: () => true,
          close: () => {
            sessions -= 1;
            return Promise.resolve();
          },
        },
      });
    },
  };
  const reads: MarkSourceDependencies['reads'] = {
    onOneSnapshot: (_session, work) => work(),
    withSavepoint: (_session, run) => run(),
    readIdentity: () => Promise.resolve(server()),
    readTables: () => Promise.resolve([facts()]),
    ageOf: (_session, id) => Promise.resolve(transaction - Number(id)),
    pagesOf: () => Promise.resolve(1),
    countRows: (_session, { sinceAge }) =>
      Promise.resolve().then(() => {
        if (refusal !== '') throw new SourceQueryError('PostgreSQL refused.', refusal);
        return { rows: rows.size, changed: changed(sinceAge).length };
      }),
    async *readChangedRows(_session, { sinceAge, keyColumns, columns }) {
      await Promise.resolve();
      yield changed(sinceAge).map((row) => ({
        key: valuesOf(row, keyColumns),
        writer: String(row.writer),
        values: valuesOf(row, columns),
      }));
    },
    async *readKeys(_session, _table, keyColumns) {
      await Promise.resolve();
      yield [...rows.values()].map((row) => valuesOf(row, keyColumns));
    },
    readWriters: (_session, _table, _keyColumns, keys) =>
      Promise.resolve(
        keys.map(([id = '']) => {
          const row = rows.get(id);
          return row === undefined ? undefined : String(row.writer);
        }),
      ),
  };

  return {
    postgres,
    reads,
    /** Logins that nobody has closed. */
    openSessions: () => sessions,
    /** The rows as a sync would read them. */
    rows: () => [...rows.values()].map(({ values }) => values),
    write(id: number, name: string): void {
      rows.set(String(id), { writer: transaction, values: { id: String(id), name } });
      transaction += 1;
    },
    remove(id: number): void {
      rows.delete(String(id));
      transaction += 1;
    },
    /** From now on PostgreSQL refuses to read the rows, with this code; an empty one lifts it. */
    refuse(sqlState: string): void {
      refusal = sqlState;
    },
    drop(): void {
      exists = false;
    },
  };
}
