/** The program: its environment, its signals and its exit codes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'weir-'));
afterAll(() => rmSync(folder, { recursive: true }));

function start(env: Readonly<Record<string, string>>, args: readonly string[] = []): ChildProcess {
  const { PATH = '' } = process.env;
  return spawn(process.execPath, [MAIN, ...args], { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(env: Readonly<Record<string, string>>, args: readonly string[] = []) {
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
  expect(out).toMatch(/WEIR_PROMOTION_KEY_FILE/);
});

test('a wrong configuration lists every fault and exits with 2', async () => {
  const { code, err } = await run({
    WEIR_PROMOTION_LEASE_MS: '5',
    WEIR_PROMOTION_LEASE: '1',
    WEIR_PROMOTION_DESTINATIONS: 'here',
  });
  expect(code).toBe(2);
  expect(err).toMatch(/^promotion: 3 faults in the configuration:/);
  expect(err).toMatch(/did you mean WEIR_PROMOTION_LEASE_MS/);
});

test.each([
  ['missing.pem', undefined, /it cannot be read \(ENOENT\)/],
  ['empty.pem', '', /it has no private key in PEM/],
  ['other.pem', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', /block 1 is no Ed25519 key/],
])('the key file %s is refused with exit code 2 and its content is not shown', async (name, content, message) => {
  const file = join(folder, name);
  if (content !== undefined) writeFileSync(file, content);
  const { code, out, err } = await run({
    WEIR_LOG_FILE: join(folder, `${name}.db`),
    WEIR_HTTP_PORT: '0',
    WEIR_PROMOTION_KEY_FILE: file,
  });
  expect(out + err).toMatch(message);
  expect(out + err).not.toContain('AAAA');
  expect(code).toBe(2);
});

test('it makes its key where it is told to, listens, and ends with 0 on SIGTERM', async () => {
  const file = join(folder, 'key.pem');
  const child = start({
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: '0',
    WEIR_PROMOTION_KEY_FILE: file,
    WEIR_PROMOTION_MAKE_KEY: 'true',
  });
  let out = '';
  const listening = Promise.withResolvers<void>();
  child.stdout?.on('data', (chunk) => {
    out += String(chunk);
    if (out.includes('"listening"')) listening.resolve();
  });
  await listening.promise;
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(out).toContain('weir/promotion+');
  expect(statSync(file).mode & 0o077).toBe(0);
});
