/**
 * Predictions and feature events read for what a detector folds: their numbers go into one reused buffer, strings are shared, and what
 * is not needed is stepped over. A record off the straight path (another schema, a broken length, a bound passed) is given to `decode`,
 * so the reader accepts and refuses exactly what `decode` does.
 */
import { decode, HEADER_BYTES, schemaId } from './codec.ts';
import { ID_BYTES, MAX_EVENT_TIME_MS, NAME_BYTES, TEXT_BYTES } from './limits.ts';

/** What every event of one model version shares; the same object while it stays in the reader's cache. */
export interface RowHead {
  readonly model: string;
  /** Empty for feature events. */
  readonly version: string;
  readonly featureSet: string;
}

/** One event. Valid until the next `reset` of its reader, whose `values` it points into. */
export interface Row {
  readonly name: 'PredictionLogged' | 'FeaturesLogged';
  /** The model. */
  readonly key: string;
  readonly head: RowHead;
  readonly eventTimeMs: number;
  /** Index of the first numeric feature in `values`; outputs follow the numeric features. */
  readonly at: number;
  readonly numeric: number;
  readonly categorical: number;
  readonly outputs: number;
  /** Index of the first categorical feature in `texts`; 0 when the reader does not keep them. */
  readonly textAt: number;
  readonly id: EventId;
}

/** An event id that becomes a string when somebody asks: few do. */
export interface EventId {
  toString(): string;
}

