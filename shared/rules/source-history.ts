import type { Finding } from '../contracts/finding.ts';
import { tableKey, type MarkHeader } from '../contracts/mark.ts';
import type { ServerIdentity, TableFacts } from '../contracts/source-facts.ts';
import { nameList } from './name-list.ts';
import { sqlIdentifier, sqlTable } from './sql-identifier.ts';

/** Update methods that follow a table by its file and transaction ids; logical replication does not. */
const followsTransactionIds = (updateMethod: string): boolean =>
  updateMethod !== 'WAL_PGOUTPUT' && updateMethod !== 'WAL';

/**
 * What happened to the server and its tables since the last mark, and what Fivetran will do about it.
 *
 * @param mark the last mark; absent when there is none, and then everything is skipped
 */
export function historyFindings(
  mark: MarkHeader | undefined,
  server: ServerIdentity,
  tables: readonly TableFacts[],
  updateMethod: string,
): Finding[] {
  const always =
    mark === undefined
      ? []
      : [...address(mark, server), ...keyChanges(mark, tables), ...deselected(mark, tables)];
  if (!followsTransactionIds(updateMethod)) return always;
  if (mark === undefined) {
    const summary = 'Nothing is remembered of an earlier state of the source yet.';
    return ['source.transaction-id', 'source.table-rewrite'].map((check) => ({
      check,
      status: 'skipped',
      summary,
    }));
  }
  return [transactionId(mark, server), rewrites(mark, tables), ...always];
}

/** https://fivetran.com/docs/databases/postgresql/troubleshooting/current-transaction-id-error */
const resync =
  'Syncs will fail with "Current transaction ID has moved backwards" until a historical re-sync is started in Fivetran, which deletes and reloads the rows at the destination.';

function transactionId({ server: before, completedAt }: MarkHeader, now: ServerIdentity): Finding {
  const check = 'source.transaction-id';
  const warning = (summary: string, remedy: string): Finding => ({
    check,
    status: 'warning',
    summary,
    remedy,
  });
  const backwards = BigInt(now.nextTransactionId) < BigInt(before.nextTransactionId);
  const step = `from ${before.nextTransactionId} at ${completedAt} to ${now.nextTransactionId}`;
  if (
    before.systemIdentifier !== null &&
    now.systemIdentifier !== null &&
    before.systemIdentifier !== now.systemIdentifier
  ) {
    return warning(
      `The name leads to another database system than at ${completedAt} (system identifier ${now.systemIdentifier} instead of ${before.systemIdentifier}). ${backwards ? resync : 'Fivetran cannot tell its rows from those of the old one.'}`,
      'If the database was migrated or restored on purpose, start a historical re-sync of the connection in Fivetran; otherwise correct the host.',
    );
  }
  if (before.standby !== now.standby) {
    return warning(
      `${now.standby ? 'The server was a primary and is a standby now' : 'The standby that Fivetran read was promoted'} (transaction id ${step}). ${backwards ? resync : 'Fivetran may sync every table again from the start.'}`,
      now.standby
        ? 'Let the host lead to the primary again, or start a historical re-sync of the connection in Fivetran.'
        : 'Expect a re-sync; let the host lead to one role of the cluster only.',
    );
  }
  if (backwards) {
    const restored = before.timeline !== null && now.timeline !== null && now.timeline !== before.timeline;
    return warning(
      `The transaction id moved backwards ${step}: ${restored ? `the database was restored to an earlier point, or a standby that lagged was promoted (timeline ${String(before.timeline)}, now ${String(now.timeline)})` : 'the database is a restored copy, or a standby that lagged was promoted'}. ${resync}`,
      'If that is meant, start a historical re-sync of the connection in Fivetran: rows that only the lost timeline had are removed from the destination. Otherwise correct the host.',
    );
  }
  if (before.timeline !== null && now.timeline !== null && now.timeline !== before.timeline) {
    return {
      check,
      status: 'ok',
      summary: `The server was failed over since ${completedAt} (timeline ${String(before.timeline)}, now ${String(now.timeline)}); the transaction id went on, so Fivetran goes on too.`,
    };
  }
  return { check, status: 'ok', summary: `The transaction id went on ${step}.` };
}

