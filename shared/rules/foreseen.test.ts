import { expect, test } from 'vitest';
import type { Finding } from '../contracts/finding.ts';
import { summarizeSource } from './foreseen.ts';

const warning = (check: string): Finding => ({
  check,
  status: 'warning',
  summary: `${check} is near.`,
  remedy: 'Act.',
});
const version: Finding = { check: 'source.version', status: 'ok', summary: 'PostgreSQL 15 is supported.' };

test('what tells of a change or a nearing limit is foreseen, what has been so all along is not', () => {
  const { foreseen } = summarizeSource([
    version,
    warning('source.primary-key'),
    warning('source.teleport-headroom'),
    warning('source.table-rewrite'),
  ]);
  expect(foreseen).toMatchObject({
    looked: true,
    summary: 'source.teleport-headroom is near. And 1 more.',
    remedy: 'Act.',
  });
});

test('rows that wait for a sync are no trouble ahead beside one, which shows or has carried them', () => {
  const findings = [version, warning('source.teleport-limit')];
  expect(summarizeSource(findings).foreseen.summary).not.toBe('');
  expect(summarizeSource(findings, { besideSync: true }).foreseen.summary).toBe('');
});

test('a source that was not reached foresees nothing, and says that it was not looked at', () => {
  const unreachable: Finding = { check: 'source.reachable', status: 'blocking', summary: 'No route.' };
  expect(summarizeSource([unreachable]).foreseen).toMatchObject({ looked: false, summary: '' });
});
