/** The program: its environment, its signals and its exit codes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

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

test('a wrong configuration lists every fault and exits with 2', async () => {
  const { code, err } = await run({ WEIR_LOG: 'x', WEIR_DRIFT_WINDOWS: '100,none', WEIR_DRIFT_RESOLVE_SHARE: '2' });
  expect(code).toBe(2);
  expect(err).toMatch(
    /^drift-detector: 3 faults in the configuration:\n {2}WEIR_LOG is "x".*\n {2}WEIR_DRIFT_WINDOWS is.*\n {2}WEIR_DRIFT_RESOLVE_SHARE is/,
  );
});

test('a port in use is named, before anything else was touched', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const { code, out } = await run({ WEIR_LOG_FILE: join(folder, 'port.db'), WEIR_HTTP_PORT: String(port) });
  taken.close();
  expect(code).toBe(1);
  expect(out).toContain(`port ${port} on 127.0.0.1 is in use; stop what listens there, or set WEIR_HTTP_PORT`);
});

test('a second copy on one file says who has it', async () => {
  const env = { WEIR_LOG_FILE: join(folder, 'twice.db'), WEIR_HTTP_PORT: '0' };
  const first = start(env);
  await listening(first);
  const { code, out } = await run(env);
  expect(code).toBe(1);
  expect(out).toMatch(/twice\.db.*(open|use)/);
  first.kill('SIGTERM');
  expect(await once(first, 'exit')).toEqual([0, null]);
});

test('no broker at the address is an error with the address, not a hang', async () => {
  const { code, out } = await run({ WEIR_LOG: 'kafka', KAFKA_BROKERS: '127.0.0.1:1', WEIR_HTTP_PORT: '0' });
  expect(code).toBe(1);
  expect(out).toContain('127.0.0.1:1');
}, 30_000);

test('SIGTERM ends it in order with exit code 0', async () => {
  const child = start({ WEIR_LOG_FILE: join(folder, 'term.db'), WEIR_HTTP_PORT: '0' });
  const url = await listening(child);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

/** Where it listens, from its log. */
async function listening(child: ChildProcess): Promise<string> {
  let seen = '';
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    seen += String(chunk);
    const url = /"url":"([^"]+)"/.exec(seen)?.[1];
    if (url !== undefined) {
      // Whoever stops reading stops the writer in the end.
      child.stdout?.resume();
      return url;
    }
  }
  throw new Error(`ended before it listened: ${seen}`);
}
