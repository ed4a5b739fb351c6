/**
 * The deterministic middle of a task: records and ticks in, outputs and rejections out. The live task, a restore and `weir replay` all run
 * exactly this, so that they cannot disagree.
 */
import { partitionFor } from '@weir/event-log/partition';
import type { LogRecord } from '@weir/event-log/port';
import { type AnsweredEvent, decodeAnswer } from '../effects/answers.ts';
import { fateOf } from '../fates.ts';
import type { AnyProcessor, CommitPlace, Kernel, KeyedEvent, Output, Processor, Rejection } from '../processor.ts';
import { grantIdleTime, type KeyDue, type KeyState, keyWatermarkMs, watermarkOf } from './key-state.ts';
import { KeyStore } from './key-store.ts';
import { futureTimestamp, oversizedOutput, wrongPartition } from './rejections.ts';
import { RunContext } from './run-context.ts';
import type { StateMemory } from './state-memory.ts';
import { TimerQueue } from './timer-queue.ts';
import { idleReachesMs, observe } from './watermark.ts';

export interface FoldOptions {
  readonly partition: number;
  /** Of every topic: a record whose key belongs elsewhere is refused. */
  readonly partitions: number;
  /** An event time further ahead of the clock than this is refused: it would freeze every watermark it touched. */
  readonly futureBoundMs: number;
  /** Keys that were idle longest leave memory when it is full; absent: no bound. */
  readonly memory?: StateMemory;
}

/** Where results of a fold go. A restore passes a sink that only counts. */
export interface FoldSink {
  output(output: Output): void;
  reject(topic: string, record: LogRecord, rejection: Rejection): void;
}

interface Run<Event> {
  readonly key: string;
  readonly events: Event[];
  /** Index of each event in the slice. */
  readonly places: number[];
}

/** Timers of one key that may fire without time moving on; more is a kernel that does not take its timer away. */
const MAX_FIRINGS = 100_000;

export class Fold<State, Event extends KeyedEvent> {
  readonly keys: KeyStore<State, Event>;
  readonly kernel: Kernel<State, Event>;
  readonly #processor: AnyProcessor;
  readonly #options: FoldOptions;
  readonly #inputs: ReadonlyMap<string, Processor<unknown, State, Event>['inputs'][number]>;
  readonly #timers = new TimerQueue<KeyDue>();
  readonly #results: string;
  /** Last recorded tick, ms. */
  clockMs: number;
  /** Where what is folded next is committed: set before each journal entry. */
  commit: CommitPlace = { seq: 0, owner: 0 };
  /** Newest event time since it was last set to −Infinity, ms: for the metrics, no part of the state. */
  newestEventMs: number = Number.NEGATIVE_INFINITY;

  constructor(processor: AnyProcessor, config: unknown, options: FoldOptions, clockMs: number) {
    this.#processor = processor;
    this.#options = options;
    this.kernel = processor.kernel(config) as Kernel<State, Event>;
    this.keys = new KeyStore(this.kernel, processor.stateVersion, options.memory);
    this.#inputs = new Map(processor.inputs.map((input) => [input.topic, input]));
    this.#results = `${processor.service}.results`;
    this.clockMs = clockMs;
  }

  /** Puts a saved key in place. @throws what the kernel throws when it cannot read it. */
  load(record: Parameters<KeyStore<State, Event>['load']>[0]): void {
    this.#schedule(this.keys.load(record));
    this.keys.shrink();
  }

  /** Earliest wall time at which a tick would fire a timer; undefined when none would. */
  get nextTickMs(): number | undefined {
    return this.#timers.nextMs();
  }

  tick(timeMs: number, sink: FoldSink): void {
    this.clockMs = timeMs;
    const context = new RunContext(this.#options.partition, timeMs, this.commit, []);
    // By key, so that the order does not depend on how the states came into memory.
    const due = this.#timers.takeDue(timeMs).sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const { key } of due) {
      const entry = this.keys.open(key);
      this.#grantIdleTime(entry);
      this.#fireTimers(entry, context);
      this.#settle(entry);
      this.keys.shrink();
    }
    this.#leave(context, '', [], sink);
  }

