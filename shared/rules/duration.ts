/** `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`: two units at most. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${String(Math.max(0, Math.round(seconds)))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return join(`${String(hours)} h`, minutes % 60, 'min');
  return join(`${String(Math.floor(hours / 24))} d`, hours % 24, 'h');
}

const join = (large: string, small: number, unit: string): string =>
  small === 0 ? large : `${large} ${String(small)} ${unit}`;
