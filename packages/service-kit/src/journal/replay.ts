/**
 * Processes a recorded partition again along its journal and compares every output with what was committed, byte for byte. Begins where the
 * journal does, or at an anchor: a checkpoint whose inputs are still kept. Writes nothing: any number of replays may run over one log.
 */
import { LogError } from '@weir/event-log/errors';
import type { EventLog, LogRecord, PartitionStream, Reader } from '@weir/event-log/port';
import type { JournalEntry } from '@weir/events/generated/events';
import { journalTopic, topicName } from '@weir/events/topics';
import type { CheckpointHead, CheckpointStore } from '../checkpoints/store.ts';
import type { AnyProcessor, Output } from '../processor.ts';
import { readJournalRecord, taskName } from './entries.ts';
import { headerText } from './recorded.ts';
import { JournalReplayer } from './replayer.ts';
import { ownerOf } from './restore.ts';

export interface ReplayOptions {
  readonly log: EventLog;
  readonly topicPrefix: string;
  readonly partition: number;
  readonly processor: AnyProcessor;
  /** Where anchors are; absent: begin where the journal does. */
  readonly checkpoints?: CheckpointStore;
  /** Begin at the newest anchor written by then, ms since 1970; absent: as early as the inputs that are kept allow. */
  readonly fromMs?: number;
  /** Replaces what owners recorded of the processor's configuration. */
  readonly override?: (recorded: unknown) => unknown;
  readonly onProgress?: (records: number) => void;
}

export interface Difference {
  readonly topic: string;
  /** Place among the outputs that were compared, from 0. */
  readonly index: number;
  /** Journal entry that gave the output; undefined when an output is missing at the end. */
  readonly entry: number | undefined;
  /** Build that had committed the entry. */
  readonly build: string;
  readonly committed: { readonly offset: bigint; readonly id: string; readonly value: Uint8Array } | undefined;
  readonly replayed: Output | undefined;
}

export interface ReplayReport {
  /** Wall clock of the anchor that the replay began at, ms; undefined: at the journal's beginning. */
  readonly anchorMs: number | undefined;
  readonly entries: number;
  readonly records: number;
  readonly outputs: number;
  /** First entry whose state digest came out other than recorded, under the build that had recorded it. */
  readonly otherState: { readonly entry: number; readonly build: string } | undefined;
  readonly difference: Difference | undefined;
}

