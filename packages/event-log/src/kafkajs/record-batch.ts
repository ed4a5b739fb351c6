/**
 * Decodes what a Fetch returns: record batches of format 2, one after another, the last one possibly cut short.
 *
 *   baseOffset i64 · length i32 · leaderEpoch i32 · magic i8 · crc u32 · attributes i16 · lastOffsetDelta i32 · baseTimestamp i64 ·
 *   maxTimestamp i64 · producerId i64 · producerEpoch i16 · baseSequence i32 · count i32 · records
 *
 * Source: Kafka's protocol guide, "Record Batch"; aborted transactions as in the Java client's Fetcher.
 */
import { crc32c } from '@platformatic/wasm-utils';
import { LogError } from '../errors.ts';
import type { Headers, LogRecord, Outcome } from '../port.ts';
import { inflate } from './codecs.ts';

const BATCH_OVERHEAD = 61;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = 0;
/** Decoded at once: a fetch of compressed batches may hold a hundred times what it weighs. The rest is fetched again. */
const MAX_DECODED_BYTES = 8 * 1_048_576;

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface DecodedRecords {
  readonly records: LogRecord[];
  /** After the last whole batch, its markers included; `from` when there was none. */
  readonly nextOffset: bigint;
  /** What the records keep alive. */
  readonly bytes: number;
}

/** Committed records of `bytes` at or after `from`. @throws {LogError} FATAL on a batch that fails its checksum or cannot be read. */
export function decodeRecords(
  bytes: Buffer,
  from: bigint,
  aborted: readonly AbortedTransaction[],
  where: string,
): DecodedRecords {
  const ahead = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborting = new Set<bigint>();
  const records: LogRecord[] = [];
  let nextOffset = from;
  let decodedBytes = 0;
  for (let at = 0; at + BATCH_OVERHEAD <= bytes.length && decodedBytes < MAX_DECODED_BYTES; ) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    // A fetch may cut its last batch; it comes whole with the next.
    if (end > bytes.length) break;
    const base = bytes.readBigInt64BE(at);
    const place = `${where}@${base}`;
    const magic = bytes.readInt8(at + 16);
    if (magic !== 2)
      throw new LogError('FATAL', `${place}: record format ${magic}; Kafka 4 and Weir read format 2 only`);
    if (crc32c(bytes.subarray(at + 21, end)) !== bytes.readUInt32BE(at + 17))
      throw new LogError('FATAL', `${place}: the batch fails its checksum; it was damaged on the broker or on the way`);
    const attributes = bytes.readInt16BE(at + 21);
    const lastOffset = base + BigInt(bytes.readInt32BE(at + 23));
    const producerId = bytes.readBigInt64BE(at + 43);
    const isTransactional = (attributes & TRANSACTIONAL) !== 0;
    while (ahead[0] !== undefined && ahead[0].firstOffset <= lastOffset)
      aborting.add((ahead.shift() as AbortedTransaction).producerId);
    if ((attributes & CONTROL) !== 0) {
      if (controlType(bytes, at + BATCH_OVERHEAD) === ABORT) aborting.delete(producerId);
    } else if (!(isTransactional && aborting.has(producerId))) {
      const body = inflate(attributes & CODEC_MASK, bytes.subarray(at + BATCH_OVERHEAD, end), place);
      decodedBytes += body.length;
      const fixedTimestamp = (attributes & LOG_APPEND_TIME) !== 0 ? bytes.readBigInt64BE(at + 35) : undefined;
      const head = {
        base,
        count: bytes.readInt32BE(at + 57),
        baseTimestamp: bytes.readBigInt64BE(at + 27),
        fixedTimestamp,
      };
      readRecords(body, head, from, records, place);
    }
    nextOffset = lastOffset + 1n;
    at = end;
  }
  return { records, nextOffset: nextOffset > from ? nextOffset : from, bytes: decodedBytes };
}

/** What the batch that `bytes` begin with ends, when it is the marker of a transaction. */
export function markerOf(
  bytes: Buffer,
): { readonly producerId: bigint; readonly outcome: Outcome; readonly timestampMs: number } | undefined {
  if (bytes.length < BATCH_OVERHEAD || bytes.length < 12 + bytes.readInt32BE(8)) return undefined;
  if ((bytes.readInt16BE(21) & CONTROL) === 0) return undefined;
  return {
    producerId: bytes.readBigInt64BE(43),
    outcome: controlType(bytes, BATCH_OVERHEAD) === ABORT ? 'abort' : 'commit',
    timestampMs: Number(bytes.readBigInt64BE(35)),
  };
}

