import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{cli,functions,shared,state-machines,local,scripts,tests}/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', 'node_modules/**'],
          pool: 'threads',
          setupFiles: ['tests/setup/no-network.ts'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{cli,functions,shared,state-machines,local,scripts,tests}/**/*.integration.test.ts'],
          exclude: ['node_modules/**'],
          pool: 'forks',
          setupFiles: ['tests/setup/surroundings.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
