import type { SelectedTable } from '../contracts/connection-record.ts';
import type { MarkState, MarkedColumn } from '../contracts/mark.ts';
import type { ServerIdentity, TableFacts } from '../contracts/source-facts.ts';
import { columnKind, numericScale } from './column-kind.ts';

/** Which columns of a table a mark reads, or why it cannot hold the table. */
export type TablePlan =
  | {
      possible: true;
      keyColumns: MarkedColumn[];
      columns: MarkedColumn[];
      notCompared: { name: string; reason: string }[];
    }
  | { possible: false; reason: string };

/**
 * @param role the role that reads the mark; its rights are among the table's
 */
export function planTable(facts: TableFacts, selected: SelectedTable, role: string): TablePlan {
  if (facts.kind === null) return impossible('the source has no such table');
  if (facts.kind !== 'r' && facts.kind !== 'p') return impossible('it is not a table');
  const rights = facts.rights.find((right) => right.role === role);
  if (rights?.usage !== true) return impossible(`the role ${role} lacks USAGE on the schema`);
  if (!rights.select) return impossible(`the role ${role} may not read it`);
  if (rights.rowSecurity !== 'off') return impossible(`row-level security hides rows from the role ${role}`);
  if (facts.primaryKey.length === 0) return impossible('it has no primary key');

  const settings = new Map(selected.columns.map((column) => [column.name, column]));
  const keyColumns: MarkedColumn[] = [];
  const columns: MarkedColumn[] = [];
  const notCompared: { name: string; reason: string }[] = [];
  for (const column of facts.columns) {
    const isKey = facts.primaryKey.includes(column.name);
    const setting = settings.get(column.name);
    if (setting?.enabled === false && !isKey) continue;
    const kind = columnKind(column.baseType, column.typeModifier);
    const reason =
      setting?.hashed === true
        ? 'it is hashed'
        : kind === undefined
          ? `values of type ${column.baseType} have no common text`
          : undefined;
    if (reason !== undefined || kind === undefined) {
      if (isKey) return impossible(`its key column ${column.name} cannot be compared: ${reason ?? ''}`);
      notCompared.push({ name: column.name, reason: reason ?? '' });
      continue;
    }
    const scale = kind === 'numeric' ? numericScale(column.typeModifier) : 0;
    (isKey ? keyColumns : columns).push({ name: column.name, kind, scale });
  }
  keyColumns.sort((one, other) => facts.primaryKey.indexOf(one.name) - facts.primaryKey.indexOf(other.name));
  return { possible: true, keyColumns, columns, notCompared };
}

const impossible = (reason: string): TablePlan => ({ possible: false, reason });

/** From which transaction on a table's changes are still to be verified, or why that begins anew. */
export type Since = { known: true; since: string } | { known: false; reason: string };

/** Before every transaction: PostgreSQL calls this one infinitely old, so all rows are younger. */
export const fromTheBeginning = '0';

/** `age()` is signed 32 bits; beyond half of it, old and new transactions cannot be told apart. */
const oldestAge = 1_000_000_000n;

/**
 * From where on a mark holds the rows of a table.
 *
 * @param copiesAll the next sync copies every row, so where nothing earlier is known all rows are to arrive
 */
export function markedSince(
  remembered: MarkState['tables'][string] | undefined,
  server: ServerIdentity,
  copiesAll: boolean,
): Since {
  const since = changesSince(remembered, server);
  return since.known || !copiesAll ? since : { known: true, since: fromTheBeginning };
}

export function changesSince(
  remembered: MarkState['tables'][string] | undefined,
  server: ServerIdentity,
): Since {
  if (remembered === undefined) return anew('there is no earlier mark');
  if (remembered.systemIdentifier !== server.systemIdentifier) return anew('the server is another one');
  if (remembered.standby !== server.standby) {
    return anew(server.standby ? 'the server is a standby now' : 'the standby was promoted');
  }
  if (remembered.since === fromTheBeginning) return { known: true, since: fromTheBeginning };
  const since = BigInt(remembered.since);
  const next = BigInt(server.nextTransactionId);
  if (next < since) return anew('the transaction id moved backwards');
  if (next - since > oldestAge) return anew('the earlier mark is more than 1,000,000,000 transactions old');
  return { known: true, since: remembered.since };
}

const anew = (reason: string): Since => ({ known: false, reason });

/** A row in a mark, its key and its fingerprint, takes about this many bytes. */
const bytesPerRow = 250;
const leastRows = 100;

/**
 * How many rows of a table a mark holds at most. When every row of every table is to be held, the bytes of the mark
 * are shared out, so that each table has at least a sample.
 */
export function rowsToHold(options: {
  since: string;
  rowsPerTable: number;
  bytesLeft: number;
  /** This one among them. */
  tablesLeft: number;
}): number {
  const { since, rowsPerTable, bytesLeft, tablesLeft } = options;
  if (since !== fromTheBeginning) return rowsPerTable;
  const share = Math.floor(bytesLeft / tablesLeft / bytesPerRow);
  return Math.min(rowsPerTable, Math.max(share, leastRows));
}

/** A key in a mark takes about this many bytes; what does not fit is not begun. */
const bytesPerKey = 60;

/**
 * Why deletions of a table are not checked; empty when they are.
 *
 * @param rows rows of the table; `undefined` when it is too large to count
 */
export function deletesSkipped(options: {
  syncMode: SelectedTable['syncMode'];
  updateMethod: string;
  rows: number | undefined;
  deleteCheckRows: number;
  bytesLeft: number;
}): string {
  const { syncMode, updateMethod, rows, deleteCheckRows, bytesLeft } = options;
  if (syncMode === 'LIVE') return 'a LIVE table shows no deletions';
  if (updateMethod === 'XMIN') return 'the update method XMIN does not capture deletions';
  if (rows === undefined || rows > deleteCheckRows) {
    return `the table has more than ${String(deleteCheckRows)} rows`;
  }
  return rows * bytesPerKey > bytesLeft ? 'the bytes for one mark were used up' : '';
}
