import { build, stop, type BuildOptions, type Plugin } from 'esbuild';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { makeAnew } from './anew.ts';

const root = path.resolve(import.meta.dirname, '..');

/** The folders of functions/ that are Lambdas, in order. */
export function functionNames(): string[] {
  return readdirSync(path.join(root, 'functions'), { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && existsSync(path.join(root, 'functions', entry.name, 'handler.ts')),
    )
    .map((entry) => entry.name)
    .sort();
}

/**
 * The AWS SDK keeps its wire shapes in object literals whose keys are computed from constants of the same file.
 * esbuild must treat a computed key as a possible side effect and keeps all of them; with the constant's text in
 * place, shapes that nobody uses fall away. For EC2 that is two thirds of the bundle.
 */
const dropUnusedShapes: Plugin = {
  name: 'drop-unused-shapes',
  setup(pluginBuild) {
    pluginBuild.onLoad(
      { filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ },
      async ({ path: file }) => {
        const source = await readFile(file, 'utf8');
        const constants = new Map(
          [...source.matchAll(/^const (\w+) = "([^"\\]*)";$/gm)].map(([, name, text]) => [name, text]),
        );
        const contents = source.replace(/\[(\w+)\]:/g, (whole, name: string) => {
          const text = constants.get(name);
          return text === undefined ? whole : `${JSON.stringify(text)}:`;
        });
        return { contents, loader: 'js' };
      },
    );
  },
};

/**
 * Lambda gives a function its credentials in the environment and nowhere else, so the chain of other providers
 * (files, SSO, instance metadata) would be dead weight in every cold start.
 */
const environmentCredentialsOnly: Plugin = {
  name: 'environment-credentials-only',
  setup(pluginBuild) {
    pluginBuild.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({
      path: 'environment-credentials',
      namespace: 'environment-credentials',
    }));
    pluginBuild.onLoad({ filter: /.*/, namespace: 'environment-credentials' }, () => ({
      contents: `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';`,
      resolveDir: root,
      loader: 'js',
    }));
  },
};

/** How a function is bundled; the reasons are in docs/decisions/0004-bundles.md. */
export const bundleSettings = {
  bundle: true,
  minify: true,
  // Error names are matched by Retry and Catch, and stack traces are read at night.
  keepNames: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  external: ['pg-native'],
  // CommonJS packages inside an ESM bundle still ask for these three.
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      "import { dirname as __dirnameOf } from 'node:path';",
      "import { fileURLToPath as __fileURLToPath } from 'node:url';",
      'const require = __createRequire(import.meta.url);',
      'const __filename = __fileURLToPath(import.meta.url);',
      'const __dirname = __dirnameOf(__filename);',
    ].join(''),
  },
  plugins: [dropUnusedShapes, environmentCredentialsOnly],
  logLevel: 'warning',
} satisfies BuildOptions;

export interface BuiltFunction {
  name: string;
  bytes: number;
  gzipBytes: number;
}

/** Bundles every function to `<folder>/<function>/index.mjs`, which exports `handler`. */
export async function buildFunctions(folder: string): Promise<BuiltFunction[]> {
  const names = functionNames();
  try {
    await build({
      ...bundleSettings,
      absWorkingDir: root,
      entryPoints: names.map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
      outdir: folder,
      outExtension: { '.js': '.mjs' },
    });
  } finally {
    // esbuild keeps a process for the next build; whoever goes on to run the bundles has no use for it.
    await stop();
  }
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name, 'index.mjs');
      const { size } = await stat(file);
      return { name, bytes: size, gzipBytes: gzipSync(await readFile(file)).length };
    }),
  );
}

function printSizes(functions: BuiltFunction[]): void {
  const width = Math.max(...functions.map(({ name }) => name.length), 'function'.length);
  const row = (name: string, size: string, zipped: string): string =>
    `${name.padEnd(width)}  ${size.padStart(8)}  ${zipped.padStart(8)}`;
  console.log(row('function', 'KB', 'gzip KB'));
  for (const { name, bytes, gzipBytes } of functions) {
    console.log(row(name, (bytes / 1024).toFixed(1), (gzipBytes / 1024).toFixed(1)));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  printSizes(await makeAnew(['.build'], (workshop) => buildFunctions(path.join(workshop, '.build'))));
}
