import type { CheckResult, Finding } from '../contracts/finding.ts';
import { summarize } from './findings.ts';

/** Trouble that is not there yet, or that the next syncs bring, in words for people who did not ask. */
export interface Foreseen {
  /** Whether the source could be looked at: otherwise that nothing is foreseen says nothing. */
  looked: boolean;
  /** One sentence; empty when nothing is foreseen. */
  summary: string;
  remedy: string;
  findings: Finding[];
}

/** What check-source answers: its findings, and what of them is worth telling though the sync can run. */
export interface SourceCheckResult extends CheckResult {
  foreseen: Foreseen;
}

/**
 * Checks that tell of a change since the last mark, or of a limit that comes nearer. What has been so all along, a
 * table that never had a key for instance, is for those who read the findings.
 */
const foretelling = new Set([
  'source.teleport-headroom',
  'source.teleport-limit',
  'source.table-rewrite',
  'source.key-change',
  'source.selected-tables',
  'source.transaction-id',
]);

/**
 * All findings with the worst status among them, and those that tell on-call of trouble ahead. Beside a sync the rows
 * that wait for one are not foreseen as trouble: one that follows shows it, and one that has ended carried them.
 */
export function summarizeSource(
  findings: readonly Finding[],
  { besideSync = false }: { besideSync?: boolean | undefined } = {},
): SourceCheckResult {
  const ahead = findings.filter(
    ({ check, status }) =>
      status === 'warning' && foretelling.has(check) && !(besideSync && check === 'source.teleport-limit'),
  );
  const more = ahead.length > 1 ? ` And ${String(ahead.length - 1)} more.` : '';
  return {
    ...summarize(findings),
    foreseen: {
      looked: findings.some(({ check }) => check === 'source.version'),
      summary: ahead[0] === undefined ? '' : `${ahead[0].summary}${more}`,
      remedy: [...new Set(ahead.flatMap(({ remedy }) => remedy ?? []))].join(' '),
      findings: ahead,
    },
  };
}
