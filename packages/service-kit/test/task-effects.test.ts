import type { EventLog, NewRecord } from '@weir/event-log/port';
import { expect, test, vi } from 'vitest';
import { TaskEffects } from '../src/effects/task-effects.ts';
import type { KeyedEffect } from '../src/processing/key-store.ts';

test('effects for which there is no room are asked after others were answered, and only if they are still pending', async () => {
  const answered: string[] = [];
  const run: string[] = [];
  const log = {
    producer: async () => ({
      send: async (records: readonly NewRecord[]) =>
        void answered.push(...records.map(({ key }) => Buffer.from(key ?? []).toString())),
      close: async () => {},
    }),
  } as unknown as EventLog;
  const effects = new TaskEffects(log, {
    handlers: { page: { run: async (effect) => (run.push(effect.id), new Uint8Array()) } },
    topic: 'results',
    partition: 0,
    epoch: 1n,
    now: Date.now,
    maxKnown: 2,
  });
  const pending = (key: string): KeyedEffect => {
    return { key, effect: { id: key, kind: 'page', payload: new Uint8Array() } };
  };
  const unasked = new Set<string>();
  const keys = { markUnasked: (some: Iterable<string>) => [...some].forEach((key) => unasked.add(key)) };
  effects.offer(['a', 'b', 'c', 'd'].map(pending), keys);
  expect([...unasked]).toEqual(['c', 'd']);
  await vi.waitUntil(() => answered.length === 2 && effects.size === 0);
  expect(run).toEqual(['a', 'b']);
  // Meanwhile the state has taken c back.
  unasked.clear();
  effects.offer([pending('d')], keys);
  await vi.waitUntil(() => answered.length === 3);
  expect(run).toEqual(['a', 'b', 'd']);
  expect(unasked.size).toBe(0);
  await effects.stop();
});
