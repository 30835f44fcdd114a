import { expect, test } from 'vitest';
import { slackDate } from './message-text.ts';

test('dates are shown in the reader’s zone', () => {
  expect(slackDate('2026-11-22T19:50:07.170Z')).toBe(
    '<!date^1795377007^{date_short_pretty} {time}|2026-11-22 19:50 UTC>',
  );
});
