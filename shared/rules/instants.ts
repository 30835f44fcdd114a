/** Orders ISO instants, of the same or of different precision. */
export const compareInstants = (a: string, b: string): number => Date.parse(a) - Date.parse(b);

export const earlier = (a: string, b: string): string => (compareInstants(a, b) <= 0 ? a : b);

export const later = (a: string, b: string): string => (compareInstants(a, b) >= 0 ? a : b);

/** Seconds from one ISO instant to another; negative when that is the earlier one. */
export const elapsedSeconds = (from: string, to: string | Date): number =>
  (new Date(to).getTime() - Date.parse(from)) / 1000;
