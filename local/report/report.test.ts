import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hostile, reportData } from '../../tests/fixtures/report-data.ts';
import { formatDuration } from './duration.ts';
import { markup } from './html.ts';
import { viewMrkdwn } from './mrkdwn.ts';
import { renderReport } from './report.ts';

const page = renderReport(reportData);

test('no text from outside becomes markup', () => {
  expect(page).not.toContain('<script>alert');
  expect(page).not.toContain('<img');
  expect(page).not.toMatch(/href="javascript:/i);
  expect(page).toContain(markup`${hostile}`.markup);
});

test('asks nobody for anything', () => {
  expect(page).not.toMatch(/<[a-z][^>]*\ssrc=|@import|url\(|<link|<iframe/i);
  expect(page).toContain('default-src &#39;none&#39;');
});

test('lets its own script run, and it alone', () => {
  const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
  expect(page).toContain(`sha256-${createHash('sha256').update(script).digest('base64')}`);
});

test('names the step that broke and what came instead', () => {
  expect(page).toContain('The story breaks at “Verified at the destination”');
  const whole = { ...reportData };
  delete whole.failure;
  expect(renderReport(whole)).toContain('The whole story holds');
});

test('draws every state of every execution and counts the ways taken', () => {
  expect(page).toContain('WaitForSync (Wait), entered 2 times');
  expect(page).toContain('CheckTargetHealth (Task)');
  expect(page).toContain('ReadSync → GatherEvidence (on failure)');
});

test.each([
  ['*bold* _soft_ ~gone~ `a*b*`', '<strong>bold</strong> <em>soft</em> <s>gone</s> <code>a*b*</code>'],
  ['snake_case_name and 2 * 3 * 4', 'snake_case_name and 2 * 3 * 4'],
  [
    '<https://a.example/?x=1&amp;y=2|the *page*>',
    '<a href="https://a.example/?x=1&#38;y=2" rel="noreferrer">the *page*</a>',
  ],
  ['<javascript:alert(1)|x>', '<a href="#" rel="noreferrer">x</a>'],
  ['<!here> &lt;b&gt;', '<span class="mention">@here</span> &#60;b&#62;'],
  ['<!date^0^{date}|long ago>', '<time datetime="1970-01-01T00:00:00.000Z">long ago</time>'],
  ['a\n&gt; b\nc', 'a<br><blockquote>b</blockquote>c'],
  ['```x &lt; *y*\n```', '<pre>x &#60; *y*</pre>'],
  ['<!subteam^S1|@data>', '<span class="mention">@data</span>'],
])('shows mrkdwn as Slack does: %s', (source, shown) => {
  expect(viewMrkdwn(source).markup).toBe(shown);
});

test.each([
  [12.4, '12 ms'],
  [4210, '4.2 s'],
  [59_990, '1 min 00 s'],
  [65_000, '1 min 05 s'],
])('says %d ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
