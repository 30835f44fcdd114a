import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFunctions, functionNames } from './build.ts';

const root = path.resolve(import.meta.dirname, '..');

/** Where the packaged CloudFormation template is, relative to the project. */
export const templatePath = '.serverless/cloudformation-template-update-stack.json';
const fingerprintPath = '.serverless/inputs.sha256';

const inputs = [
  'functions/**/*.{ts,yml}',
  'shared/**/*.ts',
  'state-machines/*.yml',
  'resources/**/*.yml',
  'serverless.yml',
  'scripts/{build,package}.ts',
  'package-lock.json',
];

/** A package could not be made; the message is the packaging tool's own. */
export class PackageError extends Error {
  override readonly name = 'PackageError';
}

/**
 * Bundles all functions and packages the service: CloudFormation template and one zip per function in
 * `.serverless/`, without credentials or network.
 *
 * @param options.ifChanged does nothing when nothing changed since the last package
 * @returns whether anything was made
 * @throws PackageError with the tool's message
 */
export async function packageService(options: { ifChanged?: boolean } = {}): Promise<boolean> {
  const fingerprint = await fingerprintInputs();
  if (options.ifChanged === true && (await isCurrent(fingerprint))) return false;
  await buildFunctions();
  await runServerless();
  await writeFile(path.join(root, fingerprintPath), fingerprint);
  return true;
}

async function fingerprintInputs(): Promise<string> {
  const hash = createHash('sha256');
  const files: string[] = [];
  for await (const file of glob(inputs, { cwd: root })) {
    if (!file.endsWith('.test.ts')) files.push(file);
  }
  for (const file of files.sort()) hash.update(file).update(await readFile(path.join(root, file)));
  return hash.digest('hex');
}

async function isCurrent(fingerprint: string): Promise<boolean> {
  const files = [templatePath, ...functionNames().map((name) => `.build/${name}/index.mjs`)];
  if (!files.every((file) => existsSync(path.join(root, file)))) return false;
  return (await readFile(path.join(root, fingerprintPath), 'utf8').catch(() => '')) === fingerprint;
}

/** An empty home and no variables but PATH: the package depends on nobody's credentials or settings. */
async function runServerless(): Promise<void> {
  const home = await mkdtemp(path.join(tmpdir(), 'fivetran-privatelink-package-'));
  try {
    const child = spawn(
      process.execPath,
      [path.join(root, 'node_modules/serverless/bin/serverless.js'), 'package'],
      {
        cwd: root,
        env: { PATH: process.env.PATH, HOME: home, CI: 'true' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new PackageError(`The service could not be packaged:\n${output.trim()}`);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const made = await packageService({ ifChanged: process.argv.includes('--if-changed') });
    console.log(made ? `Packaged to ${path.dirname(templatePath)}/` : 'The package is current.');
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
