import { expect, test } from 'vitest';
import { thrownMessage } from './thrown-message.ts';

const said = 'The secret "x" has no value yet.\nPut one.';
const cause = JSON.stringify({ errorType: 'ConfigError', errorMessage: said, trace: ['a', 'b'] });

test('a Lambda’s error is read out of its JSON', () => {
  expect(thrownMessage(cause)).toBe(said);
});

test('JSON that was cut still says what is left of the message', () => {
  for (let length = cause.indexOf('The secret') + 3; length < cause.length; length += 1) {
    const left = thrownMessage(cause.slice(0, length));
    expect(left.slice(0, 3)).toBe('The');
    expect(left).not.toContain('errorType');
  }
});

test.each(['', 'It timed out.', '{"a":1}', '{', 'null'])(
  'a cause of another kind is its own words: %s',
  (words) => {
    expect(thrownMessage(words)).toBe(words);
  },
);
