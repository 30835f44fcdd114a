import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildFunctions, functionNames } from './build.ts';
import { readDeployment } from './parameters.ts';

const root = path.resolve(import.meta.dirname, '..');

/** Where the packaged CloudFormation template is, relative to the project. */
export const templatePath = '.serverless/cloudformation-template-update-stack.json';
const fingerprintPath = '.serverless/fingerprint.sha256';

const inputs = [
  'functions/**/*.{ts,yml}',
  'shared/**/*.ts',
  'state-machines/*.yml',
  'resources/**/*.{js,yml}',
  'serverless.yml',
  'scripts/{build,package,parameters}.ts',
  'package-lock.json',
];

/** A package could not be made; the message is the packaging tool's own. */
export class PackageError extends Error {
  override readonly name = 'PackageError';
}

interface PackageOptions {
  /** Do nothing when nothing changed since the last package. */
  ifChanged?: boolean;
  /** The deployment to package for, by its params.<stage>.yml; otherwise the package is portable (stage dev). */
  deployment?: { stage: string; region: string };
}

/**
 * Bundles all functions and packages the service: CloudFormation template and one zip per function in
 * `.serverless/`, without credentials or network.
 *
 * @returns whether anything was made
 * @throws ParameterError when the deployment's parameters are missing or wrong
 * @throws PackageError with the tool's message
 */
export async function packageService({
  ifChanged = false,
  deployment,
}: PackageOptions = {}): Promise<boolean> {
  if (deployment !== undefined) readDeployment(deployment);
  const purpose = JSON.stringify(deployment ?? 'portable');
  if (ifChanged && (await isCurrent(purpose))) return false;
  await buildFunctions();
  await runServerless(deployment);
  await writeFile(path.join(root, fingerprintPath), await fingerprint(purpose));
  return true;
}

/** Of all that goes into the package and of what came out, so that a half-written package is made again. */
async function fingerprint(purpose: string): Promise<string> {
  const hash = createHash('sha256').update(purpose);
  const files = [templatePath, ...functionNames().map((name) => `.build/${name}/index.mjs`)];
  for await (const file of glob(inputs, { cwd: root })) {
    if (!file.endsWith('.test.ts')) files.push(file);
  }
  for (const file of files.sort()) hash.update(file).update(await readFile(path.join(root, file)));
  return hash.digest('hex');
}

async function isCurrent(purpose: string): Promise<boolean> {
  try {
    return (await readFile(path.join(root, fingerprintPath), 'utf8')) === (await fingerprint(purpose));
  } catch {
    // A file is missing or cannot be read: nothing that could be current.
    return false;
  }
}

/** An empty home and no variables but PATH: the package depends on nobody's credentials or settings. */
async function runServerless(deployment: PackageOptions['deployment']): Promise<void> {
  // Not in the temporary folder: whoever kills the program in the middle leaves nothing there.
  await mkdir(path.join(root, '.cache'), { recursive: true });
  const home = await mkdtemp(path.join(root, '.cache/home-'));
  const tool = path.join(root, 'node_modules/serverless/bin/serverless.js');
  const purpose =
    deployment === undefined ? [] : ['--stage', deployment.stage, '--region', deployment.region];
  try {
    const child = spawn(process.execPath, [tool, 'package', ...purpose], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        CI: 'true',
        PORTABLE_PACKAGE: String(deployment === undefined),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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

const usage = `Usage: npm run package -- [--stage <stage> [--region <region>]] [--if-changed]

Without --stage the package is portable: the defaults, and one source. With it, params.<stage>.yml is checked and used.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stage: { type: 'string' },
      region: { type: 'string', default: 'us-east-1' },
      'if-changed': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const made = await packageService({
    ifChanged: values['if-changed'],
    ...(values.stage === undefined ? {} : { deployment: { stage: values.stage, region: values.region } }),
  });
  console.log(made ? `Packaged to ${path.dirname(templatePath)}/` : 'The package is current.');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