  /**
   * Folds a slice of one input. Either all of it is folded or, when decoding must be retried (a schema registry is down), none of it: the
   * error is thrown before a state is touched.
   * @param isAwaited told which registrations the events miss. True: nothing is folded and `records` returns false.
   */
  records(
    topic: string,
    records: readonly LogRecord[],
    sink: FoldSink,
    isAwaited?: (missing: readonly string[]) => boolean,
  ): boolean {
    const context = new RunContext(this.#options.partition, this.clockMs, this.commit, records);
    const runs = this.#decode(topic, records, context);
    if (isAwaited !== undefined && topic !== this.#results) {
      const missing = this.#missingRegistrations(runs as readonly Run<Event>[]);
      if (missing.length > 0 && isAwaited(missing)) return false;
    }
    const isData = this.#inputs.get(topic)?.role === 'data';
    for (const run of runs) {
      const entry = this.keys.open(run.key);
      context.begin(topic, run.key, run.places, keyWatermarkMs(entry, this.kernel.lateness));
      if (topic === this.#results) this.#stepAnswers(entry, run as Run<AnsweredEvent>, context);
      else if (this.kernel.steps === 'events') this.#stepEvents(entry, run as Run<Event>, context, isData);
      else this.#stepRun(entry, run as Run<Event>, context, isData);
      this.#settle(entry);
    }
    this.keys.shrink();
    this.#leave(context, topic, records, sink);
    return true;
  }

  #missingRegistrations(runs: readonly Run<Event>[]): readonly string[] {
    const { kernel } = this;
    if (kernel.missingRegistrations === undefined) return [];
    return runs.flatMap(({ key, events }) => kernel.missingRegistrations?.(this.keys.get(key)?.state, events) ?? []);
  }

  #stepRun(entry: KeyState<State>, { events, places }: Run<Event>, context: RunContext, isData: boolean): void {
    this.kernel.step(entry.state, events, context);
    if (!isData || context.refusedOfRun === events.length) return;
    const watermark = watermarkOf(entry, context.topic, this.kernel.joins ?? [], this.clockMs);
    for (const [index, event] of events.entries()) {
      if (context.refusedOfRun === 0 || !context.isRefused(places[index] as number))
        observe(watermark, event.eventTimeMs, this.clockMs);
    }
  }

