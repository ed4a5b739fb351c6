/** `weir dev --file` with every service, stopped in order and started again: each GET answers as before. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Answer, answersOf, type Known } from './fixtures/answers.ts';
import { breachesOf } from './fixtures/contract.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const MODEL = '/v1/models/flight-delay';
/** Short windows, so that minutes of flights are enough for alerts, episodes and explanations. */
const SETTINGS = {
  WEIR_DRIFT_WINDOWS: '2000',
  WEIR_DRIFT_MIN_EFFECT: '0.05',
  WEIR_DRIFT_OUTCOME_WINDOWS: '1000',
  WEIR_DRIFT_OUTCOME_REFERENCE: '2000',
  WEIR_ANOMALY_LEARN_EVENTS: '2000',
  WEIR_ANOMALY_HELD_OUT_EVENTS: '2000',
  WEIR_ANOMALY_EVENTS_PER_ALARM: '1000',
  WEIR_EXPLAIN_BUDGET_PER_SECOND: '0.1',
  WEIR_EXPLAIN_BACKGROUND_EVENTS: '500',
  WEIR_EXPLAIN_REFERENCE_SIZE: '100',
  // An idle input advances by the wall clock, and the answers with it: not between two looks, however slow the machine.
  WEIR_DRIFT_IDLE_MS: '3600000',
  WEIR_PROMOTION_IDLE_MS: '3600000',
};
/** Of routes that no list names. */
const ALSO = { version: ['recent-delay'], column: ['distance', 'origin'], rule: ['2000'] };
/** What a run must have shown before it is stopped: a list that is empty before and after shows nothing. */
const NOT_EMPTY: Readonly<Record<string, string>> = {
  '/v1/alerts': 'items',
  '/v1/decisions': 'items',
  [`${MODEL}/anomalies`]: 'episodes',
  [`${MODEL}/explanations`]: 'versions',
  [`${MODEL}/performance`]: 'windows',
};

let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-restart-test-'));
});
afterAll(() => {
  // Of a test that failed.
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Running {
  readonly url: string;
  /** SIGTERM; fails unless the program ends with exit code 0 and has complained of nothing. */
  stop(): Promise<void>;
}

async function start(...args: readonly string[]): Promise<Running> {
  const { PATH = '', HOME = '' } = process.env;
  const child: ChildProcess = spawn(
    process.execPath,
    [MAIN, 'dev', '--port', '0', '--file', join(folder, 'log.db'), ...args],
    { env: { PATH, HOME, TMPDIR: folder, CI: '1', ...SETTINGS }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.push(child);
  const complaints = text(child.stderr as NodeJS.ReadableStream);
  let said = '';
  child.stdout?.on('data', (chunk) => void (said += String(chunk)));
  const url = await vi.waitUntil(() => /http:\/\/[\d.]+:\d+/.exec(said)?.[0], { timeout: 60_000 });
  await vi.waitUntil(async () => (await fetch(`${url}/readyz`)).status === 200, { timeout: 60_000 });
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(await complaints).toBe('');
    },
  };
}

/** Resolves once two looks, half a second apart, show the same: everything that was sent is processed. */
async function settled(url: string, also: Known): Promise<ReadonlyMap<string, Answer>> {
  let before = await answersOf(url, also);
  for (let look = 0; look < 40; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = await answersOf(url, also);
    if ([...now].every(([path, { body }]) => before.get(path)?.body === body)) return now;
    before = now;
  }
  throw new Error('the services came to no rest in 20 s');
}

async function hasShownAll(url: string): Promise<boolean> {
  for (const [path, list] of Object.entries(NOT_EMPTY)) {
    const answer = (await (await fetch(url + path)).json()) as Readonly<Record<string, readonly unknown[] | undefined>>;
    if ((answer[list]?.length ?? 0) === 0) return false;
  }
  return true;
}

/** Resolves with where its receipt is. */
async function mute(url: string): Promise<string> {
  const response = await fetch(`${url}${MODEL}/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'restart-1' },
    body: JSON.stringify({
      action: 'mute',
      subject: { column: 'distance', until: '2100-01-01T00:00:00Z' },
      reason: '-',
    }),
  });
  expect(response.status).toBe(202);
  return String(response.headers.get('location'));
}

test('every GET answers as its schema says, and as before an orderly stop, whether flights were under way or not', async () => {
  const flying = await start();
  await vi.waitUntil(() => hasShownAll(flying.url), { timeout: 90_000, interval: 500 });
  await flying.stop();

  const before = await start('--speed', '0');
  const receipt = await mute(before.url);
  const also = { ...ALSO, command: [receipt.split('/').at(-1) ?? ''] };
  const expected = await settled(before.url, also);
  expect(expected.get(`${MODEL}/drift`)?.body).toContain('2100-01-01');
  expect(JSON.parse(expected.get(receipt)?.body ?? '')).toMatchObject({ topic: 'commands', processed: true });
  await before.stop();

  const after = await start('--speed', '0');
  const found = await answersOf(after.url, also);
  const document = (await (await fetch(`${after.url}/openapi.json`)).json()) as object;
  await after.stop();
  expect(expected.size).toBeGreaterThan(40);
  expect([...expected.values()].filter(({ status }) => status === 200).length).toBeGreaterThan(35);
  expect([...found.keys()]).toEqual([...expected.keys()]);
  expect(breachesOf(document, found)).toEqual([]);
  for (const [path, answer] of found) expect.soft(answer, path).toEqual(expected.get(path));
}, 300_000);
