/**
 * The deterministic middle of a task: records in, outputs and rejections out. The live task, a restore and `weir replay` all run
 * exactly this, so that they cannot disagree.
 */
import { createHash } from 'node:crypto';
import type { LogRecord } from '@weir/event-log/port';
import { fateOf } from './fates.ts';
import type { DecodedEvent, Output, Processor, Rejection, StepContext } from './processor.ts';
import { generatorFor } from './seed.ts';

export interface FoldOptions {
  readonly partition: number;
  /** Keys every random draw. */
  readonly seed: string;
  /** An event time further ahead of the clock than this is quarantined: it would freeze every watermark it touched. */
  readonly futureBoundMs: number;
}

/** Where results of a fold go. A restore passes a sink that only counts. */
export interface FoldSink {
  output(output: Output): void;
  reject(topic: string, record: LogRecord, rejection: Rejection): void;
}

interface Emitted {
  readonly at: number;
  readonly output: Output;
}

interface Refused {
  readonly at: number;
  readonly rejection: Rejection;
}

export class Fold<State, Event extends DecodedEvent> {
  readonly #processor: Processor<State, Event>;
  readonly #options: FoldOptions;
  readonly state: State;
  /** Last recorded tick, ms. */
  clockMs: number;
  /** Newest event time folded since it was last set to -Infinity, ms: for the meters, no part of the state. */
  newestEventMs: number = Number.NEGATIVE_INFINITY;

  constructor(processor: Processor<State, Event>, options: FoldOptions, state: State, clockMs: number) {
    this.#processor = processor;
    this.#options = options;
    this.state = state;
    this.clockMs = clockMs;
  }

  tick(timeMs: number, sink: FoldSink): void {
    this.clockMs = timeMs;
    const emitted: Emitted[] = [];
    this.#processor.tick(this.state, this.#context('', [], emitted, []));
    for (const { output } of emitted) sink.output(output);
  }

  /**
   * Fold a slice of one input topic. Either all of it is folded or, when decoding must be retried (a schema registry is down),
   * none of it: the error is thrown before the state is touched.
   * @param isAwaited told what the events need and nobody has announced. True: nothing is folded and `records` returns false.
   */
  records(
    topic: string,
    records: readonly LogRecord[],
    sink: FoldSink,
    isAwaited?: (unannounced: readonly string[]) => boolean,
  ): boolean {
    const refused: Refused[] = [];
    const runs = this.#decode(topic, records, refused);
    if (isAwaited !== undefined) {
      const unannounced = runs.flatMap(({ events }) => this.#processor.unannounced(this.state, events));
      if (unannounced.length > 0 && isAwaited(unannounced)) return false;
    }
    const emitted: Emitted[] = [];
    for (const run of runs) {
      this.#processor.stepRun(this.state, run.events, this.#context(topic, run.places, emitted, refused));
    }
    // Runs are folded key by key, and a kernel may fold a run column by column; what leaves is put back into input order.
    // Both sorts are stable: outputs of one event keep the order in which it gave them.
    emitted.sort((a, b) => a.at - b.at);
    refused.sort((a, b) => a.at - b.at);
    for (const { output } of emitted) sink.output(output);
    for (const { at, rejection } of refused) sink.reject(topic, records[at] as LogRecord, rejection);
    return true;
  }

  /** SHA-256 over the whole state and clock. Costs a serialisation: taken every few seconds, not per batch. */
  stateDigest(): Buffer {
    return createHash('sha256').update(String(this.clockMs)).update(this.#processor.toSnapshot(this.state)).digest();
  }

  #decode(topic: string, records: readonly LogRecord[], refused: Refused[]): readonly Run<Event>[] {
    this.#processor.beginBatch();
    const latestMs = this.clockMs + this.#options.futureBoundMs;
    const byKey = new Map<string, Run<Event>>();
    let run: Run<Event> | undefined;
    for (let at = 0; at < records.length; at += 1) {
      let event: Event;
      try {
        event = this.#processor.decode(topic, records[at] as LogRecord);
      } catch (error) {
        const fate = fateOf(error);
        if (fate.fate !== 'dead-letter') throw error;
        refused.push({ at, rejection: fate.rejection });
        continue;
      }
      if (event.eventTimeMs > latestMs) {
        refused.push({ at, rejection: future(event.eventTimeMs, this.clockMs, this.#options.futureBoundMs) });
        continue;
      }
      if (event.eventTimeMs > this.newestEventMs) this.newestEventMs = event.eventTimeMs;
      if (run?.key !== event.key) {
        run = byKey.get(event.key);
        if (run === undefined) {
          run = { key: event.key, events: [], places: [] };
          byKey.set(event.key, run);
        }
      }
      run.events.push(event);
      run.places.push(at);
    }
    return [...byKey.values()];
  }

  #context(topic: string, places: readonly number[], emitted: Emitted[], refused: Refused[]): StepContext {
    const { partition, seed } = this.#options;
    return {
      topic,
      partition,
      clockMs: this.clockMs,
      emit: (index, output) => emitted.push({ at: places[index] ?? index, output }),
      reject: (index, rejection) => refused.push({ at: places[index] ?? index, rejection }),
      random: (eventId) => generatorFor(seed, eventId),
    };
  }
}

interface Run<Event> {
  readonly key: string;
  readonly events: Event[];
  /** Index of each event in the slice. */
  readonly places: number[];
}

function future(eventTimeMs: number, clockMs: number, boundMs: number): Rejection {
  const shown = Math.abs(eventTimeMs) <= 8.64e15 ? new Date(eventTimeMs).toISOString() : String(eventTimeMs);
  return {
    code: 'FUTURE_TIMESTAMP',
    message:
      `eventTimeMs ${shown} is more than ${boundMs} ms ahead of the clock (${new Date(clockMs).toISOString()}); ` +
      'it would freeze the watermark of its model. Correct the producer’s clock or unit (milliseconds since 1970, UTC)',
  };
}
