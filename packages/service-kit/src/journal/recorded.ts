/** What a task writes about itself so that a replay needs nothing but the log. */
import type { Headers, LogRecord } from '@weir/event-log/port';
import type { Output } from '../processor.ts';

/** All configuration that can change an output, as a take-over records it. */
export interface RecordedConfig {
  /** How state digests are made; absent: over the whole state at once, as versions before keyed state did. */
  readonly digest?: 'keyed';
  readonly futureBoundMs: number;
  /** Of every topic; absent: 1. */
  readonly partitions?: number;
  /** The processor's own configuration. */
  readonly processor: unknown;
}

/** Who made the entries that follow. */
export interface Owner {
  readonly build: string;
  /** JSON of a `RecordedConfig`. */
  readonly config: string;
  /** Journal offset of its take-over, plus 1: grows with each owner. Absent in checkpoints of versions that did not record it. */
  readonly number?: number;
}

export function recordedConfig(
  processor: unknown,
  { futureBoundMs, partitions }: { readonly futureBoundMs: number; readonly partitions: number },
): string {
  return JSON.stringify({ digest: 'keyed', futureBoundMs, partitions, processor } satisfies RecordedConfig);
}

/** Topics are shared by services: the headers say whose output a record is, and its id for effects outside the log. */
export function outputHeaders(service: string, output: Output): Headers {
  return [
    ['weir.id', Buffer.from(output.id)],
    ['weir.service', Buffer.from(service)],
  ];
}

export function headerText(record: LogRecord, name: string): string | undefined {
  const value = record.headers.find(([each]) => each === name)?.[1];
  return value === undefined ? undefined : Buffer.from(value).toString();
}
