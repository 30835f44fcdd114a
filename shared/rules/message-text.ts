import type { Subject } from '../contracts/subject.ts';
import { escapeWithin } from './block-kit.ts';

/** What a person calls the subject. */
export const subjectName = (subject: Subject): string => (subject.name === '' ? subject.id : subject.name);

/** How bad it is, at a glance. */
export const severitySigns = { critical: '🔴', warning: '🟠', information: '🔵' } as const;

/** An instant in the reader's own zone, with UTC for clients that cannot: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export function slackDate(instant: string): string {
  const date = new Date(instant);
  const seconds = Math.floor(date.getTime() / 1000);
  const fallback = `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `<!date^${String(seconds)}^{date_short_pretty} {time}|${fallback}>`;
}

/** Text from outside, escaped and cut, its instants in the reader's own zone. */
export function outside(text: string, limit: number): string {
  return escapeWithin(text, limit).replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, slackDate);
}

/** A headline is plain text, in which no instant can be shown in the reader's zone: the time of day is enough. */
export const withClock = (text: string): string =>
  text.replace(/\b\d{4}-\d\d-\d\dT(\d\d:\d\d):\d\d(?:\.\d+)?Z/g, '$1 UTC');
