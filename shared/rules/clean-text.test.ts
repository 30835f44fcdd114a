import { expect, test } from 'vitest';
import { hideSecrets } from './clean-text.ts';

test.each([
  'password=hunter2 was used',
  'Key (email)=(mary@example.com) already exists',
  'postgres://fivetran:hunter2@db/x',
  'Authorization: Bearer abcdefghijklmnop',
])('cleaning what is clean already changes nothing: %s', (text) => {
  const once = hideSecrets(text);
  expect(once).toContain('(hidden)');
  expect(once).not.toMatch(/hunter2|mary|abcdef/);
  expect(hideSecrets(once)).toBe(once);
});

test('what a field of a secret must be is no secret', () => {
  const ours = 'The secret x/fivetran is not complete: apiKey: expected string; token: must not be empty.';
  expect(hideSecrets(ours)).toBe(ours);
});
