import { defineConfig, type ViteUserConfig } from 'vitest/config';

const everywhere = ['packages', 'services', 'examples', 'infra', 'bench', 'e2e', 'tools'];
const files = (suffix: string): string[] => everywhere.map((folder) => `${folder}/**/*${suffix}`);

// The level of a test is in its file name. Servers and e2e suites share brokers and two cores, so their files run one at a time.
const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ['default', './tools/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: files('.test.ts'),
          exclude: [
            '**/node_modules/**',
            ...files('.statistical.test.ts'),
            ...files('.servers.test.ts'),
            ...files('.e2e.test.ts'),
          ],
          // A bar against hanging, not for speed: machines that build at the same time are ten times slower.
          testTimeout: 60_000,
        },
      },
      { test: { name: 'statistical', include: files('.statistical.test.ts'), testTimeout: 300_000 } },
      {
        test: {
          name: 'servers',
          include: files('.servers.test.ts'),
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: files('.e2e.test.ts'),
          testTimeout: 600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

export default config;
