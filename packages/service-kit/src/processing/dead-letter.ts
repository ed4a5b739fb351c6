/**
 * Dead letters: the original bytes and headers plus the reason, under the header names of Kafka Streams (KIP-1034), so that existing tools
 * can browse them. What would not fit is replaced by its length, digest and first bytes: a record that was accepted may not be what stops
 * a task.
 */
import { createHash } from 'node:crypto';
import type { Headers, LogRecord, NewRecord } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import type { Rejection } from '../processor.ts';

/** Kafka's default broker limit less room for headers and framing. */
export const MAX_DEAD_LETTER_BYTES = 900_000;
/** Of the original's headers; longer ones are left out and digested. */
const MAX_HEADER_BYTES = 32_768;
const MAX_KEY_BYTES = 8_192;
const MAX_MESSAGE_CHARACTERS = 4_096;
/** What is kept of a value that is too large. */
export const OVERSIZED_HEAD_BYTES = 1_024;

export interface Source {
  readonly topic: string;
  readonly partition: number;
}

/** The record for `<service>.dlq`. */
export function deadLetter(dlqTopic: string, source: Source, record: LogRecord, rejection: Rejection): NewRecord {
  const { key, value, offset } = record;
  const headers = keptHeaders(record.headers);
  const isOversized = value !== null && value.length > MAX_DEAD_LETTER_BYTES;
  return {
    topic: dlqTopic,
    partition: source.partition,
    key: key !== null && key.length > MAX_KEY_BYTES ? null : key,
    value: isOversized ? oversizedDigest(value) : value,
    // No timestamp: retention counts from when it was written, so that a person has time to look.
    headers: [
      ...headers.kept,
      header('__streams.errors.exception', rejection.code),
      header('__streams.errors.message', cut(rejection.message)),
      header('__streams.errors.topic', source.topic),
      header('__streams.errors.partition', String(source.partition)),
      header('__streams.errors.offset', String(offset)),
      ...(isOversized ? [header('weir.oversized', String(value.length))] : []),
      ...(key !== null && key.length > MAX_KEY_BYTES ? [header('weir.oversized-key', described(key))] : []),
      ...(headers.dropped === undefined ? [] : [header('weir.oversized-headers', headers.dropped)]),
    ],
  };
}

function header(name: string, value: string): readonly [string, Uint8Array] {
  return [name, Buffer.from(value)];
}

function cut(text: string): string {
  if (text.length <= MAX_MESSAGE_CHARACTERS) return text;
  return `${text.slice(0, MAX_MESSAGE_CHARACTERS)}… (${text.length} characters in all)`;
}

function described(bytes: Uint8Array): string {
  return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** All of them, or none and what they were. */
function keptHeaders(headers: Headers): { readonly kept: Headers; readonly dropped: string | undefined } {
  const size = headers.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + value.length, 0);
  if (size <= MAX_HEADER_BYTES) return { kept: headers, dropped: undefined };
  const all = Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
  return { kept: [], dropped: `${headers.length} headers, ${described(all)}` };
}

function oversizedDigest(value: Uint8Array): Uint8Array {
  return encode('OversizedDeadLetter', {
    length: value.length,
    sha256: createHash('sha256').update(value).digest(),
    head: Buffer.from(value.subarray(0, OVERSIZED_HEAD_BYTES)),
  });
}
