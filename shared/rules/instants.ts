/** Orders ISO instants, of the same or of different precision. */
export const compareInstants = (a: string, b: string): number => Date.parse(a) - Date.parse(b);

export const earlier = (a: string, b: string): string => (compareInstants(a, b) <= 0 ? a : b);

export const later = (a: string, b: string): string => (compareInstants(a, b) >= 0 ? a : b);

/** An ISO instant, a date, or milliseconds since 1970. */
type Moment = string | Date | number;

const msOf = (moment: Moment): number => (typeof moment === 'string' ? Date.parse(moment) : Number(moment));

/** Seconds from one moment to another; negative when that is the earlier one. */
export const secondsBetween = (from: Moment, to: Moment): number => (msOf(to) - msOf(from)) / 1000;

/** The instant so many seconds after a moment. */
export const secondsAfter = (moment: Date, seconds: number): string =>
  new Date(moment.getTime() + seconds * 1000).toISOString();