/** The key of a control record is its version and type, two bytes each; in front of it lie length, attributes and two deltas. */
function controlType(bytes: Buffer, at: number): number {
  const cursor = new Cursor(bytes, at);
  cursor.varint();
  cursor.at += 1;
  cursor.varint();
  cursor.varint();
  cursor.varint();
  return bytes.readInt16BE(cursor.at + 2);
}

interface BatchHead {
  readonly base: bigint;
  readonly count: number;
  readonly baseTimestamp: bigint;
  readonly fixedTimestamp: bigint | undefined;
}

function readRecords(body: Buffer, head: BatchHead, from: bigint, records: LogRecord[], where: string): void {
  const skip = from > head.base ? Number(from - head.base) : 0;
  const baseTimestamp = Number(head.baseTimestamp);
  const fixed = head.fixedTimestamp === undefined ? undefined : Number(head.fixedTimestamp);
  const cursor = new Cursor(body, 0);
  for (let index = 0; index < head.count; index += 1) {
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.at += 1;
    const timestampMs = baseTimestamp + cursor.varint();
    const delta = cursor.varint();
    const keyLength = cursor.varint();
    const keyAt = cursor.at;
    if (keyLength > 0) cursor.at += keyLength;
    const valueLength = cursor.varint();
    const valueAt = cursor.at;
    if (valueLength > 0) cursor.at += valueLength;
    if (!(end <= body.length && cursor.at <= end))
      throw new LogError(
        'FATAL',
        `${where}: record ${index} of ${head.count} runs past its batch; the batch is damaged`,
      );
    if (delta >= skip) {
      records.push(
        new FetchedRecord(
          head.base,
          delta,
          fixed ?? timestampMs,
          body,
          keyAt,
          keyLength,
          valueLength < 0 ? null : body.subarray(valueAt, valueAt + valueLength),
          cursor.at,
        ),
      );
    }
    cursor.at = end;
  }
}

/** Offset, key and headers are made on demand: most readers want the value alone. */
class FetchedRecord implements LogRecord {
  readonly timestampMs: number;
  readonly value: Uint8Array | null;
  readonly #base: bigint;
  readonly #delta: number;
  readonly #body: Buffer;
  readonly #keyAt: number;
  readonly #keyLength: number;
  readonly #headersAt: number;

  constructor(
    base: bigint,
    delta: number,
    timestampMs: number,
    body: Buffer,
    keyAt: number,
    keyLength: number,
    value: Uint8Array | null,
    headersAt: number,
  ) {
    this.#base = base;
    this.#delta = delta;
    this.timestampMs = timestampMs;
    this.#body = body;
    this.#keyAt = keyAt;
    this.#keyLength = keyLength;
    this.value = value;
    this.#headersAt = headersAt;
  }

  get offset(): bigint {
    return this.#base + BigInt(this.#delta);
  }

  get key(): Uint8Array | null {
    return this.#keyLength < 0 ? null : this.#body.subarray(this.#keyAt, this.#keyAt + this.#keyLength);
  }

  get headers(): Headers {
    const cursor = new Cursor(this.#body, this.#headersAt);
    const headers: [string, Uint8Array][] = [];
    const count = cursor.varint();
    for (let index = 0; index < count; index += 1) {
      const nameLength = cursor.varint();
      const name = this.#body.toString('utf8', cursor.at, cursor.at + nameLength);
      cursor.at += nameLength;
      const length = cursor.varint();
      headers.push([name, this.#body.subarray(cursor.at, cursor.at + Math.max(0, length))]);
      cursor.at += Math.max(0, length);
    }
    return headers;
  }
}

class Cursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Zigzag varint or varlong; exact to 2⁵³. */
  varint(): number {
    let byte = this.#bytes[this.at] as number;
    this.at += 1;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let low = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.#bytes[this.at] as number;
      this.at += 1;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    let total = low;
    for (let scale = 2 ** 28; ; scale *= 128) {
      byte = this.#bytes[this.at] as number;
      this.at += 1;
      total += (byte & 0x7f) * scale;
      if (!(byte >= 0x80)) return total % 2 === 0 ? total / 2 : -(total - 1) / 2 - 1;
    }
  }
}
