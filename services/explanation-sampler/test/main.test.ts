/** The program with its own settings; what every program does is tested in the kit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { expect, test, vi } from 'vitest';
import { SETTINGS } from '../src/config.ts';

// Only against a hang: starting a program takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

async function run(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, '../src/main.ts'), ...args], {
    env: { PATH, ...env },
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number, out, err };
}

test('--help lists every variable', async () => {
  const { code, out } = await run({}, '--help');
  expect(code).toBe(0);
  for (const name of Object.keys(SETTINGS.settings)) expect(out).toContain(name);
});

test('it listens on a port of its own', () => {
  expect(loadServiceConfig(SETTINGS, {}).WEIR_HTTP_PORT).toBe(8_083);
});

test('a wrong configuration lists every fault and exits with 2', async () => {
  const { code, err } = await run({
    WEIR_EXPLAIN_SEGMENTS: 'sex',
    WEIR_EXPLAIN_DECISIONS: 'loan>0.5',
    WEIR_EXPLAIN_MODEL_URLS: 'models',
  });
  expect(code).toBe(2);
  expect(err).toMatch(/^explanation-sampler: 3 faults.*\n.*MODEL_URLS is.*\n.*DECISIONS is.*\n.*SEGMENTS is/);
  expect((await run({ WEIR_EXPLAIN_BACKGROUND_ROWS: '6000' })).err).toMatch(/rows are drawn from the events/);
});
