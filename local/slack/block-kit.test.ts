import { expect, test } from 'vitest';
import { problemsOfBlocks, textLength } from './block-kit.ts';

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const button = (more: object = {}) => ({
  type: 'button',
  text: plain('Open'),
  url: 'https://a.example/',
  ...more,
});

test('takes what Slack documents', () => {
  expect(
    problemsOfBlocks([
      { type: 'header', text: plain('Sync failed') },
      { type: 'section', text: mrkdwn('*why*'), accessory: button() },
      { type: 'section', fields: [mrkdwn('*Since*\nnow')] },
      { type: 'context', elements: [mrkdwn('x'), { type: 'image', image_url: 'https://a/', alt_text: 'a' }] },
      { type: 'divider' },
      { type: 'actions', elements: [button({ style: 'danger', action_id: 'a', value: 'v' })] },
    ]),
  ).toEqual([]);
});

test.each([
  [
    'no more than 50 items allowed [json-pointer:/blocks]',
    Array.from({ length: 51 }, () => ({ type: 'divider' })),
  ],
  [
    'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    [{ type: 'header', text: plain('x'.repeat(151)) }],
  ],
  ['must be a plain_text object [json-pointer:/blocks/0/text]', [{ type: 'header', text: mrkdwn('x') }]],
  [
    'must be more than 0 characters [json-pointer:/blocks/0/text/text]',
    [{ type: 'section', text: mrkdwn('') }],
  ],
  [
    'must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]',
    [{ type: 'section', fields: [mrkdwn('x'.repeat(2001))] }],
  ],
  [
    'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
    [{ type: 'section', fields: Array.from({ length: 11 }, () => mrkdwn('x')) }],
  ],
  ['missing required field: text or fields [json-pointer:/blocks/0]', [{ type: 'section' }]],
  ['must contain at least 1 item [json-pointer:/blocks/0/elements]', [{ type: 'actions', elements: [] }]],
  [
    'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
    [{ type: 'actions', elements: [button({ text: plain('x'.repeat(76)) })] }],
  ],
  [
    'must be a valid URL [json-pointer:/blocks/0/elements/0/url]',
    [{ type: 'actions', elements: [button({ url: 'there' })] }],
  ],
  [
    'must be a valid enum value [json-pointer:/blocks/0/elements/0/style]',
    [{ type: 'actions', elements: [button({ style: 'loud' })] }],
  ],
  ['missing required field [json-pointer:/blocks/0/alt_text]', [{ type: 'image', image_url: 'https://a/' }]],
  ['unsupported type: marquee [json-pointer:/blocks/0]', [{ type: 'marquee' }]],
])('says: %s', (problem, blocks) => {
  expect(problemsOfBlocks(blocks)).toContain(problem);
});

test('counts all text that is shown', () => {
  expect(textLength([{ type: 'section', text: mrkdwn('four'), fields: [plain('two')] }])).toBe(7);
});
