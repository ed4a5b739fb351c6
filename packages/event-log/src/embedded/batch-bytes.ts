/**
 * Bytes of one stored batch: records one after another, lengths in front, then nothing; the checksum lies in the row.
 *
 *   record = timestamp f64 · keyLength i32 (-1 null) · valueLength i32 (-1 null) · headerBytes u32 · key · value · headers
 *   header = nameLength u32 · name · valueLength u32 · value
 *
 * A record's offset is the batch's base plus its index.
 */
import type { Headers, LogRecord, NewRecord } from '../port.ts';

const FIXED = 20;

function headerSize(headers: Headers | undefined): number {
  let size = 0;
  for (const [name, value] of headers ?? []) size += 8 + Buffer.byteLength(name) + value.length;
  return size;
}

/** Bytes that `record` takes in a batch. */
export function storedSize(record: NewRecord): number {
  return FIXED + (record.key?.length ?? 0) + (record.value?.length ?? 0) + headerSize(record.headers);
}

export function encodeBatch(records: readonly NewRecord[], nowMs: number): Buffer {
  let size = 0;
  for (const record of records) size += storedSize(record);
  const bytes = Buffer.allocUnsafe(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  let at = 0;
  for (const record of records) {
    const { key, value, headers } = record;
    view.setFloat64(at, record.timestampMs ?? nowMs);
    view.setInt32(at + 8, key?.length ?? -1);
    view.setInt32(at + 12, value?.length ?? -1);
    view.setUint32(at + 16, headerSize(headers));
    at += FIXED;
    if (key !== null) {
      bytes.set(key, at);
      at += key.length;
    }
    if (value !== null) {
      bytes.set(value, at);
      at += value.length;
    }
    for (const [name, content] of headers ?? []) {
      const named = Buffer.byteLength(name);
      view.setUint32(at, named);
      bytes.write(name, at + 4);
      view.setUint32(at + 4 + named, content.length);
      bytes.set(content, at + 8 + named);
      at += 8 + named + content.length;
    }
  }
  return bytes;
}

/** A record whose offset and headers are made on demand: most readers need neither. */
class StoredRecord implements LogRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestampMs: number;
  readonly #base: bigint;
  readonly #index: number;
  readonly #headers: Uint8Array | null;

  constructor(
    base: bigint,
    index: number,
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Uint8Array | null,
  ) {
    this.#base = base;
    this.#index = index;
    this.timestampMs = timestampMs;
    this.key = key;
    this.value = value;
    this.#headers = headers;
  }

  get offset(): bigint {
    return this.#base + BigInt(this.#index);
  }

  get headers(): Headers {
    return this.#headers === null ? [] : decodeHeaders(this.#headers);
  }
}

function decodeHeaders(bytes: Uint8Array): Headers {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headers: [string, Uint8Array][] = [];
  for (let at = 0; at < buffer.length; ) {
    const named = buffer.readUInt32BE(at);
    const size = buffer.readUInt32BE(at + 4 + named);
    headers.push([
      buffer.toString('utf8', at + 4, at + 4 + named),
      buffer.subarray(at + 8 + named, at + 8 + named + size),
    ]);
    at += 8 + named + size;
  }
  return headers;
}

/** Records from index `from` on; views into `bytes`. */
export function decodeBatch(bytes: Uint8Array, base: bigint, count: number, from: number): LogRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: LogRecord[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const timestampMs = view.getFloat64(at);
    const keyLength = view.getInt32(at + 8);
    const valueLength = view.getInt32(at + 12);
    const headerBytes = view.getUint32(at + 16);
    const keyAt = at + FIXED;
    const valueAt = keyAt + Math.max(0, keyLength);
    const headersAt = valueAt + Math.max(0, valueLength);
    at = headersAt + headerBytes;
    if (index < from) continue;
    records.push(
      new StoredRecord(
        base,
        index,
        timestampMs,
        keyLength < 0 ? null : bytes.subarray(keyAt, valueAt),
        valueLength < 0 ? null : bytes.subarray(valueAt, headersAt),
        headerBytes === 0 ? null : bytes.subarray(headersAt, at),
      ),
    );
  }
  return records;
}
