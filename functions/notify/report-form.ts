import { createHash } from 'node:crypto';
import type { AlertContent } from '../../shared/contracts/incident.ts';

/** So many characters of what comes from outside, and so many items of a list, are kept. */
export const limits = { line: 300, cause: 1_000, remedy: 2_000, value: 400, items: 25, raw: 2_500 };

export const emptyContent: AlertContent = { facts: [], evidence: [], notChecked: [], links: [] };

/** An instant in whatever notation, in ours. */
export const toInstant = (date: string): string => new Date(date).toISOString();

/** JSON, also of what JSON does not know. */
export function jsonOf(value: unknown): string {
  const json: unknown = JSON.stringify(value, null, 1);
  return typeof json === 'string' ? json : String(value);
}

/** A name for what has none; with the same salt, the same event has the same. */
export const digest = (event: unknown, salt: string): string =>
  createHash('sha256').update(jsonOf(event)).update(salt).digest('hex').slice(0, 24);
