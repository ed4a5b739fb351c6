/** A scenario through the fold alone, cut and disturbed as a test likes. */
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import type { AnyFold } from '../journal/replayer.ts';
import { Fold } from '../processing/fold.ts';
import { type StateMemory, UNBOUNDED } from '../processing/state-memory.ts';
import type { Output } from '../processor.ts';
import type { Scenario } from './scenario.ts';

/** Between two ticks, events. */
const TICK_EVERY = 50;

export interface FoldRun {
  readonly outputs: readonly string[];
  readonly rejections: readonly string[];
  readonly digest: string;
}

export interface Disturbance {
  /** Events in the next slice. */
  readonly cut: () => number;
  /** Called between slices. Gives the fold to go on with. */
  readonly between?: (fold: AnyFold) => AnyFold;
  /** Absent: no bound. */
  readonly memory?: StateMemory;
  /** Events left out. */
  readonly skip?: ReadonlySet<number>;
}

/** @param memory absent: no bound */
export function newFold({ processor, config, nowMs }: Scenario, memory: StateMemory = UNBOUNDED): AnyFold {
  return new Fold(processor, config, { partition: 0, partitions: 1, futureBoundMs: 3_600_000, memory }, nowMs);
}

/** Ticks fall at the same events however the run is cut. Indices of refused events are the fourth field of `rejections`. */
export function foldRun(scenario: Scenario, { cut, between = (fold) => fold, memory, skip }: Disturbance): FoldRun {
  const outputs: string[] = [];
  const rejections: string[] = [];
  let fold = newFold(scenario, memory);
  const feed = (records: readonly NewRecord[], first: number): void => {
    for (const { topic, slice, at } of slicesOf(records, first)) {
      fold.records(topic, slice, {
        output: (output) => void outputs.push(shownOutput(output)),
        reject: (_, record, { code }) => void rejections.push(`${at + slice.indexOf(record)} ${code}`),
      });
    }
  };
  feed(scenario.control(), 0);
  rejections.length = 0;
  for (let at = 0; at < scenario.events; ) {
    const untilTick = TICK_EVERY - (at % TICK_EVERY);
    const end = Math.min(scenario.events, at + Math.min(cut(), untilTick));
    for (let index = at; index < end; ) {
      if (skip?.has(index)) {
        index += 1;
        continue;
      }
      let to = index;
      while (to < end && !skip?.has(to)) to += 1;
      feed(
        Array.from({ length: to - index }, (_, of) => scenario.event(index + of)),
        index,
      );
      index = to;
    }
    at = end;
    if (at % TICK_EVERY === 0)
      fold.tick(scenario.nowMs + at, { output: (output) => void outputs.push(shownOutput(output)), reject: () => {} });
    fold = between(fold);
  }
  return { outputs, rejections, digest: fold.keys.digest(fold.clockMs).toString('hex') };
}

/** Neighbours of one topic together. */
function slicesOf(records: readonly NewRecord[], first: number) {
  const slices: { topic: string; slice: LogRecord[]; at: number }[] = [];
  for (const [index, { topic, key, value, headers = [] }] of records.entries()) {
    const record: LogRecord = { offset: BigInt(first + index), key, value, headers, timestampMs: 0 };
    const last = slices.at(-1);
    if (last?.topic === topic) last.slice.push(record);
    else slices.push({ topic, slice: [record], at: first + index });
  }
  return slices;
}

function shownOutput({ topic, key, id, value }: Output): string {
  return `${topic} ${key} ${id} ${value === null ? 'tombstone' : Buffer.from(value).toString('base64')}`;
}

/** The same states in another fold, by way of their bytes. */
export function restoredFold(fold: AnyFold, scenario: Scenario): AnyFold {
  const other = newFold(scenario);
  other.clockMs = fold.clockMs;
  for (const record of fold.keys.records()) other.load(record);
  return other;
}
