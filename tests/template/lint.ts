import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const isInstalled = spawnSync('cfn-lint', ['--version']).status === 0;

/**
 * A test that cfn-lint has nothing to say about the templates in a package's folder. It is a Python program, which
 * npm cannot bring along: the test runs where it is installed.
 */
export function lint(name: string, folder: () => string): void {
  it.skipIf(!isInstalled)(isInstalled ? name : `${name} (skipped: cfn-lint is not installed)`, () => {
    const templates = readdirSync(folder())
      .filter((file) => file.startsWith('cloudformation-template-'))
      .map((file) => path.join(folder(), file));
    expect(templates).toHaveLength(2);
    // W3005: plugins of the framework repeat as DependsOn what a reference says already. W1035: TargetRanges is no
    // range by default, which is where a deployment gives ranges.
    const { stdout, stderr, status } = spawnSync(
      'cfn-lint',
      ['--ignore-checks', 'W3005', 'W1035', '--format', 'parseable', '--', ...templates],
      { encoding: 'utf8' },
    );
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
}
