/** What breaks a service that trusts its surroundings: clocks that jump, records that are too large, stores that go away. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deadLetter, MAX_DEAD_LETTER_BYTES } from '../src/processing/dead-letter.ts';
import { isTickDue, JUMP_STANDS_MS, TickClock } from '../src/processing/tick-clock.ts';
import type { View } from '../src/processor.ts';
import { createMemoryViews } from '../src/views/memory.ts';
import { ViewPublisher } from '../src/views/publisher.ts';
import type { ReadViews } from '../src/views/read-views.ts';
import { COUNTER, countRecord } from './counter.ts';
import { NOW_MS, Stage } from './stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  await stage.create();
});

afterEach(() => stage.end());

test('a wall clock that jumps ten years ahead for a moment leaves no tick behind, and future events are still refused', async () => {
  let jumpMs = 0;
  await stage.start({ now: () => NOW_MS + jumpMs, tickEveryMs: 0 });
  await stage.count(10);
  jumpMs = 10 * 365 * 86_400_000;
  await stage.count(10);
  jumpMs = 0;
  await stage.send([countRecord('predictions', 'a', 'future', 1, NOW_MS + 9 * 365 * 86_400_000)]);
  await stage.count(9);
  const ticks = (await stage.journal()).flatMap(({ steps }) => steps.flatMap(({ tickMs }) => tickMs ?? []));
  expect(ticks.length).toBeGreaterThan(0);
  expect(Math.max(...ticks)).toBeLessThan(NOW_MS + 3_600_000);
  expect(stage.rejected).toEqual(['FUTURE_TIMESTAMP']);
});

test('a jump that stands is the new time, and a recorded clock that was wrong is set back', () => {
  let [wallMs, monotonicMs] = [1e12, 0];
  const clock = new TickClock({ now: () => wallMs, monotonic: () => monotonicMs });
  expect(clock.read()).toBe(1e12);
  wallMs += 5e9;
  monotonicMs += 1_000;
  expect(clock.read()).toBeUndefined();
  monotonicMs += JUMP_STANDS_MS;
  wallMs += JUMP_STANDS_MS;
  expect(clock.read()).toBe(wallMs);
  expect(isTickDue(1e12, 2e12, 1_000)).toBe(true);
  expect(isTickDue(1e12, 1e12 + 1_000, 1_000)).toBe(false);
});

test('a dead letter fits the log whatever the record is: megabytes of headers, key, value or message', () => {
  const megabytes = Buffer.alloc(8 << 20, 'x');
  const record = { offset: 7n, key: megabytes, value: megabytes, headers: [['h', megabytes] as const], timestampMs: 0 };
  const letter = deadLetter('dlq', { topic: 't', partition: 0 }, record, { code: 'X', message: 'y'.repeat(2 << 20) });
  const headers = new Map((letter.headers ?? []).map(([name, value]) => [name, Buffer.from(value).toString()]));
  const size = [...headers].reduce((sum, [name, value]) => sum + name.length + value.length, letter.value?.length ?? 0);
  expect(size).toBeLessThan(MAX_DEAD_LETTER_BYTES);
  expect(letter.key).toBeNull();
  const digest = createHash('sha256').update(megabytes).digest('hex');
  expect(headers.get('weir.oversized-key')).toBe(`${megabytes.length} bytes, SHA-256 ${digest}`);
  expect(headers.get('weir.oversized-headers')).toContain('1 headers, ');
  expect(headers.get('__streams.errors.message')).toContain(`(${2 << 20} characters in all)`);
});

test('an output that the log would refuse goes to the dead letters by reference, and the task goes on', async () => {
  const talkative = {
    ...COUNTER,
    kernel: (config: { readonly every: number }) => {
      const kernel = COUNTER.kernel(config);
      const value = Buffer.alloc(1_100_000);
      return {
        ...kernel,
        step: (...[state, run, context]: Parameters<typeof kernel.step>) => {
          const emit: typeof context.emit = (index, output) => context.emit(index, { ...output, value });
          kernel.step(state, run, Object.assign(Object.create(context) as typeof context, { emit }));
        },
      };
    },
  };
  await stage.start({ processor: talkative, config: { every: 2 } });
  await stage.count(4);
  expect(stage.failures).toEqual([]);
  expect(stage.rejected).toEqual(['OUTPUT_TOO_LARGE', 'OUTPUT_TOO_LARGE']);
});

test('views that could not be written are all written once the store is back, histories from the log among them', async () => {
  const kept = createMemoryViews();
  let isAway = true;
  const views: ReadViews = {
    ...kept,
    put: (scope, changes) => (isAway ? Promise.reject(new Error('away')) : kept.put(scope, changes)),
    replace: (scope, all) => (isAway ? Promise.reject(new Error('away')) : kept.replace(scope, all)),
  };
  let nowMs = 0;
  const told: (string | undefined)[] = [];
  const publisher = new ViewPublisher({
    views,
    scope: { service: 's', partition: 0 },
    monotonic: () => nowMs,
    histories: async () => [{ key: 'alert/1', json: '{}' }],
    onBehind: (reason) => void told.push(reason),
  });
  const all: View[] = [{ key: 'model/m', json: '{"n":2}' }];
  await publisher.put([{ key: 'model/m', json: '{"n":1}' }]);
  expect(publisher.behind).toContain('away');
  expect(publisher.wantsAll).toBe(false);
  nowMs = 1_000;
  expect(publisher.wantsAll).toBe(true);
  await publisher.rebuild(all);
  expect(publisher.behind).toContain('away');
  isAway = false;
  nowMs = 60_000;
  await publisher.rebuild(all);
  expect(publisher.behind).toBeUndefined();
  expect(await kept.get('s', 'model/m')).toBe('{"n":2}');
  expect(await kept.get('s', 'alert/1')).toBe('{}');
  expect(told.at(-1)).toBeUndefined();
});

test('a view store that came back empty is told of, and filled again', async () => {
  const kept = createMemoryViews();
  let isLost = true;
  const views: ReadViews = { ...kept, put: async (scope, changes) => (isLost ? 'lost' : kept.put(scope, changes)) };
  const publisher = new ViewPublisher({
    views,
    scope: { service: 's', partition: 0 },
    monotonic: () => 1e9,
    histories: async () => [],
  });
  await publisher.put([{ key: 'a', json: '1' }]);
  expect(publisher.behind).toContain('without its entries');
  isLost = false;
  await publisher.rebuild([{ key: 'a', json: '2' }]);
  expect(await kept.get('s', 'a')).toBe('2');
});

test('a view store that was emptied while nothing is written is told of within seconds', async () => {
  let [nowMs, asked] = [0, 0];
  let fate: 'kept' | 'lost' = 'kept';
  const views: ReadViews = {
    ...createMemoryViews(),
    put: async () => {
      asked += 1;
      return fate;
    },
  };
  const scope = { service: 's', partition: 0 };
  const publisher = new ViewPublisher({ views, scope, monotonic: () => nowMs, histories: async () => [] });
  await publisher.put([{ key: 'a', json: '1' }]);
  fate = 'lost';
  for (; nowMs < 10_000 && publisher.behind === undefined; nowMs += 100) await publisher.put([]);
  expect(publisher.behind).toContain('without its entries');
  expect(nowMs).toBeGreaterThan(1_000);
  expect(asked).toBe(2);
});
