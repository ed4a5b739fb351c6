/**
 * Folds a recorded partition again along its journal and compares every output with what was committed, byte for byte.
 * Writes nothing: any number of replays may run over one log.
 */
import type { EventLog, LogRecord, PartitionStream, Reader } from '@weir/event-log/port';
import { journalTopic, TOPICS, topicName } from '@weir/events/topics';
import { readJournalRecord } from './journal.ts';
import type { DecodedEvent, Output, Processor } from './processor.ts';
import { headerText } from './recorded.ts';
import { Refold } from './refold.ts';

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
  /** Build that had committed the entry. */
  readonly build: string;
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
  const { topicPrefix, partition, processorFor } = options;
  const reader = await options.log.reader();
  // Taken before the journal is read: what a running service writes meanwhile may be ahead of the entries that are seen here.
  const ends = await outputEnds(options);
  const committed = new Committed(reader, options, ends);
  const refold = new Refold({ reader, topicPrefix, partition, processorFor, notify: () => {} });
  const report = { entries: 0, records: 0, outputs: 0 };
  try {
    for await (const entry of journal(reader, options)) {
      if (entry.kind === 'takeover') {
        refold.takeOver({ build: entry.build ?? '', config: entry.config ?? '{}' });
        continue;
      }
      report.entries += 1;
      const found: Output[] = [];
      const sink = { output: (output: Output) => void found.push(output), reject: () => {} };
      await refold.apply(entry, sink, (records) => {
        report.records += records;
        options.onProgress?.(report.records);
      });
      for (const output of found) {
        const there = await committed.next(output.topic);
        if (there === undefined || !same(there, output)) {
          const difference: Difference = {
            topic: output.topic,
            index: report.outputs,
            entry: entry.seq,
            build: refold.build,
            committed: there && shown(there),
            replayed: output,
          };
          return { ...report, difference };
        }
        report.outputs += 1;
      }
      if (found.length < entry.outputs)
        return { ...report, difference: await committed.missing(report.outputs, entry.seq, refold.build) };
    }
    return { ...report, difference: await committed.missing(report.outputs, undefined, refold.build) };
  } finally {
    await refold.close();
    await reader.close();
  }
}

/** Where each topic of the contract ends now. */
async function outputEnds({
  log,
  topicPrefix,
  partition,
}: {
  readonly log: EventLog;
  readonly topicPrefix: string;
  readonly partition: number;
}): Promise<ReadonlyMap<string, bigint>> {
  const admin = await log.admin();
  const counts = await admin.partitionCounts(TOPICS.map(({ name }) => topicName(topicPrefix, name)));
  const ends = new Map<string, bigint>();
  for (const { name } of TOPICS) {
    const topic = topicName(topicPrefix, name);
    if ((counts.get(topic) ?? 0) > partition) ends.set(name, (await admin.offsets({ topic, partition })).end);
  }
  await admin.close();
  return ends;
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
  readonly #ends: ReadonlyMap<string, bigint>;
  readonly #streams = new Map<string, { readonly stream: PartitionStream; ahead: LogRecord[] }>();

  constructor(
    reader: Reader,
    options: { readonly topicPrefix: string; readonly partition: number; readonly service: string },
    ends: ReadonlyMap<string, bigint>,
  ) {
    this.#reader = reader;
    this.#options = options;
    this.#ends = ends;
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
  async missing(index: number, entry: number | undefined, build: string): Promise<Difference | undefined> {
    // A service that writes no output at all in the replay has opened no topic: alerts is where detectors write.
    for (const topic of this.#streams.size === 0 ? ['alerts'] : this.#streams.keys()) {
      const record = await this.next(topic);
      if (record !== undefined && record.offset < (this.#ends.get(topic) ?? 0n))
        return { topic, index, entry, build, committed: shown(record), replayed: undefined };
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
