import { ConfigError } from '../errors.ts';

const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000 };

/**
 * Whether a successful sync that Fivetran ran by itself shall be verified.
 *
 * @param policy `always`, `never`, or `every <n>h` or `every <n>m`
 * @param known.lastJudgedAt ISO 8601; absent when no increment of the connection was ever judged, which makes it due
 * @param known.recovered whether this sync ended a trouble: then it is due once, unless the policy is `never`
 * @throws ConfigError when the policy is none of these
 */
export function isVerificationDue(
  policy: string,
  known: { lastJudgedAt?: string | undefined; recovered: boolean },
  now: Date,
): boolean {
  if (policy === 'never') return false;
  if (policy === 'always' || known.recovered) return true;
  const [, count, unit = ''] = /^every ([1-9]\d*)([hm])$/.exec(policy) ?? [];
  const everyMs = Number(count) * (unitMs[unit] ?? Number.NaN);
  if (Number.isNaN(everyMs)) {
    throw new ConfigError(
      `The verification policy is "${policy}" but must be always, never, or every <n>h or <n>m.`,
    );
  }
  return known.lastJudgedAt === undefined || now.getTime() - Date.parse(known.lastJudgedAt) >= everyMs;
}
