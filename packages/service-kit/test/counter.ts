/** The smallest processor: counts the events of a key and says so at every tenth; a registration of the key must come first. */
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { BadRecord } from '../src/fates.ts';
import type { Kernel, KeyedEvent, Processor } from '../src/processor.ts';
import { decodeState, encodeState } from '../src/state-codec.ts';
import type { Scenario } from '../src/testing/scenario.ts';

interface CountEvent extends KeyedEvent {
  readonly id: string;
  /** NaN, missing and infinite values do not count. */
  readonly value: number;
}

export interface Count {
  registered: boolean;
  count: number;
  sum: number;
  /** Clock at the last event: a timer resets the count after a minute without one. */
  lastClockMs: number;
}

export interface CounterConfig {
  readonly every: number;
}

export const COUNTER: Processor<CounterConfig, Count, CountEvent> = {
  service: 'counter',
  inputs: [
    { topic: 'models', role: 'control', decode: decodeJson },
    { topic: 'predictions', role: 'data', decode: decodeJson },
  ],
  outputs: ['alerts'],
  build: 'counter/1',
  stateVersion: 1,
  configOf: (recorded) => recorded as CounterConfig,
  kernel: ({ every }): Kernel<Count, CountEvent> => ({
    steps: 'runs',
    lateness: { allowedLatenessMs: 0, idleAfterMs: 60_000 },
    initial: () => ({ registered: false, count: 0, sum: 0, lastClockMs: 0 }),
    isEmpty: ({ registered }) => !registered,
    missingRegistrations: (state, run) => (state === undefined ? [run[0]?.key ?? ''] : []),
    step: (state, run, context) => {
      for (const [index, { key, id, value, eventTimeMs }] of run.entries()) {
        if (context.topic === 'models') {
          state.registered = true;
          continue;
        }
        if (!state.registered) {
          context.reject(index, { code: 'UNKNOWN_MODEL', message: `${key} is not registered` });
          continue;
        }
        if (!Number.isFinite(value)) continue;
        state.count += 1;
        state.sum += value;
        state.lastClockMs = context.clockMs;
        if (state.count % every !== 0) continue;
        const text = `${key} ${state.count} ${state.sum}`;
        context.emit(index, { topic: 'alerts', key, value: Buffer.from(text), id: `${key}/${id}`, eventTimeMs });
      }
    },
    nextTimer: ({ lastClockMs }) => (lastClockMs === 0 ? undefined : { domain: 'clock', atMs: lastClockMs + 60_000 }),
    onTimer: (state) => {
      state.lastClockMs = 0;
      state.count = 0;
    },
    save: (state) => encodeState(state),
    load: (_, bytes, stateVersion) => {
      if (stateVersion !== 1) throw new Error(`version ${stateVersion} is not read`);
      const { registered, count, sum, lastClockMs } = decodeState<Count>(bytes).head;
      return { registered, count, sum, lastClockMs };
    },
    views: (key, { count }) => [{ key: `count/${key}`, json: JSON.stringify({ count }) }],
  }),
};

function decodeJson({ value }: LogRecord): CountEvent {
  const text = Buffer.from(value ?? []).toString();
  if (!text.startsWith('{')) throw new BadRecord('UNDECODABLE', 'not a count');
  const { key, id, value: number, eventTimeMs } = JSON.parse(text) as CountEvent & { readonly value: number | string };
  return { key, id, value: Number(number), eventTimeMs };
}

const NOW_MS = Date.parse('2026-11-24T00:00:00Z');
const KEYS = ['a', 'b', 'c', 'd'];

export function countRecord(
  topic: string,
  key: string,
  id: string,
  value: number | string,
  eventTimeMs: number,
): NewRecord {
  return {
    topic,
    partition: 0,
    key: Buffer.from(key),
    value: Buffer.from(JSON.stringify({ key, id, value, eventTimeMs })),
  };
}

export const COUNTER_SCENARIO: Scenario = {
  processor: COUNTER,
  config: { every: 10 },
  nowMs: NOW_MS,
  control: () => KEYS.map((key) => countRecord('models', key, key, 0, NOW_MS - 1e9)),
  event: (index) => {
    if (index % 31 === 5) return { topic: 'predictions', partition: 0, key: null, value: Buffer.from(`torn ${index}`) };
    const key = index % 97 === 7 ? `stranger ${index}` : (KEYS[index % KEYS.length] as string);
    const value = index % 13 === 1 ? 'NaN' : index % 17 === 2 ? 'Infinity' : index;
    // Late, and now and then from the future.
    const eventTimeMs = index % 89 === 3 ? NOW_MS + 1e10 : NOW_MS - 1e6 + index - (index % 7 === 0 ? 5_000 : 0);
    return countRecord('predictions', key, `e${index}`, value, eventTimeMs);
  },
  events: 1_500,
  minOutputs: 100,
};
