import type { Destination } from '../../shared/clients/databricks/destination.ts';
import type { SelectedTable } from '../../shared/contracts/connection-record.ts';
import type { Comparison, MarkedColumn, MarkedRow, MarkedTable } from '../../shared/contracts/mark.ts';
import { canonicalKey, fingerprint, pickColumns, sameContent } from '../../shared/rules/fingerprint.ts';
import { keyText, pairColumns } from '../../shared/rules/increment.ts';

/** A table's part of a mark: the changed rows by key, and all keys where the mark holds them. */
export interface TableMark {
  table: MarkedTable;
  rows: ReadonlyMap<string, MarkedRow>;
  keys: ReadonlySet<string>;
}

/** Looks at the destination for the changed rows of one table, and for rows that the source no longer has. */
export async function compareTable(options: {
  mark: TableMark;
  selected: SelectedTable | undefined;
  catalog: string;
  destination: Destination;
  deleteCheckRows: number;
  /** Whether there is still time to ask the destination. */
  inTime: boolean;
}): Promise<Comparison> {
  const { mark, selected, catalog, destination, deleteCheckRows, inTime } = options;
  const { table, rows, keys } = mark;
  const comparison: Comparison = {
    schema: table.schema,
    table: table.table,
    skipped: '',
    keyColumns: table.keyColumns,
    compared: 0,
    sampledOf: table.heldRows < table.changedRows ? table.changedRows : null,
    rows: [],
    deletesSkipped: table.holdsKeys ? '' : table.deletesSkipped,
    keys: [],
    synced: [],
    notCompared: table.notCompared.map(({ name }) => name),
  };
  if (table.state === 'baseline')
    return { ...comparison, skipped: `${table.reason}; changes count from this mark on` };
  if (table.state === 'skipped') return { ...comparison, skipped: table.reason };
  if (selected === undefined) return { ...comparison, skipped: 'it is not selected any more' };
  if (rows.size === 0 && !table.holdsKeys) return comparison;

  if (!inTime) return { ...comparison, skipped: 'the time for comparing was used up' };

  const name = { catalog, schema: selected.destinationSchema, table: selected.destinationTable };
  const found = await destination.columns(name);
  if (found === undefined) {
    return {
      ...comparison,
      compared: rows.size,
      rows: [...rows.values()].map(([key, writer]) => [key, writer]),
    };
  }
  const named = new Map(selected.columns.map((column) => [column.name, column.destinationName]));
  const pairing = pairColumns(table.keyColumns, table.columns, named, found);
  if (!pairing.possible) return { ...comparison, skipped: pairing.reason };
  comparison.notCompared.push(...pairing.missing);
  const keyColumns = pairing.key.map((column, index) => destinationColumn(column, table.keyColumns[index]));
  const columns = pairing.columns.map(({ index, name: column }) =>
    destinationColumn(column, table.columns[index]),
  );
  const liveness = found.includes('_fivetran_active')
    ? ('active' as const)
    : found.includes('_fivetran_deleted')
      ? ('not-deleted' as const)
      : ('every-row' as const);
  const keyKinds = keyColumns.map(({ kind }) => kind);
  const kinds = columns.map(({ kind }) => kind);

  comparison.compared = rows.size;
  const prints = new Map<string, string[]>();
  const asked = [...rows.values()].map(([key]) => key);
  for (const row of await destination.rows({ table: name, keyColumns, columns, liveness, keys: asked })) {
    const key = canonicalKey(keyKinds, row.slice(0, keyKinds.length), 'destination');
    if (key === undefined) continue;
    const print = fingerprint(kinds, row.slice(keyKinds.length), 'destination');
    prints.set(keyText(key), [...(prints.get(keyText(key)) ?? []), print]);
  }
  const indexes = pairing.columns.map(({ index }) => index);
  for (const [key, [parts, writer, print]] of rows) {
    const wanted = pickColumns(print, indexes);
    if (!(prints.get(key) ?? []).some((there) => sameContent(wanted, there)))
      comparison.rows.push([parts, writer]);
  }

  if (!table.holdsKeys) return comparison;
  if (liveness === 'every-row' || !found.includes('_fivetran_synced')) {
    return { ...comparison, deletesSkipped: 'the destination does not tell live rows from deleted ones' };
  }
  // Twice the source's limit: more live rows than that are ghosts without number, or another table.
  const live = await destination.liveKeys({ table: name, keyColumns, liveness, limit: deleteCheckRows * 2 });
  if (live === undefined) {
    return {
      ...comparison,
      deletesSkipped: `the destination has more than ${String(deleteCheckRows * 2)} live rows`,
    };
  }
  for (const row of live) {
    const key = canonicalKey(keyKinds, row.slice(0, keyKinds.length), 'destination');
    if (key === undefined || keys.has(keyText(key))) continue;
    comparison.keys.push(key);
    comparison.synced.push(row[keyKinds.length] ?? '');
  }
  return comparison;
}

function destinationColumn(name: string, marked: MarkedColumn | undefined): MarkedColumn {
  if (marked === undefined) throw new TypeError('A paired column stands for none of the mark.');
  return { ...marked, name };
}
