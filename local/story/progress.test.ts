import { expect, test } from 'vitest';
import type { StepRecord } from '../report/report-data.ts';
import { createProgress } from './progress.ts';

const screen = () => {
  const written: string[] = [];
  return { columns: 40, write: (text: string) => written.push(text), text: () => written.join('') };
};
const step = (more: Partial<StepRecord> = {}): StepRecord => ({
  title: 'The source answers',
  expectation: 'PostgreSQL answers over TLS.',
  status: 'passed',
  durationMs: 1234,
  ...more,
});

test('writes plain lines where there is no terminal', () => {
  const out = screen();
  const progress = createProgress(out, { live: false, color: false });
  progress.scenarioStarted('Source');
  progress.stepStarted(step());
  progress.stepEnded(step());
  expect(out.text()).toBe('\nSource\n  ✓ The source answers  1.2 s\n');
});

test('says under a failed step what was expected and what was seen', () => {
  const out = screen();
  createProgress(out, { live: false, color: false }).stepEnded(
    step({ status: 'failed', seen: 'Expected x.\nSaw y.' }),
  );
  expect(out.text()).toContain('✗ The source answers');
  expect(out.text()).toContain('expected  PostgreSQL answers over TLS.');
  expect(out.text()).toContain('Saw y.');
});

test('spins on a terminal, never wider than it, and leaves only the result', () => {
  const out = screen();
  const progress = createProgress(out, { live: true, color: false });
  progress.stepStarted(step({ title: 'x'.repeat(100) }));
  progress.stepEnded(step({ title: 'x'.repeat(100) }));
  const lines = out.text().split(/\r\u001B\[2K(?:\u001B\[\?25[hl])?|\n/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(lines.at(-2)).toMatch(/^ {2}✓ x+… {2}1\.2 s$/);
});

test('shows work that is not a step, and its failure', async () => {
  const out = screen();
  const progress = createProgress(out, { live: false, color: true });
  expect(await progress.during('Boots', () => Promise.resolve(7))).toBe(7);
  await expect(progress.during('Breaks', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(out.text()).toContain('\u001B[32m✓\u001B[0m Boots');
  expect(out.text()).toContain('\u001B[31m✗\u001B[0m Breaks');
});
