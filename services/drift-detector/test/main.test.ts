/** The program with its own settings; what every program does is tested in the kit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SETTINGS } from '../src/config.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(env: Readonly<Record<string, string>>, args: readonly string[] = []): ChildProcess {
  const { PATH = '' } = process.env;
  return spawn(process.execPath, [MAIN, ...args], { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(env, args);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

test('--help lists every variable', async () => {
  const { code, out } = await run({}, ['--help']);
  expect(code).toBe(0);
  expect(out).toMatch(/WEIR_DRIFT_WINDOWS +sizes of the count windows/);
});

test('it listens on a port of its own', () => {
  expect(loadServiceConfig(SETTINGS, {}).WEIR_HTTP_PORT).toBe(8_081);
});

test('severity levels must be in order, a window may stand once, and a slip is named', () => {
  const load = (env: Readonly<Record<string, string>>) => () => loadServiceConfig(SETTINGS, env);
  expect(load({ WEIR_DRIFT_WARNING_EFFECT: '0.5' })).toThrow(/WEIR_DRIFT_WARNING_EFFECT is 0\.5 and .* 0\.4; .*swap/);
  expect(load({ WEIR_DRIFT_WINDOWS: '100,100' })).toThrow(/each may stand once/);
  expect(load({ WEIR_DRIFT_TIME_WINDOWS: '1h,1x' })).toThrow(/a span like 10m, 6h or 7d/);
  expect(load({ WEIR_DRIFT_READINGS_PER_FALSE_ALARM: '10' })).toThrow(/is not a setting/);
});

test('a wrong configuration lists every fault and exits with 2', async () => {
  const { code, err } = await run({ WEIR_LOG: 'x', WEIR_DRIFT_WINDOWS: '100,none', WEIR_DRIFT_RESOLVE_SHARE: '2' });
  expect(code).toBe(2);
  expect(err).toMatch(
    /^drift-detector: 3 faults in the configuration:\n {2}WEIR_LOG is "x".*\n {2}WEIR_DRIFT_WINDOWS is.*\n {2}WEIR_DRIFT_RESOLVE_SHARE is/,
  );
});

test('SIGTERM ends it in order with exit code 0', async () => {
  const child = start({ WEIR_LOG_FILE: join(folder, 'term.db'), WEIR_HTTP_PORT: '0' });
  const url = await listening(child);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a second start names the port, who answers there and the cure; no line of a log has a field twice', async () => {
  const first = start({ WEIR_LOG_FILE: join(folder, 'first.db'), WEIR_HTTP_PORT: '0' });
  let logged = '';
  first.stdout?.on('data', (chunk: Buffer) => {
    logged += chunk.toString();
  });
  await expect.poll(() => logged, { timeout: 15_000 }).toContain('"msg":"restored"');
  const port = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(logged)?.[1] ?? '';
  const { code, out } = await run({ WEIR_LOG_FILE: join(folder, 'second.db'), WEIR_HTTP_PORT: port });
  expect(code).toBe(1);
  expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({
    level: 'fatal',
    msg: `port ${port} on 127.0.0.1 is in use by "Weir drift-detector", which answers there; stop what listens there, or set WEIR_HTTP_PORT (0 lets the system choose)`,
  });
  first.kill('SIGTERM');
  await once(first, 'exit');
  for (const line of `${logged}${out}`.trim().split('\n'))
    expect(line.match(/"service":"drift-detector"/g)).toHaveLength(1);
});

/** Where it listens, from its log. */
async function listening(child: ChildProcess): Promise<string> {
  let seen = '';
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    seen += String(chunk);
    const url = /"url":"([^"]+)"/.exec(seen)?.[1];
    if (url !== undefined) {
      // A writer whose reader stops is stopped in the end.
      child.stdout?.resume();
      return url;
    }
  }
  throw new Error(`ended before it listened: ${seen}`);
}
