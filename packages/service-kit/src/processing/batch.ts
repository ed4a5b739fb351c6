/** What one transaction will hold. */
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import type { JournalStep } from '@weir/events/generated/events';
import { OutputsDigest, segment, tick } from '../journal/entries.ts';
import type { Output, Rejection } from '../processor.ts';
import { deadLetter } from './dead-letter.ts';
import type { FoldSink } from './fold.ts';

/** A rejection with where it came from, for metrics and logs. */
export interface DeadLettered extends Rejection {
  readonly topic: string;
  /** Key of the record as text, cut. */
  readonly key: string;
}

export interface BatchNames {
  readonly topicPrefix: string;
  readonly dlq: string;
  readonly partition: number;
}

const SHOWN_KEY_BYTES = 200;

export class Batch implements FoldSink {
  readonly steps: JournalStep[];
  readonly outputs: Output[] = [];
  readonly deadLetters: NewRecord[] = [];
  readonly rejections: DeadLettered[] = [];
  readonly digest: OutputsDigest = new OutputsDigest();
  readonly #names: BatchNames;
  records = 0;

  constructor(names: BatchNames, steps: readonly JournalStep[]) {
    this.#names = names;
    this.steps = [...steps];
  }

  output(output: Output): void {
    this.digest.add(output);
    this.outputs.push(output);
  }

  reject(topic: string, record: LogRecord, rejection: Rejection): void {
    const { topicPrefix, dlq, partition } = this.#names;
    this.deadLetters.push(deadLetter(dlq, { topic: `${topicPrefix}${topic}`, partition }, record, rejection));
    const key = Buffer.from(record.key ?? []).toString('utf8', 0, SHOWN_KEY_BYTES);
    this.rejections.push({ ...rejection, topic, key });
  }

  ticked(timeMs: number): void {
    this.steps.push(tick(timeMs));
  }

  /** Slices of one topic that follow each other are one segment: a run may be cut anywhere. */
  took(topic: string, count: number, nextOffset: bigint): void {
    const last = this.steps.at(-1);
    if (last?.topic === topic && last.count > 0)
      this.steps[this.steps.length - 1] = segment(topic, last.count + count, nextOffset);
    else this.steps.push(segment(topic, count, nextOffset));
    this.records += count;
  }
}
