import { AnomalyError } from '../anomaly-error.ts';
import { crc32c } from './crc32c.ts';
import { HEADER_BYTES, littleEndian, MAGIC, type StateKind } from './state-kind.ts';

type Numbers = Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array;

/** Reads back what a `StateWriter` wrote. Checks magic, kind, version, length and CRC32C before anything else is read. */
export class StateReader {
  /** Version that wrote the state, between the kind's `oldest` and `version`. */
  readonly version: number;
  readonly #kind: StateKind;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = HEADER_BYTES;

  /** @throws {AnomalyError} OLD_STATE for a version that is no longer (or not yet) read, BAD_STATE for anything else that is wrong. */
  constructor(state: ArrayBuffer, kind: StateKind) {
    const bytes = new Uint8Array(state.slice(0));
    const view = new DataView(bytes.buffer);
    this.#kind = kind;
    this.#bytes = bytes;
    this.#view = view;
    if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
      throw this.refusal('does not begin with WEIR; pass the bytes that save() gave, whole');
    const length = view.getUint32(8, true);
    if (length !== bytes.length - HEADER_BYTES)
      throw this.refusal(`has ${bytes.length - HEADER_BYTES} bytes after its header, which names ${length}`);
    const written = view.getUint32(12, true);
    view.setUint32(12, 0, true);
    const found = crc32c(bytes);
    if (found !== written)
      throw this.refusal(
        `has CRC32C ${hex(found)}, its header says ${hex(written)}: bytes were changed; take another copy`,
      );
    if (view.getUint16(4, true) !== kind.id)
      throw this.refusal(`is of kind ${view.getUint16(4, true)}, not ${kind.id}; restore it as what it was saved from`);
    this.version = view.getUint16(6, true);
    if (this.version < kind.oldest || this.version > kind.version)
      throw new AnomalyError(
        'OLD_STATE',
        `${kind.name} state is of version ${this.version}; this release reads ${kind.oldest} to ${kind.version}: restore it with the release that wrote it, or start over from the log`,
      );
  }

  u32(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at, true);
  }

  f64(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, true);
  }

  flag(): boolean {
    return this.u32() !== 0;
  }

  /** Fills `into` from the state. */
  numbers(into: Numbers): void {
    const at = this.#take(into.byteLength);
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(this.#bytes.subarray(at, this.#at));
    const ordered = littleEndian(into);
    if (ordered.buffer !== into.buffer) new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(ordered);
  }

  text(): string {
    const length = this.u32();
    const at = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  /** @throws {AnomalyError} BAD_STATE when bytes are left over. */
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw this.refusal(`has ${this.#bytes.length - this.#at} bytes more than it needs`);
  }

  /** The error for a part that cannot be. */
  refusal(what: string): AnomalyError {
    return new AnomalyError('BAD_STATE', `${this.#kind.name} state ${what}`);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw this.refusal(`ends at byte ${this.#bytes.length}, inside a part`);
    this.#at = at + length;
    return at;
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
