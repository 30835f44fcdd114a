import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'fresh clone '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { bin } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  bin: { 'fivetran-privatelink': string };
};

function npx(cwd: string): { status: number | null; stdout: string; stderr: string } {
  const entry = path.join(cwd, bin['fivetran-privatelink']);
  return spawnSync(process.execPath, [entry, '--help'], { cwd, encoding: 'utf8' });
}

test('what npx starts is the command line', () => {
  expect(npx(root)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: /) as string });
});

test('in a clone without packages it says what to run first', () => {
  for (const part of ['cli', 'scripts', 'shared', 'package.json']) {
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  }
  expect(npx(folder)).toMatchObject({
    status: 2,
    stdout: '',
    stderr: 'The packages are not installed. Run npm ci first.\n',
  });
});
