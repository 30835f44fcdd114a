import type { DuckDBConnection } from '@duckdb/node-api';
import type { CopyPlan } from './copy-plan.ts';

/** How many rows of a table a sync found changed. */
export interface Changes {
  inserted: number;
  updated: number;
  deleted: number;
}

/**
 * Fills the temporary table `changed` (key, kind) with what differs between the source and Fivetran's memory of it.
 *
 * @param existing where the keys of all rows that exist are: `incoming` when that is the whole table
 */
export async function findChanges(
  warehouse: DuckDBConnection,
  plan: CopyPlan,
  existing: 'incoming' | 'present',
): Promise<Changes> {
  await warehouse.run(`CREATE OR REPLACE TEMP TABLE changed AS
    SELECT i.key, CASE WHEN m.key IS NULL THEN 'inserted' ELSE 'updated' END AS kind
    FROM incoming i LEFT JOIN ${plan.memory} m ON m.key = i.key
    WHERE m.key IS NULL OR m.hash <> i.hash
    UNION ALL
    SELECT m.key, 'deleted' FROM ${plan.memory} m
    WHERE NOT EXISTS (SELECT 1 FROM ${existing} e WHERE e.key = m.key)`);
  return countChanges(warehouse);
}

/** Fills `changed` for a table that is loaded whole: every row of `incoming`. */
export async function takeEverything(warehouse: DuckDBConnection): Promise<Changes> {
  await warehouse.run(`CREATE OR REPLACE TEMP TABLE changed AS SELECT key, 'inserted' AS kind FROM incoming`);
  return countChanges(warehouse);
}

export async function countChanges(warehouse: DuckDBConnection): Promise<Changes> {
  const reader = await warehouse.runAndReadAll('SELECT kind, count(*)::INTEGER FROM changed GROUP BY kind');
  const counts = new Map(reader.getRowsJson().map(([kind, count]) => [kind, Number(count)]));
  return {
    inserted: counts.get('inserted') ?? 0,
    updated: counts.get('updated') ?? 0,
    deleted: counts.get('deleted') ?? 0,
  };
}
