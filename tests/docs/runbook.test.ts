import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { alertKinds } from '../../shared/rules/alert-kinds.ts';
import { diagnosisCodes } from '../../shared/rules/diagnosis.ts';
import { packaged } from '../template/template.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const runbook = read('docs/runbook.md');

const entries = new Map(
  runbook
    .split(/^### /m)
    .slice(1)
    .map((entry) => [entry.slice(0, entry.indexOf('\n')).trim(), entry.split(/^## /m)[0] ?? '']),
);

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => anchorOf(heading!)));

/** Entries that the descriptions of the stack's alarms name. */
const alarmEntries = Object.values(packaged.Resources)
  .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
  .map(({ Properties }) => / Runbook: ([a-z-]+)\.$/.exec(String(Properties.AlarmDescription))?.[1] ?? '');

test.each([...new Set([...Object.keys(alertKinds), ...diagnosisCodes, 'storm', ...alarmEntries])])(
  '%s has its entry: what it means, three things to do, and how to see that it is over',
  (name) => {
    const entry = entries.get(name);
    expect(entry, `docs/runbook.md has no entry "### ${name}"`).toBeDefined();
    expect(entry).toContain('**Means.** ');
    expect(entry?.match(/^\d\. /gm)).toEqual(['1. ', '2. ', '3. ']);
    expect(entry).toContain('**Over when.** ');
  },
);

test('no entry is about something that is never sent', () => {
  const sent = new Set([...Object.keys(alertKinds), ...diagnosisCodes, 'storm', ...alarmEntries]);
  expect([...entries.keys()].filter((name) => !sent.has(name))).toEqual([]);
});

test('every kind of alert that a machine or a function sends is known', () => {
  const inMachines = globSync('state-machines/*.asl.yml', { cwd: root }).flatMap((file) =>
    [...read(file).matchAll(/\bkind: '?([a-z]+(?:-[a-z]+)+)/g)].map(([, kind]) => kind!),
  );
  const folders = new Set(readdirSync(path.join(root, 'functions')));
  const subjects =
    'connection|sync|manual|increment|update|secret|webhook|targets|endpoint|principal|acceptance';
  const inCode = globSync(
    [
      'functions/{reconcile-*,refresh-targets,notify}/*.ts',
      'shared/rules/{connection-conditions,endpoint-audit,service-audit}.ts',
    ],
    { cwd: root },
  )
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...read(file).matchAll(new RegExp(`'((?:${subjects})(?:-[a-z]+)+)'`, 'g'))].map(([, kind]) => kind!),
    )
    .filter((word) => !folders.has(word));
  expect(inCode.length).toBeGreaterThan(10);
  expect(inMachines.length).toBeGreaterThan(5);
  expect([...inMachines, ...inCode].filter((kind) => !(kind in alertKinds))).toEqual([]);
});

test('every link of the runbook has its target', () => {
  for (const [, target = ''] of runbook.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [file = '', anchor] = target.split('#');
    const text = file === '' ? runbook : read(path.join('docs', file));
    if (anchor !== undefined) expect(anchorsIn(text), target).toContain(anchor);
  }
});
