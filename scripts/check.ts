import { spawnSync } from 'node:child_process';

/** Everything that must hold before a commit lands, cheapest first; all of it runs even when something fails. */
const steps = [
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'types', command: ['tsc'] },
  { name: 'lint', command: ['eslint', '.'] },
  { name: 'unused code', command: ['knip'] },
  { name: 'package', command: ['node', 'scripts/package.ts'] },
  { name: 'tests', command: ['vitest', 'run'] },
];

const failed = steps.filter(({ name, command: [program = '', ...args] }) => {
  console.log(`\n── ${name}`);
  return spawnSync(program, args, { stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`\nNot right yet: ${failed.map(({ name }) => name).join(', ')}.`);
  process.exitCode = 1;
} else {
  console.log('\nAll checks passed.');
}