/** A power of two: heads lie in a direct-mapped table, and two that collide only cost their decoding. */
const CACHED_HEADS = 1_024;
/** Categories come again and again: short ones lie in a direct-mapped table, too. A power of two. */
const CACHED_TEXTS = 4_096;
const CACHED_TEXT_BYTES = 32;
/** As avsc: malformed bytes become U+FFFD, a byte-order mark stays. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

interface CachedHead {
  readonly schema: number;
  readonly bytes: Uint8Array;
  readonly head: RowHead;
}

interface CachedText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

export class PredictionReader {
  /** Numbers of all rows since `reset`: per row its numeric features, then its outputs. Grows; NaN = missing. */
  values: Float64Array = new Float64Array(1 << 16);
  /** Categorical features of all rows since `reset`, null = missing; empty unless they are asked for. */
  readonly texts: (string | null)[] = [];
  /** Ids as they stand when the reader is made. */
  readonly #prediction = schemaId('PredictionLogged');
  readonly #features = schemaId('FeaturesLogged');
  #used = 0;
  readonly #keepsTexts: boolean;
  readonly #cachedTexts: (CachedText | undefined)[] = [];
  readonly #heads: (CachedHead | undefined)[] = Array.from({ length: CACHED_HEADS });
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));
  #viewStart = 0;
  #at = 0;
  #end = 0;

  /** @param options `texts`: categorical features are kept; without it they are stepped over, which is faster */
  constructor({ texts = false }: { readonly texts?: boolean } = {}) {
    this.#keepsTexts = texts;
    if (texts) this.#cachedTexts = Array.from({ length: CACHED_TEXTS });
  }

  /** Forget all rows: their places in `values` and `texts` are used again. */
  reset(): void {
    this.#used = 0;
    this.texts.length = 0;
  }

  /** Undefined when the value holds another event than these two. @throws {EventError} as `decode`. */
  read(value: Uint8Array): Row | undefined {
    return this.#fast(value) ?? this.#slow(value);
  }

  /** Undefined when the record leaves the straight path. */
  #fast(value: Uint8Array): Row | undefined {
    const end = value.length;
    if (end < HEADER_BYTES || value[0] !== 0) return undefined;
    this.#bytes = value;
    this.#at = HEADER_BYTES;
    this.#end = end;
    const schema =
      ((value[1] as number) << 24) | ((value[2] as number) << 16) | ((value[3] as number) << 8) | (value[4] as number);
    const isPrediction = schema === this.#prediction;
    if (!isPrediction && schema !== this.#features) return undefined;
    if (!(this.#skipText(NAME_BYTES) && this.#skipText(NAME_BYTES) && (!isPrediction || this.#skipText(NAME_BYTES))))
      return undefined;
    const head = this.#head(schema, isPrediction, this.#at);
    const eventTimeMs = this.#long();
    // One view serves every record of a batch buffer; making one per record costs more than reading it.
    if (this.#view.buffer !== value.buffer) this.#view = new DataView(value.buffer as ArrayBuffer);
    this.#viewStart = value.byteOffset;
    const at = this.#used;
    const numeric = this.#doubles();
    const textAt = this.texts.length;
    const categorical = this.#nullableStrings();
    const outputs = isPrediction ? this.#doubles() : 0;
    const idAt = this.#at;
    if (numeric < 0 || categorical < 0 || outputs < 0 || !this.#skipText(ID_BYTES)) return undefined;
    const id = new FramedId(value, idAt, this.#at);
    if (isPrediction && !this.#skipRest()) return undefined;
    if (this.#at !== end || !(Math.abs(eventTimeMs) <= MAX_EVENT_TIME_MS)) return undefined;
    return {
      name: isPrediction ? 'PredictionLogged' : 'FeaturesLogged',
      key: head.model,
      head,
      eventTimeMs,
      at,
      numeric,
      categorical,
      outputs,
      textAt,
      id,
    };
  }

  /** unit, segment, routing, latencyMs. */
  #skipRest(): boolean {
    const unit = this.#byte();
    if (unit === 2 ? !this.#skipText(NAME_BYTES) : unit !== 0) return false;
    for (let count = this.#long(); count !== 0; count = this.#long()) {
      if (!(count > 0)) return false;
      for (let entry = 0; entry < count; entry += 1)
        if (!(this.#skipText(NAME_BYTES) && this.#skipText(NAME_BYTES))) return false;
    }
    const routing = this.#byte();
    if (routing === 2) {
      if (!Number.isSafeInteger(this.#long()) || !this.#skipText(NAME_BYTES)) return false;
      this.#at += 8;
    } else if (routing !== 0) return false;
    const latency = this.#byte();
    if (latency === 2) this.#at += 8;
    else if (latency !== 0) return false;
    return this.#at <= this.#end;
  }

  #slow(value: Uint8Array): Row | undefined {
    const { name, event } = decode(value);
    if (name !== 'PredictionLogged' && name !== 'FeaturesLogged') return undefined;
    const outputs = name === 'PredictionLogged' ? event.outputs : [];
    const at = this.#used;
    const textAt = this.texts.length;
    if (this.#keepsTexts) this.texts.push(...event.categorical);
    for (const number of event.numeric) this.#put(number);
    for (const number of outputs) this.#put(number);
    return {
      name,
      key: event.model,
      head: {
        model: event.model,
        version: name === 'PredictionLogged' ? event.version : '',
        featureSet: event.featureSet,
      },
      eventTimeMs: event.eventTimeMs,
      at,
      numeric: event.numeric.length,
      categorical: event.categorical.length,
      outputs: outputs.length,
      textAt,
      id: event.id,
    };
  }

  #put(number: number): void {
    this.#room(1);
    this.values[this.#used] = number;
    this.#used += 1;
  }

  #room(count: number): void {
    if (this.#used + count <= this.values.length) return;
    const grown = new Float64Array(Math.max(2 * this.values.length, this.#used + count));
    grown.set(this.values);
    this.values = grown;
  }

  /** The strings in front are the same in event after event: their bytes find them. */
  #head(schema: number, isPrediction: boolean, end: number): RowHead {
    const bytes = this.#bytes;
    let hash = schema;
    for (let at = HEADER_BYTES; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (CACHED_HEADS - 1);
    const cached = this.#heads[slot];
    if (cached !== undefined && cached.schema === schema && cached.bytes.length === end - HEADER_BYTES) {
      let same = 0;
      while (same < cached.bytes.length && cached.bytes[same] === bytes[HEADER_BYTES + same]) same += 1;
      if (same === cached.bytes.length) return cached.head;
    }
    this.#at = HEADER_BYTES;
    const model = this.#string();
    const version = isPrediction ? this.#string() : '';
    const head = { model, version, featureSet: this.#string() };
    this.#heads[slot] = { schema, bytes: bytes.slice(HEADER_BYTES, end), head };
    return head;
  }

  #string(): string {
    const length = this.#long();
    const from = this.#at;
    this.#at = from + length;
    return utf8.decode(this.#bytes.subarray(from, this.#at));
  }

  #byte(): number {
    const byte = this.#at < this.#end ? (this.#bytes[this.#at] as number) : -1;
    this.#at += 1;
    return byte;
  }

  /** Zigzag varint; NaN beyond 2⁵³ or past the end. */
  #long(): number {
    const bytes = this.#bytes;
    const first = bytes[this.#at] as number;
    if (first < 0x80) {
      this.#at += 1;
      return (first >>> 1) ^ -(first & 1);
    }
    let low = 0;
    let shift = 0;
    for (; shift < 28; shift += 7) {
      const byte = bytes[this.#at] as number;
      this.#at += 1;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    // The sign is the lowest bit: in a double of twice the value it would be lost from 2⁵² on.
    let magnitude = low >>> 1;
    for (let scale = 2 ** 27; scale < 2 ** 55; scale *= 128) {
      const byte = bytes[this.#at] as number;
      this.#at += 1;
      magnitude += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        const value = (low & 1) === 0 ? magnitude : -magnitude - 1;
        return Number.isSafeInteger(value) && this.#at <= this.#end ? value : Number.NaN;
      }
    }
    return Number.NaN;
  }

  #skipText(most: number): boolean {
    const length = this.#long();
    if (!(length >= 0 && length <= most)) return false;
    this.#at += length;
    return this.#at <= this.#end;
  }

  /** Count of an array of doubles, now in `values`; −1 off the straight path. */
  #doubles(): number {
    let read = 0;
    for (let count = this.#long(); count !== 0; count = this.#long()) {
      if (!(count > 0) || this.#at + 8 * count > this.#end) return -1;
      this.#room(count);
      let from = this.#viewStart + this.#at;
      for (let index = 0; index < count; index += 1) {
        this.values[this.#used + index] = this.#view.getFloat64(from, true);
        from += 8;
      }
      this.#used += count;
      this.#at += 8 * count;
      read += count;
    }
    return read;
  }

  /** Count of an array of nullable strings, kept or stepped over; −1 off the straight path. */
  #nullableStrings(): number {
    let read = 0;
    for (let count = this.#long(); count !== 0; count = this.#long()) {
      if (!(count > 0)) return -1;
      for (let index = 0; index < count; index += 1) {
        const branch = this.#byte();
        if (branch === 2 ? !this.#text() : branch !== 0) return -1;
        if (branch === 0 && this.#keepsTexts) this.texts.push(null);
      }
      read += count;
    }
    return read;
  }

  /** Steps over a text, and keeps it when texts are asked for. False off the straight path. */
  #text(): boolean {
    if (!this.#keepsTexts) return this.#skipText(TEXT_BYTES);
    const length = this.#long();
    const from = this.#at;
    if (!(length >= 0 && length <= TEXT_BYTES) || from + length > this.#end) return false;
    this.#at = from + length;
    this.texts.push(length <= CACHED_TEXT_BYTES ? this.#shortText(from, this.#at) : this.#decoded(from, this.#at));
    return true;
  }

  #shortText(from: number, to: number): string {
    const bytes = this.#bytes;
    let hash = to - from;
    for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (CACHED_TEXTS - 1);
    const cached = this.#cachedTexts[slot];
    if (cached !== undefined && cached.bytes.length === to - from) {
      let same = 0;
      while (same < cached.bytes.length && cached.bytes[same] === bytes[from + same]) same += 1;
      if (same === cached.bytes.length) return cached.text;
    }
    const text = this.#decoded(from, to);
    this.#cachedTexts[slot] = { bytes: bytes.slice(from, to), text };
    return text;
  }

  #decoded(from: number, to: number): string {
    return utf8.decode(this.#bytes.subarray(from, to));
  }
}

class FramedId implements EventId {
  readonly #value: Uint8Array;
  readonly #from: number;
  readonly #to: number;

  constructor(value: Uint8Array, from: number, to: number) {
    this.#value = value;
    this.#from = from;
    this.#to = to;
  }

  toString(): string {
    // The length in front is a varint of one byte per seven bits of twice the length.
    let at = this.#from;
    while ((this.#value[at] as number) >= 0x80) at += 1;
    return utf8.decode(this.#value.subarray(at + 1, this.#to));
  }
}
