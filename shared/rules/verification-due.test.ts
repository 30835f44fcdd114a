import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import { isVerificationDue } from './verification-due.ts';

const now = new Date('2026-03-02T12:00:00Z');
const before = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString();

describe('when a verification is due', () => {
  it('is never due under never, not even after a recovery', () => {
    expect(isVerificationDue('never', { recovered: true }, now)).toBe(false);
  });

  it('is always due under always', () => {
    expect(isVerificationDue('always', { recovered: false, lastJudgedAt: before(0) }, now)).toBe(true);
  });

  it('is due when the connection was never verified', () => {
    expect(isVerificationDue('every 24h', { recovered: false }, now)).toBe(true);
  });

  it.each([
    ['every 24h', 24 * 60, true],
    ['every 24h', 24 * 60 - 1, false],
    ['every 30m', 30, true],
    ['every 30m', 29, false],
  ])('under %s a verification %i minutes ago makes it due: %s', (policy, minutes, due) => {
    expect(isVerificationDue(policy, { recovered: false, lastJudgedAt: before(minutes) }, now)).toBe(due);
  });

  it('is due once after a recovery, however recent the last verification', () => {
    expect(isVerificationDue('every 24h', { recovered: true, lastJudgedAt: before(1) }, now)).toBe(true);
  });

  it('refuses a policy that is none', () => {
    expect(() => isVerificationDue('daily', { recovered: false }, now)).toThrow(ConfigError);
  });
});
