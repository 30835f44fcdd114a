import type { Finding } from '../contracts/finding.ts';
import type { TableCounters, TableFacts } from '../contracts/source-facts.ts';
import { nameList } from './name-list.ts';

/**
 * Teleport's limits for changed rows of one table between two syncs:
 * https://www.fivetran.com/docs/connectors/databases/troubleshooting/teleport-sync-error
 */
export const teleportLimit = 15_000;
export const teleportDisableLimit = 50_000;
/** From here on a table is reported though nothing fails yet. */
const watchedPart = 0.7;

/** Changed rows of one table since `sinceAt`. */
export interface TableChanges {
  schema: string;
  table: string;
  changed: number;
  /**
   * exact: counted at the table since a mark; bound: from counters, which count every attempt, so there are at most so
   * many; unknown: `reason` says why.
   */
  certainty: 'exact' | 'bound' | 'unknown';
  reason?: string;
}

/** Sync frequencies that Fivetran offers, in minutes. */
const frequencies = [1, 5, 15, 30, 60, 120, 180, 360, 480, 720, 1440];

/**
 * How near each table is to Teleport's limits, now and at the next sync at the present rate. Never blocking: the next
 * sync is the remedy, or it brings Fivetran's own re-sync of the table.
 *
 * @param times.sinceAt when the changes began to count
 * @param times.frequencyMinutes between two syncs; absent when they are not scheduled
 */
export function headroomFindings(
  tables: readonly TableChanges[],
  times: { sinceAt: Date; now: Date; frequencyMinutes: number | undefined; lastSyncAt: Date | undefined },
): Finding[] {
  const check = 'source.teleport-headroom';
  const since = times.sinceAt.toISOString();
  const known = tables.filter(({ certainty }) => certainty !== 'unknown');
  const unknown = tables.filter(({ certainty }) => certainty === 'unknown');
  const findings = known
    .map((table) => ({ table, forecast: forecast(table, times) }))
    .filter(
      ({ table, forecast: at }) => table.changed > teleportLimit * watchedPart || at.changed > teleportLimit,
    )
    .sort((one, other) => other.table.changed - one.table.changed)
    .slice(0, 10)
    .map(({ table, forecast: at }): Finding => ({
      check,
      status: 'warning',
      summary: `${table.schema}.${table.table}: ${amount(table)} changed since ${since}, ${consequence(table.changed, at)}`,
      remedy: remedy(at.perMinute, times.frequencyMinutes),
    }));
  const largest = known.reduce<TableChanges | undefined>(
    (most, table) => (most === undefined || table.changed > most.changed ? table : most),
    undefined,
  );
  if (findings.length === 0 && largest !== undefined) {
    findings.push({
      check,
      status: 'ok',
      summary: `Of Teleport's ${number(teleportLimit)} changed rows a table, at most ${number(largest.changed)} are used since ${since} (${largest.schema}.${largest.table}, ${largest.certainty === 'exact' ? 'counted exactly' : 'an upper bound'}).`,
    });
  }
  if (unknown.length > 0) {
    findings.push({
      check,
      status: 'skipped',
      summary: `Changed rows could not be counted for ${nameList(unknown.map(({ schema, table }) => `${schema}.${table}`))}: ${unknown[0]?.reason ?? ''}.`,
    });
  }
  return findings;
}

/** How much of Teleport's limit the table with the most changed rows has used, in percent; 100 is the limit. */
export function headroomUsedPercent(tables: readonly TableChanges[]): number {
  const counted = tables.filter(({ certainty }) => certainty !== 'unknown').map(({ changed }) => changed);
  return (Math.max(0, ...counted) / teleportLimit) * 100;
}

/** One batch a minute after a mark is no rate of a million an hour: shorter times count as this long. */
const leastMinutes = 15;

interface Forecast {
  /** Changed rows at the next sync. */
  changed: number;
  perMinute: number;
}

function forecast(
  { changed }: TableChanges,
  { sinceAt, now, frequencyMinutes, lastSyncAt }: Parameters<typeof headroomFindings>[1],
): Forecast {
  const minutes = (now.getTime() - sinceAt.getTime()) / 60_000;
  const perMinute = changed / Math.max(minutes, leastMinutes);
  if (frequencyMinutes === undefined) return { changed, perMinute };
  const sinceSync = (now.getTime() - (lastSyncAt ?? sinceAt).getTime()) / 60_000;
  const left = Math.max(0, frequencyMinutes - sinceSync);
  return { changed: Math.round(changed + perMinute * left), perMinute };
}

const number = (value: number): string => value.toLocaleString('en');

function amount({ changed, certainty }: TableChanges): string {
  return certainty === 'exact'
    ? `${number(changed)} rows (exact)`
    : `at most ${number(changed)} rows (an upper bound)`;
}

function consequence(changed: number, at: Forecast): string {
  if (changed > teleportDisableLimit) {
    return `more than the ${number(teleportDisableLimit)} at which Fivetran may disable the table; the next sync reports "Teleport Sync Error".`;
  }
  if (changed > teleportLimit) {
    return `more than the ${number(teleportLimit)} that Teleport carries: the next sync reports "Teleport Sync Error" and copies the whole table again.`;
  }
  if (at.changed > teleportLimit) {
    return `which at the present rate becomes about ${number(at.changed)} by the next sync; Teleport carries ${number(teleportLimit)}.`;
  }
  return `near the ${number(teleportLimit)} that Teleport carries.`;
}

function remedy(perMinute: number, frequencyMinutes: number | undefined): string {
  const fitting = frequencies.filter((minutes) => perMinute * minutes < teleportLimit * watchedPart).at(-1);
  const now = 'Start a sync now';
  if (fitting === undefined) {
    return `${now}; at this rate even a sync each minute is too seldom: switch the connection to Query-Based or logical replication.`;
  }
  if (frequencyMinutes !== undefined && frequencyMinutes <= fitting) {
    return `${now}; the present frequency of ${String(frequencyMinutes)} minutes is enough for the average rate, so split large batch changes over several syncs.`;
  }
  return `${now}, and set the connection's sync frequency to ${fitting === 1 ? 'each minute' : `${String(fitting)} minutes or less`}.`;
}

/** An upper bound of the changed rows from two readings of the counters, with the deletions among them. */
export function changesByCounters(
  { schema, table, counters: now }: Pick<TableFacts, 'schema' | 'table' | 'counters'>,
  before: TableCounters | undefined,
  standby: boolean,
): TableChanges & { deleted: number } {
  const unknown = (reason: string): TableChanges & { deleted: number } => ({
    schema,
    table,
    changed: 0,
    deleted: 0,
    certainty: 'unknown',
    reason,
  });
  if (standby) return unknown('a standby does not count changes');
  if (before === undefined) return unknown('the last mark does not know the table');
  const inserted = now.inserted - before.inserted;
  const updated = now.updated - before.updated;
  const deleted = now.deleted - before.deleted;
  if (now.resetAt !== before.resetAt || inserted < 0 || updated < 0 || deleted < 0) {
    return unknown('the statistics were reset since the last mark');
  }
  return { schema, table, changed: inserted + updated + deleted, deleted, certainty: 'bound' };
}
