/** `weir dev` as people run it, on the embedded log. */
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
  folder = mkdtempSync(join(tmpdir(), 'weir-dev-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(args: readonly string[]): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, [MAIN, 'dev', ...args], {
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
  /^2001-\d\d-\d\dT\d\d:\d\d {2}ALERT {5}flight-delay: .* D = 0\.\d+ near .* over 116000 values, since 2001-.*$/m;

test('--until first-alert says model, feature, D, window, since when and a link, the same each time', async () => {
  const [first, second] = [
    await dev('--until', 'first-alert', '--port', '0'),
    await dev('--until', 'first-alert', '--port', '0'),
  ];
  expect(first.code).toBe(0);
  expect(first.out).toMatch(ALERT);
  expect(first.out).toMatch(/ http:\/\/127\.0\.0\.1:\d+\/v1\/alerts\/[0-9a-f]{64}$/m);
  expect(ALERT.exec(second.out)?.[0]).toBe(ALERT.exec(first.out)?.[0]);
}, 60_000);

test.each([
  ['unit', /ALERT {5}flight-delay: distance has moved up/],
  ['nulls', /ALERT {5}flight-delay: distance is missing too often: \d+ of the last 116000 values/],
])(
  '--inject %s is found in its column within days, and dated within hours',
  async (fault, alert) => {
    const child = start(['--inject', `${fault}:distance@2001-02-12`, '--port', '0']);
    const found = await lineOf(child, alert);
    expect(found).toMatch(/^2001-02-1[2-5]T/);
    expect(found).toMatch(/, since 2001-02-(11T(1[89]|2\d)|12T0[0-5])/);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
  60_000,
);

test('the link answers while it runs, and Ctrl-C ends it clean', async () => {
  const child = start(['--port', '0']);
  const link = /http:\S+\/v1\/alerts\/[0-9a-f]{64}/.exec(await lineOf(child, /\/v1\/alerts\/[0-9a-f]{64}/))?.[0] ?? '';
  const alert = (await (await fetch(link)).json()) as { model: string; state: string };
  expect(alert).toMatchObject({ model: 'flight-delay', state: 'raised' });
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
}, 60_000);

test('--for ends it with exit code 0; --speed keeps to the flights\u2019 time', async () => {
  const { code, out } = await dev('--for', '6s', '--speed', '3600', '--port', '0');
  expect(code).toBe(0);
  // A few hours of flights at the most.
  expect(Number(/^(\d+) events folded, 0 alerts raised/m.exec(out)?.[1])).toBeLessThan(8_000);
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
  await lineOf(first, /drift-detector/);
  const second = await dev('--file', file, '--port', '0');
  expect(second).toMatchObject({ code: 2, err: expect.stringMatching(/^weir: .*one\.db.*\n$/) as unknown });
  first.kill('SIGTERM');
  expect(await once(first, 'exit')).toEqual([0, null]);
}, 60_000);

test.each([
  [['--until', 'tomorrow'], /--until is "tomorrow"; it can be first-alert or end/],
  [['--for', 'soon'], /--for is "soon"; it must be a time in seconds/],
  [['--inject', 'unit:price@2001-03-01'], /COLUMN is one of distance, departureHour/],
  [['--inject', 'unit:distance@2002-03-01'], /TIME lies from 2001-02-01 to 2001-07-01/],
  [['--file', 'x', '--kafka', 'y:1'], /exclude each other/],
  [['--kafka', 'nowhere'], /KAFKA_BROKERS is "nowhere"/],
  [['--nonsense'], /--nonsense/],
])('%j is refused with the rule', async (args, rule) => {
  const { code, err } = await dev(...args, '--port', '0');
  expect(code).toBe(2);
  expect(err).toMatch(rule);
});

/** The first line that matches; the rest goes on flowing. */
async function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  let seen = '';
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    seen += String(chunk);
    const line = seen.split('\n').find((each) => pattern.test(each));
    if (line !== undefined) break;
  }
  child.stdout?.resume();
  const line = seen.split('\n').find((each) => pattern.test(each));
  if (line === undefined) throw new Error(`ended without ${pattern}: ${seen}`);
  return line;
}
