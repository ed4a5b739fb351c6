/** What a task writes about itself so that a replay needs nothing but the log. */
import type { Headers, LogRecord } from '@weir/event-log/port';
import type { Output } from './processor.ts';

/** All configuration that can change an output, as a take-over records it. */
export interface RecordedConfig {
  readonly seed: string;
  readonly futureBoundMs: number;
  /** The processor's own configuration. */
  readonly processor: unknown;
}

/** Who made the entries that follow. */
export interface Owner {
  readonly build: string;
  /** JSON of a `RecordedConfig`. */
  readonly config: string;
}

export function recordedConfig(
  processorConfig: string,
  options: { readonly seed: string; readonly futureBoundMs: number },
): string {
  const { seed, futureBoundMs } = options;
  return JSON.stringify({
    seed,
    futureBoundMs,
    processor: JSON.parse(processorConfig) as unknown,
  } satisfies RecordedConfig);
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
