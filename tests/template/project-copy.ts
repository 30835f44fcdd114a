import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { templatePath } from '../../scripts/package.ts';
import { readTemplate, root, type Template } from './template.ts';

/** What packaging reads. */
const parts = [
  'functions',
  'resources',
  'scripts',
  'shared',
  'state-machines',
  'serverless.yml',
  'package.json',
  'package-lock.json',
];

/** A copy of the project, so that packaging for a stage leaves the package that other tests read alone. */
export interface ProjectCopy {
  folder: string;
  /** Writes `params.<stage>.yml` and runs `npm run package` for that stage. */
  package: (
    stage: string,
    parameters: string,
  ) => Promise<{ code: number | null; output: string; template: () => Template }>;
  remove: () => Promise<void>;
}

export async function copyProject(): Promise<ProjectCopy> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fivetran-privatelink-package-'));
  for (const part of parts) await cp(path.join(root, part), path.join(folder, part), { recursive: true });
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return {
    folder,
    package: async (stage, parameters) => {
      await writeFile(path.join(folder, `params.${stage}.yml`), parameters);
      const child = spawn(process.execPath, ['scripts/package.ts', '--stage', stage], { cwd: folder });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      return { code, output, template: () => readTemplate(path.join(folder, templatePath)) };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
