import { crc32c } from './crc32c.ts';
import { HEADER_BYTES, littleEndian, MAGIC, type StateKind } from './state-kind.ts';

type Numbers = Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array;

/** Gathers the parts of a state in order; `StateReader` gives them back in the same order. Grows by doubling. */
export class StateWriter {
  #bytes = new Uint8Array(1_024);
  #view = new DataView(this.#bytes.buffer);
  #length = HEADER_BYTES;

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** Any double, NaN and infinities included, bit for bit. */
  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  flag(value: boolean): void {
    this.u32(value ? 1 : 0);
  }

  /** The elements alone: the reader must know how many. */
  numbers(values: Numbers): void {
    this.#reserve(values.byteLength);
    this.#bytes.set(littleEndian(values), this.#length);
    this.#length += values.byteLength;
  }

  /** UTF-8 with its length before it; unpaired surrogates become U+FFFD. */
  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.u32(bytes.length);
    this.numbers(bytes);
  }

  /** The state with its header, in a buffer of its own. */
  finish(kind: StateKind): ArrayBuffer {
    const view = this.#view;
    view.setUint32(0, MAGIC, true);
    view.setUint16(4, kind.id, true);
    view.setUint16(6, kind.version, true);
    view.setUint32(8, this.#length - HEADER_BYTES, true);
    view.setUint32(12, 0, true);
    const sealed = this.#bytes.slice(0, this.#length);
    new DataView(sealed.buffer).setUint32(12, crc32c(sealed), true);
    return sealed.buffer;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
