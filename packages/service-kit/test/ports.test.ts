import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogError } from '@weir/event-log/errors';
import { describe, expect, test, vi } from 'vitest';
import { loadServiceConfig } from '../src/config/common-settings.ts';
import { connectPorts } from '../src/ports.ts';
import { brokerCheck, waitForBroker } from '../src/wait-for-broker.ts';

const absent = (reason: string): LogError => new LogError('RETRIABLE', `no Kafka broker answered at a:9092: ${reason}`);

/** Fails as told, then answers. */
function broker(...failures: readonly unknown[]): { readonly asked: () => number; ping(): Promise<void> } {
  let asked = 0;
  return {
    asked: () => asked,
    ping: async () => {
      asked += 1;
      if (asked <= failures.length) throw failures[asked - 1];
    },
  };
}

describe('an absent broker', () => {
  test('is waited for, with one line per change', async () => {
    const lines: unknown[] = [];
    const log = broker(
      absent('refused'),
      absent('refused'),
      absent('refused'),
      absent('no leader'),
      absent('no leader'),
    );
    await waitForBroker(log, {
      timeoutMs: 60_000,
      report: (message, { reason }) => void lines.push([message, reason]),
      pause: async () => {},
    });
    expect(lines).toEqual([
      ['waiting for the broker', absent('refused').message],
      ['waiting for the broker', absent('no leader').message],
      ['the broker answers', undefined],
    ]);
  });

  test('is not waited for longer than told, nor at all with 0', async () => {
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const log = broker(...Array.from({ length: 1_000 }, () => absent('refused')));
    const pause = async (ms: number): Promise<void> => void (nowMs += ms);
    const options = { report: () => {}, pause };
    await expect(waitForBroker(log, { ...options, timeoutMs: 0 })).rejects.toThrow(
      'no Kafka broker answered at a:9092',
    );
    expect(log.asked()).toBe(1);
    await expect(waitForBroker(log, { ...options, timeoutMs: 60_000 })).rejects.toThrow(
      /a:9092.* \(tried for 60 s, as WEIR_STARTUP_TIMEOUT_MS says\); start again once the broker answers$/,
    );
    expect(nowMs).toBeGreaterThan(55_000);
    expect(nowMs).toBeLessThanOrEqual(60_000);
    vi.restoreAllMocks();
  });

  test('what waiting does not mend is told at once', async () => {
    const log = broker(new LogError('FATAL', 'the password is wrong'));
    const lines: unknown[] = [];
    await expect(
      waitForBroker(log, { timeoutMs: 60_000, report: (message) => void lines.push(message) }),
    ).rejects.toThrow('password');
    expect(lines).toEqual([]);
  });

  test('makes the service not ready, by name', async () => {
    const log = broker(absent('refused'));
    const lines: string[] = [];
    const report = (message: string, { reason = '' }: { readonly reason?: unknown }) =>
      void lines.push(`${message} ${String(reason)}`.trim());
    const { check, stop } = brokerCheck(log, report, 5);
    expect(check).toMatchObject({ name: 'broker' });
    await expect.poll(() => check.fault(), { interval: 1 }).toContain('a:9092');
    await expect.poll(() => check.fault()).toBeUndefined();
    stop();
    // One line for each change, however often it is asked.
    expect(lines).toEqual([expect.stringMatching(/^the broker does not answer .*a:9092/), 'the broker answers again']);
  });
});

test('the embedded log, its checkpoints and its views are one file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-'));
  const config = loadServiceConfig({ settings: {}, prefixes: [] }, { WEIR_LOG_FILE: join(folder, 'log.db') });
  const options = { clientId: 'toy', report: () => {} };
  const scope = { service: 'toy', partition: 0 };
  const before = await connectPorts(config, options);
  await before.views.put(scope, [{ key: 'model/a', json: '1' }]);
  expect(await before.checkpoints.generations('toy/0')).toEqual([]);
  await before.close();
  const after = await connectPorts(config, options);
  expect(await after.views.get('toy', 'model/a')).toBe('1');
  await after.close();
  rmSync(folder, { recursive: true });
});