/** The name of readers leads to another standby at each look, which says nothing. */
function address({ server: before, completedAt }: MarkHeader, now: ServerIdentity): Finding[] {
  if (before.address === null || now.address === null || (before.standby && now.standby)) return [];
  const check = 'source.address';
  if (before.address === now.address) {
    return [{ check, status: 'ok', summary: `The database is at ${now.address}, as at ${completedAt}.` }];
  }
  return [
    {
      check,
      status: 'warning',
      summary: `The database moved from ${before.address} at ${completedAt} to ${now.address}: a fail-over, or a changed DNS record.`,
      remedy: `Nothing, when it was on purpose: refresh-targets registers ${now.address} with the load balancer within two minutes and removes ${before.address} when the new target is healthy. Otherwise read the events: aws rds describe-events --duration 1440.`,
    },
  ];
}

/** Fivetran takes a table that its role can no longer read for a dropped one, and syncs the others without a word. */
function deselected(
  { tables: remembered, completedAt }: MarkHeader,
  tables: readonly TableFacts[],
): Finding[] {
  const now = new Set(tables.map(tableKey));
  const gone = remembered.filter((table) => !now.has(tableKey(table)));
  if (gone.length === 0) return [];
  return [
    {
      check: 'source.selected-tables',
      status: 'warning',
      summary: `Tables that were replicated at ${completedAt} are not selected any more: ${nameList(gone.map(({ schema, table }) => `${schema}.${table}`))}.`,
      remedy:
        "If nobody deselected them in Fivetran, its role lost a right: GRANT SELECT on them to Fivetran's role, reload the schema in Fivetran and select them again.",
    },
  ];
}

/** Fivetran finds a row again by its key: under another one it is a new row, and the old one stays. */
function keyChanges(
  { tables: remembered, completedAt }: MarkHeader,
  tables: readonly TableFacts[],
): Finding[] {
  const keys = new Map(
    remembered.map((table) => [
      tableKey(table),
      table.keyColumns.map(({ name }) => sqlIdentifier(name)).join(', '),
    ]),
  );
  const changed = tables.flatMap((table) => {
    const before = keys.get(tableKey(table)) ?? '';
    const now = table.primaryKey.map(sqlIdentifier).join(', ');
    return table.kind === null || before === '' || before === now ? [] : [{ table, before, now }];
  });
  if (changed.length === 0) return [];
  const told = changed.map(
    ({ table: { schema, table }, before, now }) =>
      `${schema}.${table} (was ${before}; now ${now === '' ? 'none' : now})`,
  );
  const restore = changed
    .slice(0, 3)
    .map(
      ({ table, before, now }) =>
        `ALTER TABLE ${sqlTable(table)} ${now === '' ? '' : 'DROP CONSTRAINT <name of the key, see \\d>, '}ADD PRIMARY KEY (${before});`,
    );
  return [
    {
      check: 'source.key-change',
      status: 'warning',
      summary: `Primary keys were dropped or changed since ${completedAt}: ${nameList(told, 5)}. Fivetran finds rows by their key, so the destination will hold rows twice.`,
      remedy: `${restore.join(' ')} If the change is meant, drop these tables at the destination and re-sync them in Fivetran.`,
    },
  ];
}

function rewrites({ tables: remembered, completedAt }: MarkHeader, tables: readonly TableFacts[]): Finding {
  const check = 'source.table-rewrite';
  const before = new Map(remembered.map((table) => [tableKey(table), table.fileNode]));
  const rewritten = tables.filter((table) => {
    const fileNode = before.get(tableKey(table)) ?? null;
    return fileNode !== null && table.fileNode !== null && fileNode !== table.fileNode;
  });
  if (rewritten.length === 0) {
    return { check, status: 'ok', summary: `No selected table was rewritten since ${completedAt}.` };
  }
  return {
    check,
    status: 'warning',
    summary: `Tables were rewritten since ${completedAt} (VACUUM FULL, CLUSTER, TRUNCATE, or ALTER TABLE): ${nameList(rewritten.map(({ schema, table }) => `${schema}.${table}`))}. Fivetran syncs them again from the start.`,
    remedy:
      'Let the next sync take the time it needs. For the future: plain VACUUM, with autovacuum tuned to the table, instead of VACUUM FULL, CLUSTER or pg_repack (all three give the table a new file), and ALTER TABLE in forms that do not rewrite.',
  };
}