  #stepEvents(entry: KeyState<State>, { events, places }: Run<Event>, context: RunContext, isData: boolean): void {
    for (const [index, event] of events.entries()) {
      context.begin(context.topic, entry.key, [places[index] as number], context.watermarkMs);
      this.kernel.step(entry.state, [event], context);
      if (context.refusedOfRun > 0) continue;
      if (isData) {
        const watermark = watermarkOf(entry, context.topic, this.kernel.joins ?? [], this.clockMs);
        observe(watermark, event.eventTimeMs, this.clockMs);
      }
      context.watermarkMs = keyWatermarkMs(entry, this.kernel.lateness);
      this.#fireTimers(entry, context);
    }
  }

  /** An answer to what is not pending any more (a repetition, a late owner) changes nothing. */
  #stepAnswers(entry: KeyState<State>, { events, places }: Run<AnsweredEvent>, context: RunContext): void {
    for (const [index, { answer }] of events.entries()) {
      const pending = [...(this.kernel.pendingEffects?.(entry.state) ?? [])];
      if (!pending.some(({ id }) => id === answer.effectId)) continue;
      context.begin(this.#results, entry.key, [places[index] as number], context.watermarkMs);
      this.kernel.onEffectAnswer?.(entry.state, answer, context);
      this.#fireTimers(entry, context);
    }
  }

  #fireTimers(entry: KeyState<State>, context: RunContext): void {
    const { kernel } = this;
    if (kernel.nextTimer === undefined || kernel.onTimer === undefined) return;
    const { topic, places } = context;
    for (let fired = 0; ; fired += 1) {
      const timer = kernel.nextTimer(entry.state);
      const watermarkMs = keyWatermarkMs(entry, kernel.lateness);
      const isDue =
        (timer !== undefined && timer.atMs <= (timer.domain === 'event' ? watermarkMs : this.clockMs)) ||
        (kernel.nextClockTimer?.(entry.state) ?? Number.POSITIVE_INFINITY) <= this.clockMs;
      if (!isDue) return;
      if (fired === MAX_FIRINGS)
        throw new Error(`${this.#processor.service}: a timer of key ${entry.key} at ${timer?.atMs} stays due`);
      context.begin(topic, entry.key, places, watermarkMs);
      kernel.onTimer(entry.state, context);
    }
  }

  /** Time without events counts only when a timer is due by it, so that an idle key does not change with every tick. */
  #grantIdleTime(entry: KeyState<State>): void {
    if (this.kernel.nextTimer?.(entry.state)?.domain === 'event')
      grantIdleTime(entry, this.clockMs, this.kernel.lateness);
  }

  #settle(entry: KeyState<State>): void {
    if (this.keys.settle(entry)) this.#schedule(entry);
    else this.#timers.forget(entry.due);
  }

  #schedule(entry: KeyState<State>): void {
    const wakeMs = this.kernel.nextClockTimer?.(entry.state) ?? Number.POSITIVE_INFINITY;
    entry.due.dueMs = Math.min(wakeMs, this.#timerDueMs(entry));
    this.#timers.update(entry.due);
  }

  #timerDueMs(entry: KeyState<State>): number {
    const { kernel } = this;
    const timer = kernel.nextTimer?.(entry.state);
    if (timer === undefined) return Number.POSITIVE_INFINITY;
    if (timer.domain === 'clock') return timer.atMs;
    let dueMs = Number.NEGATIVE_INFINITY;
    for (const watermark of entry.watermarks.values())
      dueMs = Math.max(dueMs, idleReachesMs(watermark, timer.atMs, kernel.lateness));
    // Without an event of a data input there is no event time to wait for.
    return dueMs === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : dueMs;
  }

  #decode(topic: string, records: readonly LogRecord[], context: RunContext): readonly Run<Event | AnsweredEvent>[] {
    this.#processor.beginSlice?.();
    const input = this.#inputs.get(topic);
    const byKey = new Map<string, Run<Event | AnsweredEvent>>();
    let run: Run<Event | AnsweredEvent> | undefined;
    for (let at = 0; at < records.length; at += 1) {
      const record = records[at] as LogRecord;
      let event: Event | AnsweredEvent;
      try {
        event = input === undefined ? decodeAnswer(record) : input.decode(record);
      } catch (error) {
        const fate = fateOf(error);
        if (fate.fate !== 'dead-letter') throw error;
        context.refuse(at, fate.rejection);
        continue;
      }
      if (run?.key !== event.key) run = byKey.get(event.key);
      const refusal = this.#refusal(topic, event, record, run !== undefined);
      if (refusal !== undefined) {
        context.refuse(at, refusal);
        continue;
      }
      if (run === undefined) {
        run = { key: event.key, events: [], places: [] };
        byKey.set(event.key, run);
      }
      if (event.eventTimeMs > this.newestEventMs) this.newestEventMs = event.eventTimeMs;
      run.events.push(event);
      run.places.push(at);
    }
    return [...byKey.values()];
  }

  /** Why an event cannot be folded whatever the state is. @param isKnownKey another event of the key was taken from this slice */
  #refusal(
    topic: string,
    { key, eventTimeMs }: KeyedEvent,
    record: LogRecord,
    isKnownKey: boolean,
  ): Rejection | undefined {
    const { futureBoundMs, partitions, partition } = this.#options;
    if (eventTimeMs > this.clockMs + futureBoundMs) return futureTimestamp(eventTimeMs, this.clockMs, futureBoundMs);
    if (partitions === 1 || this.#processor.isKeyless === true) return undefined;
    if (record.key !== null && (isKnownKey || partitionFor(key, partitions) === partition)) return undefined;
    return wrongPartition(topic, key, record, this.#options);
  }

  /** Runs are folded key by key, and a kernel may fold a run column by column; what leaves is put back into input order. */
  #leave(context: RunContext, topic: string, records: readonly LogRecord[], sink: FoldSink): void {
    const { outputs, refusals } = context.inOrder();
    for (const { at, output } of outputs) {
      const tooLarge = oversizedOutput(output);
      if (tooLarge === undefined) sink.output(output);
      else {
        const record = records[at];
        if (record === undefined) throw new Error(tooLarge.message);
        sink.reject(topic, record, tooLarge);
      }
    }
    for (const { at, rejection } of refusals) sink.reject(topic, records[at] as LogRecord, rejection);
  }
}
