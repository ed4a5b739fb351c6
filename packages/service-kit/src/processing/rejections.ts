/** What the kit refuses by itself, whatever the kernel. */
import { createHash } from 'node:crypto';
import { partitionFor } from '@weir/event-log/partition';
import type { LogRecord } from '@weir/event-log/port';
import { maxRecordBytesOf } from '@weir/events/topics';
import type { Output, Rejection } from '../processor.ts';

/** Key, headers and framing of a record beside its value. */
const RECORD_ROOM_BYTES = 16_384;
const SHOWN_CHARACTERS = 200;

export function futureTimestamp(eventTimeMs: number, clockMs: number, boundMs: number): Rejection {
  const shown = Math.abs(eventTimeMs) <= 8.64e15 ? new Date(eventTimeMs).toISOString() : String(eventTimeMs);
  return {
    code: 'FUTURE_TIMESTAMP',
    message:
      `eventTimeMs ${shown} is more than ${boundMs} ms ahead of the clock (${new Date(clockMs).toISOString()}); ` +
      'it would freeze the watermark of its model. Correct the producer’s clock or unit (milliseconds since 1970, UTC)',
  };
}

export function wrongPartition(
  topic: string,
  key: string,
  record: LogRecord,
  { partition, partitions }: { readonly partition: number; readonly partitions: number },
): Rejection {
  const belongs = partitionFor(key, partitions);
  const found = record.key === null ? 'the record has no key' : `it lies in partition ${partition}`;
  return {
    code: 'WRONG_PARTITION',
    message:
      `${topic}: events of ${JSON.stringify(key.slice(0, SHOWN_CHARACTERS))} belong in partition ${belongs} of ${partitions}, ` +
      `by murmur2 of the key, and ${found}. Set the record key to the model id and the producer's partitioner to murmur2: ` +
      'partitioner=murmur2_random in librdkafka (Python, Go, .NET), the default in Java and kafkajs',
  };
}

/** The log would refuse the record, and a task that writes it would never get on. */
export function oversizedOutput({ topic, id, value }: Output): Rejection | undefined {
  const bound = maxRecordBytesOf(topic) - RECORD_ROOM_BYTES;
  if (value === null || value.length <= bound) return undefined;
  const digest = createHash('sha256').update(value).digest('hex');
  return {
    code: 'OUTPUT_TOO_LARGE',
    message: `output ${id} for ${topic} has ${value.length} bytes (SHA-256 ${digest}), more than ${bound}; it was not written. Shorten the names in the event that caused it`,
  };
}
