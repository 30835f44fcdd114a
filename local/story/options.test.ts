import { expect, test } from 'vitest';
import { readOptions, UsageError } from './options.ts';

test('plays the story as it is when nothing is asked', () => {
  expect(readOptions([])).toEqual({
    help: false,
    fivetranAccount: undefined,
    loseRow: false,
    slackDown: false,
  });
});

test('takes the switches that break the story', () => {
  expect(readOptions(['--fivetran-account', '999999999999', '--lose-row', '--slack-down'])).toEqual({
    help: false,
    fivetranAccount: '999999999999',
    loseRow: true,
    slackDown: true,
  });
});

test.each([[['--fivetran-account', '12']], [['--what']], [['extra']]])(
  'refuses %j with a sentence',
  (args) => {
    expect(() => readOptions(args)).toThrow(UsageError);
  },
);