/** Stops at the first output that differs. @throws {LogError} when the journal is torn or inputs are gone. */
export async function replayPartition(options: ReplayOptions): Promise<ReplayReport> {
  const anchors = await anchorsOf(options);
  if (options.fromMs !== undefined) {
    const anchor = anchors.findLast(({ writtenMs }) => writtenMs <= (options.fromMs as number));
    return await new Replay(options).run(anchor);
  }
  try {
    return await new Replay(options).run(undefined);
  } catch (error) {
    if (!isGone(error)) throw error;
    // Oldest first: as much as can be shown.
    for (const anchor of anchors) {
      try {
        return await new Replay(options).run(anchor);
      } catch (again) {
        if (!isGone(again)) throw again;
      }
    }
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof LogError && error.code === 'GONE';
}

async function anchorsOf({
  checkpoints,
  topicPrefix,
  processor,
  partition,
}: ReplayOptions): Promise<readonly CheckpointHead[]> {
  return (await checkpoints?.generations(taskName(topicPrefix, processor.service, partition))) ?? [];
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #report = { entries: 0, records: 0, outputs: 0 };
  #otherState: ReplayReport['otherState'];

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  async run(anchor: CheckpointHead | undefined): Promise<ReplayReport> {
    const { log, topicPrefix, partition, processor, override, checkpoints } = this.#options;
    const reader = await log.reader();
    const replayer = new JournalReplayer({
      reader,
      topicPrefix,
      partition,
      processor,
      notify: () => {},
      ...(override === undefined ? {} : { override }),
    });
    try {
      // Taken before the journal is read: what a running service writes meanwhile may be ahead of the entries that are seen here.
      const committed = await Committed.open(reader, this.#options, anchor?.outputs);
      if (anchor !== undefined) {
        const task = taskName(topicPrefix, processor.service, partition);
        await replayer.resume(anchor, checkpoints?.keys(task, anchor.generation) ?? []);
      }
      const difference = await this.#compare(reader, replayer, committed, anchor?.generation ?? 0n);
      return { anchorMs: anchor?.writtenMs, ...this.#report, otherState: this.#otherState, difference };
    } finally {
      await replayer.close();
      await reader.close();
    }
  }

  async #compare(
    reader: Reader,
    replayer: JournalReplayer,
    committed: Committed,
    from: bigint,
  ): Promise<Difference | undefined> {
    for await (const [offset, entry] of this.#journal(reader, from)) {
      if (entry.kind === 'takeover') {
        replayer.takeOver(ownerOf(entry, offset));
        continue;
      }
      const difference = await this.#compareEntry(entry, replayer, committed);
      if (difference !== undefined) return difference;
    }
    return await committed.missing(this.#report.outputs, undefined, replayer.build);
  }

  async #compareEntry(
    entry: JournalEntry,
    replayer: JournalReplayer,
    committed: Committed,
  ): Promise<Difference | undefined> {
    const report = this.#report;
    report.entries += 1;
    const found: Output[] = [];
    const sink = { output: (output: Output) => void found.push(output), reject: () => {} };
    await replayer.apply(entry, sink, (records) => {
      report.records += records;
      this.#options.onProgress?.(report.records);
    });
    for (const output of found) {
      const there = await committed.next(output.topic);
      if (there === undefined || !same(there, output)) {
        const { build } = replayer;
        const shownCommitted = there && shown(there);
        return {
          topic: output.topic,
          index: report.outputs,
          entry: entry.seq,
          build,
          committed: shownCommitted,
          replayed: output,
        };
      }
      report.outputs += 1;
    }
    if (found.length < entry.outputs) return await committed.missing(report.outputs, entry.seq, replayer.build);
    const { fold, build, hasComparableDigests } = replayer;
    if (entry.stateDigest !== null && hasComparableDigests && this.#options.override === undefined) {
      if (!fold.keys.digest(fold.clockMs).equals(entry.stateDigest)) this.#otherState ??= { entry: entry.seq, build };
    }
    return undefined;
  }

  async *#journal(reader: Reader, from: bigint): AsyncGenerator<readonly [offset: bigint, entry: JournalEntry]> {
    const { topicPrefix, processor, partition } = this.#options;
    const topic = topicName(topicPrefix, journalTopic(processor.service).name);
    const stream = await reader.open({ topic, partition }, from === 0n ? 'earliest' : from);
    try {
      while (stream.lag !== 0n) {
        const batch = await stream.next(1_000);
        for (const record of batch?.records ?? []) yield [record.offset, readJournalRecord(topic, partition, record)];
      }
    } finally {
      stream.close();
    }
  }
}

interface OutputStream {
  readonly stream: PartitionStream;
  readonly end: bigint;
  ahead: LogRecord[];
}

/** What one service committed to each of its output topics, in order. */
class Committed {
  readonly #service: string;
  readonly #streams: ReadonlyMap<string, OutputStream>;

  private constructor(service: string, streams: ReadonlyMap<string, OutputStream>) {
    this.#service = service;
    this.#streams = streams;
  }

  /** @param from offsets by logical topic; absent: from the first record that is kept */
  static async open(
    reader: Reader,
    { log, topicPrefix, partition, processor }: ReplayOptions,
    from: CheckpointHead['outputs'] = {},
  ): Promise<Committed> {
    const admin = await log.admin();
    const streams = new Map<string, OutputStream>();
    const counts = await admin.partitionCounts(processor.outputs.map((name) => topicName(topicPrefix, name)));
    for (const name of processor.outputs) {
      const place = { topic: topicName(topicPrefix, name), partition };
      if ((counts.get(place.topic) ?? 0) <= partition) continue;
      const { end } = await admin.offsets(place);
      const start = from[name] === undefined ? 'earliest' : BigInt(from[name]);
      streams.set(name, { stream: await reader.open(place, start), end, ahead: [] });
    }
    await admin.close();
    return new Committed(processor.service, streams);
  }

  async next(topic: string): Promise<LogRecord | undefined> {
    const place = this.#streams.get(topic);
    if (place === undefined) return undefined;
    while (place.ahead.length === 0 && place.stream.lag !== 0n) {
      const batch = await place.stream.next(1_000);
      place.ahead = (batch?.records ?? []).filter((record) => headerText(record, 'weir.service') === this.#service);
    }
    return place.ahead.shift();
  }

  /** The next output that was committed and does not come out again, if there is one. */
  async missing(index: number, entry: number | undefined, build: string): Promise<Difference | undefined> {
    for (const [topic, { end }] of this.#streams) {
      const record = await this.next(topic);
      if (record !== undefined && record.offset < end)
        return { topic, index, entry, build, committed: shown(record), replayed: undefined };
    }
    return undefined;
  }
}

function same(record: LogRecord, { value, key, id }: Output): boolean {
  const isSameValue =
    value === null ? record.value === null : record.value !== null && Buffer.from(value).equals(record.value);
  return isSameValue && Buffer.from(record.key ?? []).toString() === key && headerText(record, 'weir.id') === id;
}

function shown(record: LogRecord): NonNullable<Difference['committed']> {
  return { offset: record.offset, id: headerText(record, 'weir.id') ?? '', value: record.value ?? new Uint8Array() };
}
