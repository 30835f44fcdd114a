import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, glob, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeAnew } from './anew.ts';
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
  'scripts/{anew,build,package,parameters}.ts',
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
  const inputsHash = await hashOfInputs();
  if (ifChanged && (await isCurrent(purpose, inputsHash))) return false;
  await makeAnew(['.build', '.serverless'], async (workshop) => {
    await buildFunctions(path.join(workshop, '.build'));
    await runServerless(workshop, deployment);
    await writeFile(path.join(workshop, fingerprintPath), await fingerprint(purpose, inputsHash, workshop));
  });
  return true;
}

/** Of all that goes into a package. */
async function hashOfInputs(): Promise<string> {
  const files: string[] = [];
  for await (const file of glob(inputs, { cwd: root })) {
    if (!file.endsWith('.test.ts')) files.push(file);
  }
  return hashOf(root, files);
}

/**
 * Of what a package is for, of what went into it, as it was before, and of what came out: a package is made again
 * when it was made of something else, or when somebody else's took the place of a part of it.
 */
async function fingerprint(purpose: string, inputsHash: string, folder: string): Promise<string> {
  const outputs = [templatePath, ...functionNames().map((name) => `.build/${name}/index.mjs`)];
  return createHash('sha256')
    .update(purpose)
    .update(inputsHash)
    .update(await hashOf(folder, outputs))
    .digest('hex');
}

async function hashOf(folder: string, files: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update(await readFile(path.join(folder, file)));
  return hash.digest('hex');
}

async function isCurrent(purpose: string, inputsHash: string): Promise<boolean> {
  try {
    const made = await readFile(path.join(root, fingerprintPath), 'utf8');
    return made === (await fingerprint(purpose, inputsHash, root));
  } catch {
    // A file is missing or cannot be read: nothing that could be current.
    return false;
  }
}

/**
 * Runs the packaging tool in the workshop: beside the bundles it finds there what it reads, and nothing else to look
 * through. With an empty home and no variables but PATH the package depends on nobody's credentials or settings.
 */
async function runServerless(workshop: string, deployment: PackageOptions['deployment']): Promise<void> {
  for (const folder of ['functions', 'resources', 'state-machines']) {
    await symlink(path.join(root, folder), path.join(workshop, folder));
  }
  // It does not take a link for its own file.
  await copyFile(path.join(root, 'serverless.yml'), path.join(workshop, 'serverless.yml'));
  const tool = fileURLToPath(import.meta.resolve('serverless/bin/serverless.js'));
  const purpose =
    deployment === undefined ? [] : ['--stage', deployment.stage, '--region', deployment.region];
  const child = spawn(process.execPath, [tool, 'package', ...purpose], {
    cwd: workshop,
    env: {
      PATH: process.env.PATH,
      HOME: workshop,
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
  // The tool's notes name the zips by their whole path.
  const notes = path.join(workshop, '.serverless/serverless-state.json');
  await writeFile(notes, (await readFile(notes, 'utf8')).replaceAll(workshop, root));
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
