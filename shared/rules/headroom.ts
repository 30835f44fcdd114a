import type { Finding } from '../contracts/finding.ts';
import type { TableCounters, TableFacts } from '../contracts/source-facts.ts';
import { nameList } from './name-list.ts';

/**
 * Teleport's limits for changed rows of one table between two syncs:
 * https://www.fivetran.com/docs/connectors/databases/troubleshooting/teleport-sync-error
 */
export const teleportLimit = 15_000;
const teleportDisableLimit = 50_000;
/** From here on a table is reported though nothing fails yet. */
const watchedPart = 0.7;

/** Changed rows of one table since `sinceAt`. */
export interface TableChanges {
  schema: string;
  table: string;
  changed: number;
  /**
   * exact: counted at the table since a mark; bound: from counters, which count every attempt, so there are at most so
   * many; at-least: counted at the table, without deletions because the counters were reset; unknown: `reason` says
   * why.
   */
  certainty: 'exact' | 'bound' | 'at-least' | 'unknown';
  reason?: string;
}

/** Sync frequencies that Fivetran offers, in minutes. */
const frequencies = [1, 5, 15, 30, 60, 120, 180, 360, 480, 720, 1440];

/** What the changes are set against. */
export interface HeadroomTimes {
  /** When the changes began to count. */
  sinceAt: Date;
  now: Date;
  /** Minutes between two syncs; undefined when they are not scheduled. */
  frequencyMinutes: number | undefined;
  lastSyncAt: Date | undefined;
}

/**
 * How near each table is to Teleport's limits, now and at the next sync at the present rate. Never blocking: the next
 * sync is the remedy, or it brings Fivetran's own re-sync of the table.
 */
export function headroomFindings(tables: readonly TableChanges[], times: HeadroomTimes): Finding[] {
  const check = 'source.teleport-headroom';
  const known = tables
    .filter(({ certainty }) => certainty !== 'unknown')
    .map((table) => ({ table, at: forecast(table, times) }))
    .sort((one, other) => other.at.waiting - one.at.waiting);
  const unknown = tables.filter(({ certainty }) => certainty === 'unknown');
  const findings = known
    .filter(({ at }) => at.waiting > teleportLimit * watchedPart || at.atNextSync > teleportLimit)
    .slice(0, 10)
    .map(({ table, at }): Finding => ({
      check: at.waiting > teleportLimit ? 'source.teleport-limit' : check,
      status: 'warning',
      summary: `${table.schema}.${table.table}: ${amount(table, at, times)}, ${consequence(at)}`,
      remedy: remedy(at.perMinute, times.frequencyMinutes),
    }));
  const [largest] = known;
  if (findings.length === 0 && largest !== undefined) {
    findings.push({
      check,
      status: 'ok',
      summary: `Teleport carries ${number(teleportLimit)} changed rows a table. The table with the most is ${largest.table.schema}.${largest.table.table}: ${amount(largest.table, largest.at, times)}.`,
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

/** How much of Teleport's limit the table with the most waiting rows has used, in percent; 100 is the limit. */
export function headroomUsedPercent(tables: readonly TableChanges[], times: HeadroomTimes): number {
  const waiting = tables
    .filter(({ certainty }) => certainty !== 'unknown')
    .map((table) => forecast(table, times).waiting);
  return (Math.max(0, ...waiting) / teleportLimit) * 100;
}

/** One batch a minute after a mark is no rate of a million an hour: shorter times count as this long. */
const leastMinutes = 15;

interface Forecast {
  /** Changed rows that wait for the next sync by now; estimated where a sync came after they began to count. */
  waiting: number;
  /** Changed rows at the next sync. */
  atNextSync: number;
  perMinute: number;
}

function forecast(
  { changed }: TableChanges,
  { sinceAt, now, frequencyMinutes, lastSyncAt }: HeadroomTimes,
): Forecast {
  const minutesSince = (from: Date): number => (now.getTime() - from.getTime()) / 60_000;
  const minutes = minutesSince(sinceAt);
  const perMinute = changed / Math.max(minutes, leastMinutes);
  // What a sync after the mark carried over does not wait any more; how much that was is not known.
  const carried = carriedSince({ sinceAt, lastSyncAt });
  const sinceSync = minutesSince(lastSyncAt ?? sinceAt);
  const waiting = carried ? Math.round((changed * sinceSync) / Math.max(minutes, sinceSync, 1)) : changed;
  const left = frequencyMinutes === undefined ? 0 : Math.max(0, frequencyMinutes - sinceSync);
  return { waiting, atNextSync: Math.round(waiting + perMinute * left), perMinute };
}

/** Fivetran's clock and ours may differ by so much; a mark follows its sync within seconds. */
const skewMs = 60_000;

/** Whether a sync came after the changes began to count, so that some of them are over already. */
const carriedSince = ({ sinceAt, lastSyncAt }: Pick<HeadroomTimes, 'sinceAt' | 'lastSyncAt'>): boolean =>
  lastSyncAt !== undefined && lastSyncAt.getTime() - sinceAt.getTime() > skewMs;

const number = (value: number): string => value.toLocaleString('en');

function amount({ changed, certainty }: TableChanges, at: Forecast, times: HeadroomTimes): string {
  const since = `changed since ${times.sinceAt.toISOString()}`;
  if (carriedSince(times)) {
    return `at most ${number(changed)} rows ${since} (an upper bound), of which about ${number(at.waiting)} wait for the next sync`;
  }
  const words = {
    exact: `${number(changed)} rows (exact)`,
    bound: `at most ${number(changed)} rows (an upper bound)`,
    'at-least': `at least ${number(changed)} rows (deletions could not be counted)`,
    unknown: 'rows that could not be counted',
  };
  return `${words[certainty]} ${since}`;
}

function consequence({ waiting, atNextSync }: Forecast): string {
  if (waiting > teleportDisableLimit) {
    return `more than the ${number(teleportDisableLimit)} at which Fivetran may disable the table; the next sync reports "Teleport Sync Error".`;
  }
  if (waiting > teleportLimit) {
    return `more than the ${number(teleportLimit)} that Teleport carries: the next sync reports "Teleport Sync Error" and copies the whole table again.`;
  }
  if (atNextSync > teleportLimit) {
    return `which at the present rate becomes about ${number(atNextSync)} by the next sync; Teleport carries ${number(teleportLimit)}.`;
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
