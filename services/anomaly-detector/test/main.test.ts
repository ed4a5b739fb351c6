/** The program with its own settings; what every program does is tested in the kit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { expect, test } from 'vitest';
import { SETTINGS } from '../src/config.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');

async function run(env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

test('--help lists every variable', async () => {
  const { code, out } = await run({}, ['--help']);
  expect(code).toBe(0);
  expect(out).toMatch(/WEIR_ANOMALY_LEARN_EVENTS +clean events that the forest learns/);
});

test('it listens on a port of its own', () => {
  expect(loadServiceConfig(SETTINGS, {}).WEIR_HTTP_PORT).toBe(8_082);
});

test('a wrong configuration lists every fault and exits with 2', async () => {
  const { code, err } = await run({ WEIR_ANOMALY_GUARANTEE: 'hope', WEIR_ANOMALY_HELD_OUT_EVENTS: '10' });
  expect(code).toBe(2);
  expect(err).toMatch(/2 faults in the configuration:\n {2}WEIR_ANOMALY_GUARANTEE is.*\n {2}WEIR_ANOMALY_HELD_OUT/);
  expect(() => loadServiceConfig(SETTINGS, { WEIR_ANOMALY_WARNING_SHARE: '0.5' })).toThrow(/swap them/);
});
