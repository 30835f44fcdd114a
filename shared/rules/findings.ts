import type { CheckResult, Finding, FindingStatus } from '../contracts/finding.ts';

const order: Record<FindingStatus, number> = { ok: 0, skipped: 1, warning: 2, blocking: 3 };

/** All findings with the worst status among them; no finding at all is `skipped`, never `ok`. */
export function summarize(findings: readonly Finding[]): CheckResult {
  const status = findings.reduce<FindingStatus | undefined>(
    (worst, finding) =>
      worst === undefined || order[finding.status] > order[worst] ? finding.status : worst,
    undefined,
  );
  return { status: status ?? 'skipped', findings: [...findings] };
}
