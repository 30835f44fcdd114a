import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
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
  package: (stage: string, parameters: string) => Promise<Run & { template: () => Template }>;
  /** Writes `params.<stage>.yml` and runs `serverless deploy` with the bundles that are built, with these variables. */
  deploy: (stage: string, parameters: string, environment: Record<string, string>) => Promise<Run>;
  remove: () => Promise<void>;
}

interface Run {
  code: number | null;
  output: string;
}

export async function copyProject(): Promise<ProjectCopy> {
  // Below the project, whose node_modules are found from there; the tool would look through a link to them.
  await mkdir(path.join(root, '.cache'), { recursive: true });
  const folder = await mkdtemp(path.join(root, '.cache/project-'));
  for (const part of parts) await cp(path.join(root, part), path.join(folder, part), { recursive: true });

  const run = async (program: string[], env: NodeJS.ProcessEnv = process.env): Promise<Run> => {
    const child = spawn(process.execPath, program, { cwd: folder, env });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output };
  };

  const choose = (stage: string, parameters: string): Promise<void> =>
    writeFile(path.join(folder, `params.${stage}.yml`), parameters);

  return {
    folder,
    package: async (stage, parameters) => {
      await choose(stage, parameters);
      const ended = await run(['scripts/package.ts', '--stage', stage]);
      return { ...ended, template: () => readTemplate(path.join(folder, templatePath)) };
    },
    deploy: async (stage, parameters, environment) => {
      await choose(stage, parameters);
      await cp(path.join(root, '.build'), path.join(folder, '.build'), { recursive: true });
      const tool = fileURLToPath(import.meta.resolve('serverless/bin/serverless.js'));
      return run([tool, 'deploy', '--stage', stage], {
        PATH: process.env.PATH,
        HOME: folder,
        CI: 'true',
        ...environment,
        // Milliseconds between two looks at the stack.
        SLS_AWS_MONITORING_FREQUENCY: '10',
      });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
