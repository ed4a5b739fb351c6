/** Keys on disk: what is asked of them without a step, forgetting, timers, a share of the bound, and a disk that does not serve. */
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test, vi } from 'vitest';
import type { KeyRecord } from '../src/checkpoints/store.ts';
import { Fold, type FoldSink } from '../src/processing/fold.ts';
import { SpilledKeys } from '../src/processing/spilled-keys.ts';
import { StateMemory, UNBOUNDED } from '../src/processing/state-memory.ts';
import type { AnyProcessor } from '../src/processor.ts';
import { COUNTER, countRecord } from './counter.ts';

function saved({ key, bytes }: KeyRecord): { readonly key: string; readonly bytes: string } {
  return { key, bytes: Buffer.from(bytes ?? []).toString('hex') };
}

const NOW_MS = Date.parse('2026-11-24T00:00:00Z');
const KEYS = 40;
const EACH = { every: 3 };

interface Watched {
  readonly fold: Fold<any, any>;
  readonly outputs: string[];
  readonly feed: (topic: string, keys: readonly number[], value?: number) => void;
  readonly tick: (timeMs: number) => void;
}

function watched(memory: StateMemory, processor: AnyProcessor = COUNTER): Watched {
  const fold = new Fold(processor, EACH, { partition: 0, partitions: 1, futureBoundMs: 1e6, memory }, NOW_MS);
  const outputs: string[] = [];
  const sink: FoldSink = {
    output: ({ value }) => void outputs.push(Buffer.from(value ?? []).toString()),
    reject: (_, __, { message }) => void outputs.push(message),
  };
  const record = ({ key, value }: NewRecord): LogRecord => ({ offset: 0n, key, value, headers: [], timestampMs: 0 });
  return {
    fold,
    outputs,
    feed: (topic, keys, value = 1) => {
      const records = keys.map((key, index) => record(countRecord(topic, `k${key}`, `${index}`, value, NOW_MS)));
      fold.records(topic, records, sink);
    },
    tick: (timeMs) => fold.tick(timeMs, sink),
  };
}

/** A counter that forgets a key whose value was 999. */
const FORGETTING: AnyProcessor = {
  ...COUNTER,
  kernel: (config) => {
    const kernel = COUNTER.kernel(config);
    return {
      ...kernel,
      isEmpty: ({ registered, sum }) => !registered || sum >= 999,
      pendingEffects: ({ count }) =>
        count % 2 === 1 ? [{ id: `${count}`, kind: 'odd', payload: new Uint8Array(), epoch: 0n }] : [],
      figures: ({ count }) => ({ lateEvents: count }),
    };
  },
};

test.each([1, 2, 3, 4])('whatever is asked, keys on disk answer as keys in memory do (seed %i)', (seed) => {
  const random = xoroshiro128plus(seed);
  const draw = (to: number): number => uniformInt(random, 0, to);
  const free = watched(UNBOUNDED, FORGETTING);
  const bound = watched(new StateMemory([0, 5_000, 9_000, 12_000][seed - 1] as number), FORGETTING);
  const both = <Result>(ask: (each: Watched) => Result): void => {
    const [expected, found] = [ask(free), ask(bound)];
    expect(found).toEqual(expected);
  };
  const byKey = <Item extends { readonly key: string }>(items: Iterable<Item>): readonly Item[] =>
    [...items].sort((a, b) => (a.key < b.key ? -1 : 1));
  const asked: readonly ((each: Watched) => unknown)[] = [
    ({ fold }) => byKey(fold.keys.takeUnpublished()),
    ({ fold }) => byKey(fold.keys.allViews().filter(({ json }) => json !== null)),
    ({ fold }) => byKey(fold.keys.takeUnasked().map(({ key, effect }) => ({ key, id: effect.id }))),
    ({ fold }) => byKey(fold.keys.takeUnsaved().map(saved)),
    ({ fold }) => byKey(fold.keys.records().map(saved)),
    ({ fold }) => [...fold.keys.summaries()].reduce((sum, { figures }) => sum + (figures?.lateEvents ?? 0), 0),
    ({ fold }) => fold.keys.digest(fold.clockMs).toString('hex'),
    ({ fold }) => [fold.keys.size, fold.nextTickMs],
  ];
  let most = 0;
  let clockMs = NOW_MS;
  for (let turn = 0; turn < 300; turn += 1) {
    const some = Array.from({ length: 1 + draw(5) }, () => draw(KEYS));
    const what = draw(9);
    if (what < 2) both(({ feed }) => feed('models', some));
    else if (what < 7) both(({ feed }) => feed('predictions', some, turn % 11 === 5 ? 999 : 1));
    else if (what < 8) {
      clockMs += draw(30_000);
      both(({ tick }) => tick(clockMs));
    } else both(asked[draw(asked.length - 1)] as (typeof asked)[number]);
    most = Math.max(most, bound.fold.keys.spilled);
  }
  for (const ask of asked) both(ask);
  expect(bound.outputs).toEqual(free.outputs);
  expect(most).toBeGreaterThan(5);
  bound.fold.keys.close();
});

test('keys that were idle longest leave first, and those that are stepped stay', () => {
  const memory = new StateMemory(20_000);
  const { fold, feed } = watched(memory);
  for (let key = 0; key < KEYS; key += 1) {
    feed('models', [key]);
    feed('predictions', [0]);
    expect(fold.keys.memoryBytes).toBeLessThanOrEqual(20_000);
  }
  expect(fold.keys.spilled).toBeGreaterThan(KEYS / 2);
  const read = vi.spyOn(SpilledKeys.prototype, 'read');
  feed('predictions', [0, KEYS - 1]);
  expect(read).not.toHaveBeenCalled();
  feed('predictions', [1]);
  expect(read).toHaveBeenCalledTimes(1);
  read.mockRestore();
});

test('tasks have equal shares; one that ends leaves its share to the others', () => {
  const memory = new StateMemory(60_000);
  const all = Array.from({ length: KEYS }, (_, key) => key);
  const first = watched(memory);
  first.feed('models', all);
  expect(first.fold.keys.spilled).toBe(0);
  const second = watched(memory);
  first.fold.keys.shrink();
  expect(first.fold.keys.memoryBytes).toBeLessThanOrEqual(30_000);
  first.fold.keys.close();
  second.feed('models', all);
  expect(second.fold.keys.spilled).toBe(0);
});

test('other bytes than were written, or a file that cannot be written, have the task rebuilt from its last commit', () => {
  const spilled = new SpilledKeys();
  const kept = { due: { key: 'a', dueMs: 0 }, watermarkMs: 0, figures: undefined };
  spilled.put('a', kept, { bytes: Buffer.from('state'), digest: Buffer.alloc(32), shown: [] });
  expect(() => spilled.read('a')).toThrow(expect.objectContaining({ code: 'RETRIABLE' }));
  spilled.close();
  expect(() => spilled.put('b', kept, { bytes: new Uint8Array(), digest: Buffer.alloc(32), shown: [] })).toThrow(
    expect.objectContaining({ code: 'RETRIABLE', message: expect.stringContaining('WEIR_STATE_MEMORY_BYTES') }),
  );
});
