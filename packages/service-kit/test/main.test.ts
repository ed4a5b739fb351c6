/** The program: its environment, its signals and its exit codes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';

const PROGRAM = join(import.meta.dirname, 'toy-program.ts');
const folder = mkdtempSync(join(tmpdir(), 'weir-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

class Child {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(env: Readonly<Record<string, string>>, args: readonly string[] = []) {
    const { PATH = '' } = process.env;
    const own = { PATH, WEIR_LOG_FILE: join(folder, `${(files += 1)}.db`), ...env };
    this.process = spawn(process.execPath, [PROGRAM, ...args], { env: own, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = Promise.all([
      text(this.process.stdout as NodeJS.ReadableStream),
      text(this.process.stderr as NodeJS.ReadableStream),
      once(this.process, 'exit') as Promise<[number | null]>,
    ]).then(([out, err, [code]]) => ({ code, out, err }));
  }

  /** Resolves once the log holds the text. */
  async says(words: string): Promise<void> {
    let seen = '';
    const { promise, resolve } = Promise.withResolvers<void>();
    this.process.stdout?.on('data', (chunk) => {
      seen += String(chunk);
      if (seen.includes(words)) resolve();
    });
    await Promise.race([
      promise,
      this.ended.then(({ out, err }) => Promise.reject(new Error(`ended before: ${out}${err}`))),
    ]);
  }
}

const run = (env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Ended> =>
  new Child(env, args).ended;

describe('before it starts', () => {
  test('--help lists every variable with the defaults of the service', async () => {
    const { code, out } = await run({}, ['--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/^toy is configured by its environment:\n/);
    expect(out).toMatch(/WEIR_TOY_DOES +how the toy behaves/);
    expect(out).toMatch(/WEIR_HTTP_PORT .*\n +default 8099/);
  });

  test('an option that does not exist and faults of the configuration are code 2', async () => {
    expect(await run({}, ['--port=1'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^toy: "--port=1" is not an option; --help/),
    });
    const { code, err } = await run({ WEIR_LOG: 'x', WEIR_TOY_DOES: 'sings', WEIR_TOY_DO: '1' });
    expect(code).toBe(2);
    expect(err).toMatch(
      /^toy: 3 faults in the configuration:\n {2}WEIR_LOG is "x".*\n {2}WEIR_TOY_DOES is "sings".*\n {2}WEIR_TOY_DO is not/,
    );
  });

  test('faults of the principals file are faults of the configuration', async () => {
    const file = join(folder, 'principals.json');
    writeFileSync(file, '[{"id":"ada"}]');
    const { code, err } = await run({ WEIR_PRINCIPALS_FILE: file });
    expect(code).toBe(2);
    expect(err).toContain('WEIR_PRINCIPALS_FILE is ');
  });
});

describe('a start that fails ends the process at once, with its line', () => {
  test('whatever is still open', async () => {
    const started = performance.now();
    const { code, out } = await run({ WEIR_TOY_DOES: 'fails-to-start' });
    expect(code).toBe(1);
    expect(out).toContain('"msg":"the toy cannot start; wind it up"');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('when no broker answers, after the wait', async () => {
    const env = { WEIR_LOG: 'kafka', KAFKA_BROKERS: '127.0.0.1:1', WEIR_STARTUP_TIMEOUT_MS: '1000' };
    const { code, out } = await run(env);
    expect(code).toBe(1);
    expect(out.match(/waiting for the broker/g)).toHaveLength(1);
    expect(out.split('\n').find((line) => line.includes('"fatal"'))).toContain('127.0.0.1:1');
  });

  test('not when the broker goes away between its answer and the topics: the start is tried again', async () => {
    const child = new Child({ WEIR_TOY_DOES: 'starts-at-the-third-attempt' });
    await child.says('"msg":"running"');
    child.process.kill('SIGTERM');
    const { code, out } = await child.ended;
    expect(code).toBe(0);
    expect(out.match(/"reason":"creating weir.models: the connection ended".*"waiting for the broker"/g)).toHaveLength(
      1,
    );
    expect(out.match(/the broker answers/g)).toHaveLength(1);
    const once = await run({ WEIR_TOY_DOES: 'starts-at-the-third-attempt', WEIR_STARTUP_TIMEOUT_MS: '0' });
    expect(once.code).toBe(1);
    expect(once.out).toContain('"msg":"creating weir.models: the connection ended"');
  });

  test('when an absent broker is waited for and a signal comes', async () => {
    const child = new Child({ WEIR_LOG: 'kafka', KAFKA_BROKERS: '127.0.0.1:1', WEIR_STARTUP_TIMEOUT_MS: '600000' });
    await child.says('waiting for the broker');
    child.process.kill('SIGTERM');
    expect(await child.ended).toMatchObject({ code: 0 });
  });

  test('when the file of the log is in use', async () => {
    const first = new Child({});
    await first.says('running');
    const file = join(folder, `${files}.db`);
    const { code, out } = await run({ WEIR_LOG_FILE: file });
    expect(code).toBe(1);
    const owner =
      process.platform === 'linux' ? `process ${first.process.pid} \\(node .*toy-program\\.ts\\)` : 'another process';
    expect(out).toMatch(new RegExp(`\\.db is in use by ${owner}; stop that one, or give this one a file of its own"`));
    first.process.kill('SIGTERM');
    await first.ended;
  });
});

describe('while it runs', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it in order, with code 0', async (signal) => {
    const child = new Child({});
    await child.says('"port":8099,"areNamed":false,"msg":"running"');
    child.process.kill(signal);
    const { code, out } = await child.ended;
    expect(code).toBe(0);
    expect(out).toContain('"msg":"stopped"');
  });

  test('a second signal ends it at once, with code 1', async () => {
    const child = new Child({ WEIR_TOY_DOES: 'does-not-stop' });
    await child.says('running');
    child.process.kill('SIGTERM');
    await child.says('stopping');
    child.process.kill('SIGTERM');
    expect(await child.ended).toMatchObject({ code: 1 });
  });

  test.each([
    ['fails-later', 'worn out'],
    ['throws-apart', 'a spring broke'],
  ])('an error ends it with code 1: %s', async (does, message) => {
    const { code, out } = await run({ WEIR_TOY_DOES: does });
    expect(code).toBe(1);
    expect(out).toContain(message);
  });
});
