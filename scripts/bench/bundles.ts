import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleSettings } from '../build.ts';
import { median, type Figure } from './figure.ts';

const root = path.resolve(import.meta.dirname, '../..');
const runs = 15;

/** What a function that asks EC2 one thing costs to import, as plain esbuild makes it and as `npm run build` does. */
export async function measureBundles(): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fivetran-privatelink-bench-'));
  try {
    const entry = {
      contents: `import { EC2Client, DescribeVpcEndpointConnectionsCommand } from '@aws-sdk/client-ec2';
        export const handler = () => new EC2Client({}).send(new DescribeVpcEndpointConnectionsCommand({}));`,
      resolveDir: root,
    };
    const plain = path.join(folder, 'plain.mjs');
    const ours = path.join(folder, 'ours.mjs');
    // esbuild's own order of main fields for Node, and none of our plugins.
    await build({
      ...bundleSettings,
      mainFields: ['main', 'module'],
      plugins: [],
      stdin: entry,
      outfile: plain,
    });
    await build({ ...bundleSettings, stdin: entry, outfile: ours });
    const empty = path.join(folder, 'empty.mjs');
    await writeFile(empty, 'export const handler = () => undefined;\n');

    // In turn, so that a machine that slows down slows both.
    const times = { empty: [] as number[], plain: [] as number[], ours: [] as number[] };
    for (let run = 0; run < runs; run += 1) {
      times.empty.push(importMs(empty));
      times.plain.push(importMs(plain));
      times.ours.push(importMs(ours));
    }
    const [plainMs, oursMs] = [median(times.plain), median(times.ours)];
    const [plainKb, oursKb] = [(await stat(plain)).size / 1024, (await stat(ours)).size / 1024];
    return [
      { name: 'bundle with one EC2 request, plain esbuild', value: plainKb, unit: 'KB' },
      { name: 'the same as npm run build makes it', value: oursKb, unit: 'KB', ratio: oursKb / plainKb },
      { name: 'cold import, empty module', value: median(times.empty), unit: 'ms' },
      { name: 'cold import, plain esbuild', value: plainMs, unit: 'ms' },
      { name: 'cold import, as npm run build makes it', value: oursMs, unit: 'ms', ratio: oursMs / plainMs },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds that `import()` of the file takes in a new process. */
function importMs(file: string): number {
  const program = `const start = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - start);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  return Number(stdout);
}
