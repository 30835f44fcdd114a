import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeAnew } from './anew.ts';

const root = path.resolve(import.meta.dirname, '..');
let folder: string;
beforeEach(() => {
  folder = `.cache/anew-${randomUUID()}`;
});
afterEach(() => rm(path.join(root, folder), { recursive: true }));

/** Makes the folder anew with these files, all of the same content. */
const make = (names: readonly string[], content: string): Promise<void> =>
  makeAnew([folder], async (workshop) => {
    for (const name of names) {
      const file = path.join(workshop, folder, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  });

it('what several make at the same time is whole at every moment, and whole in the end', async () => {
  const names = ['a/index.mjs', 'b/index.mjs'];
  await make(names, 'x'.repeat(4_000_000));
  const made = new AbortController();
  const makers = ['1', '2', '3', '4', '5', '6'].map((digit) => make(names, digit.repeat(4_000_000)));
  const done = Promise.all(makers).finally(() => made.abort());
  do {
    for (const name of names) {
      const text = await readFile(path.join(root, folder, name), 'utf8');
      expect(text.length).toBe(4_000_000);
      expect(text.endsWith(text.slice(0, 1).repeat(1000))).toBe(true);
    }
  } while (!made.signal.aborted);
  await done;
  expect((await readdir(path.join(root, folder), { recursive: true })).sort()).toEqual([
    'a',
    'a/index.mjs',
    'b',
    'b/index.mjs',
  ]);
});

it('what is not made any more goes, and what could not be made leaves the old as it was', async () => {
  await make(['kept.json', 'gone.json'], 'old');
  await make(['kept.json'], 'new');
  const failing = makeAnew([folder], async (workshop) => {
    await mkdir(path.join(workshop, folder), { recursive: true });
    await writeFile(path.join(workshop, folder, 'kept.json'), 'half');
    throw new Error('no room');
  });
  await expect(failing).rejects.toThrow('no room');
  expect(await readdir(path.join(root, folder))).toEqual(['kept.json']);
  expect(await readFile(path.join(root, folder, 'kept.json'), 'utf8')).toBe('new');
});
