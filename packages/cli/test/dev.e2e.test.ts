/** `weir dev` as people run it, on the embedded log. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { replay } from '../src/commands/replay/replay.ts';
import { runCommand } from './fixtures/run-command.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
/** What these tests are about; the others have their own. */
const DRIFT = ['--services', 'drift-detector'];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-dev-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(args: readonly string[]): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, [MAIN, 'dev', ...DRIFT, ...args], {
    env: { PATH, HOME, TMPDIR: folder, CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function dev(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(args);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

const ALERT =
  /^2001-\d\d-\d\dT\d\d:\d\d {2}ALERT {5}drift, (info|warning|critical): flight-delay: .*D = 0\.\d+ near .* over 116000 values.*$/m;

test('--until first-alert says kind, severity, model, feature, D, window, since when and a link, the same each time', async () => {
  const [first, second] = [
    await dev('--until', 'first-alert', '--port', '0'),
    await dev('--until', 'first-alert', '--port', '0'),
  ];
  expect(first.code).toBe(0);
  expect(first.out).toMatch(ALERT);
  expect(first.out).toMatch(
    /^demonstration settings: WEIR_DRIFT_WINDOWS=116000 WEIR_DRIFT_MIN_EFFECT=0\.1 WEIR_DRIFT_OUTCOME_\S+ .*$/m,
  );
  expect(first.out).toMatch(/^ +http:\/\/127\.0\.0\.1:\d+\/v1\/alerts\/[0-9a-f]{12}$/m);
  expect(first.out).toMatch(
    /, 1 alert raised, [\d.]+ s\nthe run has ended, and the links above with it; without --until .*\n$/,
  );
  expect(ALERT.exec(second.out)?.[0]).toBe(ALERT.exec(first.out)?.[0]);
}, 60_000);

test.each([
  ['unit', /ALERT {5}drift, \w+: flight-delay: distance has moved up/],
  ['nulls', /ALERT {5}\w+, \w+: flight-delay: distance is missing/],
])(
  '--inject %s is found in its column within days, and dated within hours',
  async (fault, alert) => {
    const child = start(['--inject', `${fault}:distance@2001-02-12`, '--port', '0']);
    const [found] = await linesFrom(child, alert);
    expect(found).toMatch(/^2001-02-1[2-5]T.* since 2001-02-(11T(1[89]|2\d)|12T0[0-5])/);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
  60_000,
);

test('the link answers while it runs, and Ctrl-C ends it clean', async () => {
  const child = start(['--port', '0']);
  const [, below = ''] = await linesFrom(child, ALERT);
  const link = /http:\S+/.exec(below)?.[0] ?? '';
  const alert = (await (await fetch(link)).json()) as { model: string; state: string };
  expect(alert).toMatchObject({ model: 'flight-delay', state: 'raised' });
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
}, 60_000);

test('--for ends it with exit code 0; --speed keeps to the flights\u2019 time', async () => {
  const { code, out } = await dev('--for', '6s', '--speed', '3600', '--port', '0');
  expect(code).toBe(0);
  // A few hours of flights at the most.
  expect(Number(/^(\d+) events processed, 0 alerts raised/m.exec(out)?.[1])).toBeLessThan(8_000);
}, 60_000);

test('a port in use and a second copy on one file: one clear line, exit 2', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const refused = await dev('--port', String(port));
  taken.close();
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringMatching(new RegExp(`^weir: port ${port} on 127.0.0.1 is in use; .*\n$`)) as unknown,
  });
  const file = join(folder, 'one.db');
  const first = start(['--file', file, '--port', '0']);
  await linesFrom(first, /demonstration/, 1);
  const second = await dev('--file', file, '--port', '0');
  const owner = process.platform === 'linux' ? `process ${first.pid} \\(node ` : 'another process';
  expect(second).toMatchObject({
    code: 2,
    err: expect.stringMatching(new RegExp(`^weir: .*one\\.db is in use by ${owner}.*\n$`)) as unknown,
  });
  first.kill('SIGTERM');
  expect(await once(first, 'exit')).toEqual([0, null]);
}, 60_000);

test('--for without what --until names: exit code 1, and said', async () => {
  expect(await dev('--for', '3', '--speed', '1', '--until', 'first-alert', '--port', '0')).toMatchObject({
    code: 1,
    err: 'weir: the run ended without an alert\n',
  });
}, 60_000);

test('a run that was kept is reproduced by the command that it names', async () => {
  const file = join(folder, 'kept.db');
  const { out } = await dev('--until', 'first-alert', '--port', '0', '--file', file);
  expect(out).toMatch(new RegExp(`weir( --)? replay --file ${file} reproduces what it did`));
  const said = await runCommand(replay, '--file', file);
  expect(said).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^drift-detector\[0\]: [1-9]\d* outputs of /) as unknown,
  });
}, 60_000);

/** The first line that matches and those after it, `count` in all; the rest goes on flowing. */
async function linesFrom(child: ChildProcess, pattern: RegExp, count = 2): Promise<readonly string[]> {
  let seen = '';
  const found = (): readonly string[] => {
    const lines = seen.split('\n').slice(0, -1);
    const at = lines.findIndex((line) => pattern.test(line));
    return at < 0 ? [] : lines.slice(at, at + count);
  };
  // The stream is not ended by leaving the loop: the child goes on writing.
  for await (const chunk of (child.stdout as Readable).iterator({ destroyOnReturn: false })) {
    seen += String(chunk);
    if (found().length === count) break;
  }
  child.stdout?.resume();
  if (found().length < count) throw new Error(`ended without ${pattern}: ${seen}`);
  return found();
}
