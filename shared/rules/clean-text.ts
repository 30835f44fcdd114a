/**
 * Text from outside, fit to be shown: no secret, no key, no row, no control characters. What Slack itself gives a
 * meaning to is escaped later, where the message is made.
 */
const secrets: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]+):[^\s@]+@/gi, '$1:(hidden)@'],
  // Not what we say ourselves of a field of a secret that does not fit: it is no value.
  [
    /\b(password|passwd|pwd|secret|token|api[_-]?key|apikey|authorization|credential)(["']?\s*[=:]\s*)(?!\(hidden\)|expected |is missing|must )(?:bearer\s+|basic\s+)?("[^"]*"|'[^']*'|[^\s,;&)}]+)/gi,
    '$1$2(hidden)',
  ],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}/gi, '$1 (hidden)'],
  [/\bxox[a-z]-[A-Za-z0-9-]+/g, '(hidden)'],
  [/https:\/\/hooks\.slack\.com\/\S+/g, '(hidden)'],
  [/\bdapi[0-9a-f]{16,}\b/g, '(hidden)'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, '(hidden)'],
  [/-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)/g, '(hidden)'],
  // PostgreSQL quotes rows in its details: https://www.postgresql.org/docs/15/errcodes-appendix.html, class 23
  [/\bKey \(([^)]*)\)=\((?:[^()]|\([^()]*\))*\)/g, 'Key ($1)=(hidden)'],
  [/\b(Failing row contains )\((?:[^()]|\([^()]*\))*\)?/g, '$1(hidden)'],
  [/(invalid input syntax for [^:"]+: )"[^"]*"/g, '$1(hidden)'],
];

/** One line without secrets, at most `limit` characters long; a cut line ends in an ellipsis. */
export function cleanLine(text: string, limit: number): string {
  return cut(
    hideSecrets(text)
      .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
      .trim(),
    limit,
  );
}

/** Several lines without secrets, at most `limit` characters long. */
export function cleanText(text: string, limit: number): string {
  const lines = hideSecrets(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/[^\P{Cc}\n]|[\p{Cf}]/gu, '')
    .replace(/\n{3,}/g, '\n\n');
  return cut(lines.trim(), limit);
}

/** The text without what looks like a secret or quotes a row. */
export function hideSecrets(text: string): string {
  return secrets.reduce((hidden, [pattern, replacement]) => hidden.replace(pattern, replacement), text);
}

/** At most `limit` characters (UTF-16), never half of a surrogate pair. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, Math.max(0, limit - 1)).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** The text as a sentence begins. */
export const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
