/** Prometheus' own judgement of its rules: promtool, where it is on the PATH or named by WEIR_PROMTOOL. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from './fixtures/pages.ts';

const promtool = process.env['WEIR_PROMTOOL'] ?? 'promtool';
const run = promisify(execFile);
const found = await run(promtool, ['--version']).then(
  () => true,
  () => false,
);

if (!found && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('this test needs promtool (Debian package prometheus) on the PATH, or WEIR_PROMTOOL');

test.skipIf(!found)(`rules.test.yml holds (${found ? promtool : 'promtool was not found'})`, async () => {
  const { stdout } = await run(promtool, ['test', 'rules', 'rules.test.yml'], { cwd: join(ROOT, 'infra/prometheus') });
  expect(stdout).toContain('SUCCESS');
});
