/**
 * Dead letters: the original bytes and headers, untouched, plus the reason under the header names of Kafka Streams (KIP-1034),
 * so that existing tools can browse them.
 */
import { createHash } from 'node:crypto';
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import type { Rejection } from './processor.ts';

/** Kafka's default broker limit less room for headers and framing. */
export const MAX_DEAD_LETTER_BYTES = 1_000_000;
const OVERSIZED_HEAD_BYTES = 1024;

export interface Source {
  readonly topic: string;
  readonly partition: number;
}

/** The record for `<service>.dlq`. Originals above the limit are replaced by their length, SHA-256 and first bytes. */
export function deadLetter(dlqTopic: string, source: Source, record: LogRecord, rejection: Rejection): NewRecord {
  const size = (record.value?.length ?? 0) + (record.key?.length ?? 0);
  const oversized = size > MAX_DEAD_LETTER_BYTES;
  const text = (name: string, value: string): readonly [string, Uint8Array] => [name, Buffer.from(value)];
  return {
    topic: dlqTopic,
    partition: source.partition,
    key: record.key !== null && record.key.length > MAX_DEAD_LETTER_BYTES ? null : record.key,
    value: oversized && record.value !== null ? oversizedDigest(record.value) : record.value,
    // No timestamp: retention counts from when it was set aside, so that a person has time to look.
    headers: [
      ...record.headers,
      text('__streams.errors.exception', rejection.code),
      text('__streams.errors.message', rejection.message),
      text('__streams.errors.topic', source.topic),
      text('__streams.errors.partition', String(source.partition)),
      text('__streams.errors.offset', String(record.offset)),
      ...(oversized ? [text('weir.oversized', String(size))] : []),
    ],
  };
}

function oversizedDigest(value: Uint8Array): Uint8Array {
  return encode('OversizedDeadLetter', {
    length: value.length,
    sha256: createHash('sha256').update(value).digest(),
    head: Buffer.from(value.subarray(0, OVERSIZED_HEAD_BYTES)),
  });
}
