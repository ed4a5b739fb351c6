/**
 * Folds a recorded partition again along its journal and compares every output with what was committed, byte for byte.
 * Writes nothing: any number of replays may run over one log.
 */
import { LogError } from '@weir/event-log/errors';
import type { EventLog, LogRecord, PartitionStream, Reader } from '@weir/event-log/port';
import { journalTopic, topicName } from '@weir/events/topics';
import { Fold } from './fold.ts';
import { InputCursor } from './input-cursor.ts';
import { readJournalRecord } from './journal.ts';
import type { DecodedEvent, Output, Processor } from './processor.ts';
import { headerText, type RecordedConfig } from './recorded.ts';
import { Wake } from './wake.ts';

export interface ReplayOptions<State, Event extends DecodedEvent> {
  readonly log: EventLog;
  readonly topicPrefix: string;
  readonly partition: number;
  readonly service: string;
  /** The processor for a recorded configuration, or for a changed one to see what it would have done. */
  readonly processorFor: (config: unknown) => Processor<State, Event>;
  readonly onProgress?: (records: number) => void;
}

export interface Difference {
  readonly topic: string;
  /** Place among the outputs of this partition, from 0. */
  readonly index: number;
  /** Journal entry whose fold gave the output; undefined when an output is missing at the end. */
  readonly entry: number | undefined;
  readonly committed: { readonly offset: bigint; readonly id: string; readonly value: Uint8Array } | undefined;
  readonly replayed: Output | undefined;
}

export interface ReplayReport {
  readonly entries: number;
  readonly records: number;
  readonly outputs: number;
  readonly difference: Difference | undefined;
}

/** Stops at the first output that differs. @throws {LogError} when the journal is torn or inputs are gone. */
export async function replayPartition<State, Event extends DecodedEvent>(
  options: ReplayOptions<State, Event>,
): Promise<ReplayReport> {
  const reader = await options.log.reader();
  const committed = new Committed(reader, options);
  const cursors = new Map<string, InputCursor>();
  const wake = new Wake();
  const open = async (topic: string, from: bigint): Promise<void> => {
    const stream = await reader.open(
      { topic: topicName(options.topicPrefix, topic), partition: options.partition },
      from,
    );
    cursors.set(topic, new InputCursor(topic, stream, wake.signal));
  };
  let fold: Fold<State, Event> | undefined;
  let processor: Processor<State, Event> | undefined;
  let entries = 0;
  let records = 0;
  let outputs = 0;
  try {
    for await (const entry of journal(reader, options)) {
      if (entry.kind === 'takeover') {
        const { seed, futureBoundMs, processor: config } = JSON.parse(entry.config ?? '{}') as RecordedConfig;
        const next = options.processorFor(config);
        const state =
          fold === undefined || processor === undefined
            ? next.initialState(options.partition)
            : next.fromSnapshot(processor.toSnapshot(fold.state));
        fold = new Fold(next, { partition: options.partition, seed, futureBoundMs }, state, fold?.clockMs ?? 0);
        processor = next;
        continue;
      }
      if (fold === undefined)
        throw new LogError('FATAL', 'the journal begins without a take-over; its first records are gone');
      entries += 1;
      const found: Output[] = [];
      const sink = { output: (output: Output) => void found.push(output), reject: () => {} };
      for (const step of entry.steps) {
        if (step.topic === null) fold.tick(step.tickMs ?? 0, sink);
        else if (step.count === 0) await open(step.topic, BigInt(step.nextOffset));
        else {
          const cursor = cursors.get(step.topic);
          if (cursor === undefined)
            throw new LogError(
              'FATAL',
              `journal entry ${entry.seq} takes from ${step.topic}, whose start was never recorded; the journal is torn`,
            );
          for await (const slice of cursor.takeExactly(step.count)) {
            fold.records(step.topic, slice.records, sink);
            records += slice.records.length;
            options.onProgress?.(records);
          }
        }
      }
      for (const output of found) {
        const there = await committed.next(output.topic);
        if (there === undefined || !same(there, output)) {
          return {
            entries,
            records,
            outputs,
            difference: {
              topic: output.topic,
              index: outputs,
              entry: entry.seq,
              committed: there && shown(there),
              replayed: output,
            },
          };
        }
        outputs += 1;
      }
      if (found.length < entry.outputs)
        return { entries, records, outputs, difference: await committed.missing(outputs, entry.seq) };
    }
    return { entries, records, outputs, difference: await committed.missing(outputs, undefined) };
  } finally {
    await Promise.all([...cursors.values()].map((cursor) => cursor.close()));
    await reader.close();
  }
}

async function* journal<State, Event extends DecodedEvent>(reader: Reader, options: ReplayOptions<State, Event>) {
  const topic = topicName(options.topicPrefix, journalTopic(options.service).name);
  const stream = await reader.open({ topic, partition: options.partition }, 'earliest');
  try {
    while (stream.lag !== 0n) {
      const batch = await stream.next(1_000);
      for (const record of batch?.records ?? []) yield readJournalRecord(topic, options.partition, record);
    }
  } finally {
    stream.close();
  }
}

/** The outputs of one service in each output topic, in order. */
class Committed {
  readonly #reader: Reader;
  readonly #options: { readonly topicPrefix: string; readonly partition: number; readonly service: string };
  readonly #streams = new Map<string, { readonly stream: PartitionStream; ahead: LogRecord[] }>();

  constructor(
    reader: Reader,
    options: { readonly topicPrefix: string; readonly partition: number; readonly service: string },
  ) {
    this.#reader = reader;
    this.#options = options;
  }

  async next(topic: string): Promise<LogRecord | undefined> {
    let place = this.#streams.get(topic);
    if (place === undefined) {
      const tp = { topic: topicName(this.#options.topicPrefix, topic), partition: this.#options.partition };
      place = { stream: await this.#reader.open(tp, 'earliest'), ahead: [] };
      this.#streams.set(topic, place);
    }
    while (place.ahead.length === 0 && place.stream.lag !== 0n) {
      const batch = await place.stream.next(1_000);
      place.ahead = (batch?.records ?? []).filter(
        (record) => headerText(record, 'weir.service') === this.#options.service,
      );
    }
    return place.ahead.shift();
  }

  /** The next output that was committed and not folded again, if there is one. */
  async missing(index: number, entry: number | undefined): Promise<Difference | undefined> {
    // A service that writes no output at all in the replay has opened no topic: alerts is where detectors write.
    for (const topic of this.#streams.size === 0 ? ['alerts'] : this.#streams.keys()) {
      const record = await this.next(topic);
      if (record !== undefined) return { topic, index, entry, committed: shown(record), replayed: undefined };
    }
    return undefined;
  }
}

function same(record: LogRecord, output: Output): boolean {
  return (
    record.value !== null &&
    Buffer.from(output.value).equals(record.value) &&
    Buffer.from(record.key ?? []).toString() === output.key &&
    headerText(record, 'weir.id') === output.id
  );
}

function shown(record: LogRecord): NonNullable<Difference['committed']> {
  return { offset: record.offset, id: headerText(record, 'weir.id') ?? '', value: record.value ?? new Uint8Array() };
}
