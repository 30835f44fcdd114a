import os from 'node:os';
import { measureBundles } from './bench/bundles.ts';
import type { Figure } from './bench/figure.ts';
import { measureIncrement } from './bench/increment.ts';
import { measureWork } from './bench/work.ts';

/** `npm run bench`: the figures of docs/performance.md. Machines differ and are noisy; the ratios are what counts. */
const parts: { title: string; measure: () => Promise<Figure[]> }[] = [
  { title: 'Bundles and cold start', measure: measureBundles },
  { title: 'Proving an increment', measure: measureIncrement },
  { title: 'What the machines do', measure: measureWork },
];

console.log(`Node ${process.version}, ${os.arch()}, ${String(os.availableParallelism())} processors\n`);
for (const { title, measure } of parts) {
  console.log(title);
  for (const { name, value, unit, ratio } of await measure()) {
    const figure = `${value.toFixed(1)} ${unit}`;
    console.log(
      `  ${name.padEnd(64)} ${figure.padStart(14)}${ratio === undefined ? '' : `   ×${ratio.toFixed(2)}`}`,
    );
  }
  console.log();
}
