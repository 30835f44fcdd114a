/**
 * What a function said when it failed, out of the `Cause` that Step Functions gives: a Lambda's error arrives as JSON,
 * which is cut where it is too long; any other cause is its own words.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export function thrownMessage(cause: string): string {
  const [, quoted] = /^\s*\{.*?"errorMessage"\s*:\s*("(?:[^"\\]|\\.)*"?)/s.exec(cause) ?? [];
  if (quoted === undefined) return cause;
  const whole = quoted.length > 1 && quoted.endsWith('"') && !quoted.endsWith('\\"') ? quoted : `${quoted}"`;
  try {
    return String(JSON.parse(whole));
  } catch {
    // Cut within an escape: the words are readable all the same.
    return quoted.slice(1);
  }
}
