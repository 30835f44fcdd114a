import type { Destination } from '../../shared/clients/databricks/destination.ts';
import type { ComparedColumn } from '../../shared/clients/databricks/statements.ts';
import { canonicalValue } from '../../shared/rules/column-kind.ts';

interface StoredRow {
  values: Map<string, string | null>;
  deleted: boolean;
  synced: string;
}

/** A destination in memory, for tests of the algorithm alone. Holds text as PostgreSQL wrote it. */
export function createMemoryDestination() {
  const tables = new Map<string, { columns: string[]; rows: Map<string, StoredRow> }>();
  let time = 1_000_000;

  const valueOf = (row: StoredRow, { name, kind }: ComparedColumn): string | null => {
    const text = row.values.get(name) ?? null;
    return text === null ? null : (canonicalValue(kind, text, 'source') ?? text);
  };
  const destination: Destination = {
    columns: ({ table }) => {
      const stored = tables.get(table);
      return Promise.resolve(
        stored === undefined ? undefined : [...stored.columns, '_fivetran_deleted', '_fivetran_synced'],
      );
    },
    rows: ({ table: { table }, keyColumns, columns, keys }) => {
      const wanted = new Set(keys.map((key) => JSON.stringify(key)));
      const live = [...(tables.get(table)?.rows.values() ?? [])].filter(({ deleted }) => !deleted);
      return Promise.resolve(
        live
          .filter((row) => wanted.has(JSON.stringify(keyColumns.map((column) => valueOf(row, column)))))
          .map((row) => [...keyColumns, ...columns].map((column) => valueOf(row, column))),
      );
    },
    liveKeys: ({ table: { table }, keyColumns }) => {
      const live = [...(tables.get(table)?.rows.values() ?? [])].filter(({ deleted }) => !deleted);
      return Promise.resolve(
        live.map((row) => [...keyColumns.map((column) => valueOf(row, column)), row.synced]),
      );
    },
  };
  return {
    destination,
    tables,
    /** What a sync does: brings the table to the given rows; `lose` keeps single changes from arriving. */
    replicate(
      table: string,
      key: readonly string[],
      rows: readonly Record<string, string | null>[],
      lose: (change: 'insert' | 'update' | 'delete', key: string) => boolean = () => false,
    ): void {
      time += 1_000_000;
      const stored = tables.get(table) ?? {
        columns: Object.keys(rows[0] ?? {}),
        rows: new Map<string, StoredRow>(),
      };
      tables.set(table, stored);
      const keyOf = (row: Record<string, string | null>): string =>
        JSON.stringify(key.map((name) => row[name]));
      const present = new Set(rows.map(keyOf));
      for (const row of rows) {
        const name = keyOf(row);
        const values = new Map(Object.entries(row));
        const before = stored.rows.get(name);
        if (before !== undefined && !before.deleted && sameValues(before.values, values)) continue;
        if (lose(before === undefined || before.deleted ? 'insert' : 'update', name)) continue;
        stored.rows.set(name, { values, deleted: false, synced: String(time) });
      }
      for (const [name, row] of stored.rows) {
        if (present.has(name) || row.deleted || lose('delete', name)) continue;
        row.deleted = true;
        row.synced = String(time);
      }
    },
  };
}

function sameValues(one: Map<string, string | null>, other: Map<string, string | null>): boolean {
  return one.size === other.size && [...one].every(([name, value]) => other.get(name) === value);
}
