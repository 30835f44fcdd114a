/** A schedule's expression is not one. */
class ScheduleExpressionError extends Error {
  override readonly name = 'ScheduleExpressionError';
}

/** When a schedule fires next. */
export type ScheduleTimes = (after: Date) => Date | undefined;

const units: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * Reads `rate(5 minutes)`, `cron(0 12 * * ? *)` (UTC) or `at(2026-11-22T10:00:00)` (UTC).
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 *
 * @throws ScheduleExpressionError
 */
export function readScheduleExpression(expression: string): ScheduleTimes {
  const [, kind, argument = ''] = /^(rate|cron|at)\((.+)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'rate') {
    const [, count = '', unit = ''] = /^(\d+)\s+(minute|hour|day)s?$/.exec(argument) ?? [];
    const interval = Number(count) * (units[unit] ?? 0);
    if (interval > 0) return (after) => new Date(after.getTime() + interval);
  }
  if (kind === 'at') {
    const at = new Date(`${argument}Z`);
    if (!Number.isNaN(at.getTime())) return (after) => (after < at ? at : undefined);
  }
  if (kind === 'cron') return readCron(argument, expression);
  throw new ScheduleExpressionError(`"${expression}" is no schedule: use rate(…), cron(…) or at(…).`);
}

type Matcher = (date: Date) => boolean;

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** A cron expression that does not fire within this long never does (29 February comes every four or eight years). */
const horizonDays = 366 * 8;

function readCron(argument: string, expression: string): ScheduleTimes {
  const fields = argument.trim().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = fields;
  if (fields.length !== 6 || (day === '?') === (weekday === '?')) {
    throw new ScheduleExpressionError(
      `"${expression}": cron takes minutes, hours, day of month, month, day of week and year, one of the days being "?".`,
    );
  }
  const read = (text: string, least: number, most: number, names: string[] = [], offset = 0): Set<number> => {
    const values = readField(text, least, most, names, offset);
    if (values === undefined)
      throw new ScheduleExpressionError(`"${expression}": "${text}" is out of range.`);
    return values;
  };
  const minutes = read(minute, 0, 59);
  const hours = read(hour, 0, 23);
  const monthSet = read(month, 1, 12, months, 1);
  const years = read(year, 1970, 2199);
  const onDay: Matcher = day === '?' ? weekdayMatcher(weekday, read) : dayMatcher(day, read);
  return (after) => {
    const start = new Date(Math.floor(after.getTime() / minuteMs) * minuteMs + minuteMs);
    let midnight = Math.floor(start.getTime() / dayMs) * dayMs;
    for (let count = 0; count < horizonDays; count += 1, midnight += dayMs) {
      const date = new Date(midnight);
      if (!years.has(date.getUTCFullYear()) || !monthSet.has(date.getUTCMonth() + 1) || !onDay(date))
        continue;
      for (let minuteOfDay = 0; minuteOfDay < 1440; minuteOfDay += 1) {
        const at = midnight + minuteOfDay * minuteMs;
        const fires = hours.has(Math.floor(minuteOfDay / 60)) && minutes.has(minuteOfDay % 60);
        if (fires && at >= start.getTime()) return new Date(at);
      }
    }
    return undefined;
  };
}

type Read = (text: string, least: number, most: number, names?: string[], offset?: number) => Set<number>;

function dayMatcher(text: string, read: Read): Matcher {
  if (text === 'L') return (date) => new Date(date.getTime() + dayMs).getUTCDate() === 1;
  const set = read(text, 1, 31);
  return (date) => set.has(date.getUTCDate());
}

/** Sunday is 1. `3#2` is the second Tuesday, `6L` the last Friday of the month. */
function weekdayMatcher(text: string, read: Read): Matcher {
  const [, day = '', nth] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  if (nth !== undefined) {
    const set = read(day, 1, 7, days, 1);
    return (date) => set.has(date.getUTCDay() + 1) && Math.ceil(date.getUTCDate() / 7) === Number(nth);
  }
  const [, last] = /^(\w+)L$/.exec(text) ?? [];
  if (last !== undefined) {
    const set = read(last, 1, 7, days, 1);
    return (date) =>
      set.has(date.getUTCDay() + 1) &&
      new Date(date.getTime() + 7 * dayMs).getUTCMonth() !== date.getUTCMonth();
  }
  const set = read(text, 1, 7, days, 1);
  return (date) => set.has(date.getUTCDay() + 1);
}

/** `*`, `5`, `1,3`, `1-5`, `0/15`, `MON-FRI`; undefined when it is none of these. */
function readField(
  text: string,
  least: number,
  most: number,
  names: string[],
  offset: number,
): Set<number> | undefined {
  const values = new Set<number>();
  const number = (word: string): number => {
    const named = names.indexOf(word.toUpperCase());
    return named >= 0 ? named + offset : /^\d+$/.test(word) ? Number(word) : Number.NaN;
  };
  for (const part of text.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [from = '', to] = range === '*' ? [String(least), String(most)] : range.split('-');
    const first = number(from);
    const final = to === undefined ? (part.includes('/') ? most : first) : number(to);
    const stride = Number(step);
    const fits = first >= least && final <= most && first <= final && Number.isInteger(stride) && stride > 0;
    if (!fits) return undefined;
    for (let value = first; value <= final; value += stride) values.add(value);
  }
  return values;
}
