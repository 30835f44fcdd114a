import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { configurationPage, configurationPath, permissionsPage, permissionsPath } from '../scripts/docs.ts';

const root = path.resolve(import.meta.dirname, '..');

it('keeps docs/configuration.md equal to the settings and parameters (npm run docs)', async () => {
  expect(readFileSync(path.join(root, configurationPath), 'utf8')).toBe(await configurationPage());
});

it('keeps docs/permissions.md equal to the packaged template (npm run docs)', async () => {
  expect(readFileSync(path.join(root, permissionsPath), 'utf8')).toBe(await permissionsPage());
});

describe('links between documents', () => {
  const folders = ['.', 'docs', 'docs/decisions', 'state-machines'];
  const pages = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((file) => file.endsWith('.md'))
      .map((file) => path.join(folder, file)),
  );

  /** The anchor that GitHub gives a heading. */
  const anchorOf = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');

  it.each(pages)('%s leads only to files and headings that exist', (page) => {
    const text = readFileSync(path.join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '');
    const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link ?? '');
    for (const link of links) {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page : path.join(path.dirname(page), file);
      expect(existsSync(path.join(root, target)), `${page}: ${link}`).toBe(true);
      if (anchor !== undefined) {
        const headings = readFileSync(path.join(root, target), 'utf8').matchAll(/^#+ (.+)$/gm);
        expect(
          [...headings].map(([, heading]) => anchorOf(heading ?? '')),
          `${page}: ${link}`,
        ).toContain(anchor);
      }
    }
  });
});
