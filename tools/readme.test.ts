/** Commands as the pages print them run on the Node that comes as a dependency: one on the PATH may be too old to strip types. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('no README tells to run a TypeScript file with whichever node is on the PATH', () => {
  const pages = execFileSync('git', ['ls-files', '*README.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
  expect(pages).toContain('README.md');
  const bare = pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/(?<!npx )\bnode (?!_)[\w./-]+\.ts\b/g)].map(
      ([command]) => `${page}: ${command}`,
    ),
  );
  expect(bare).toEqual([]);
});
