import { checkWhole } from '../anomaly-error.ts';
import { mix } from '../counter-random.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

/**
 * Ids that came lately, for the rule that an id comes once: between `capacity` and twice as many of the last ones are known, in two
 * generations of hash tables of 16 bytes per id and generation. An id is known by 64 bits of hash: that two of a million differ and are
 * taken for one has a probability below 10⁻⁷. O(length of the id).
 */
export class RecentIds {
  readonly capacity: number;
  readonly #slots: number;
  /** Pairs of hash words; [0, 0] is free. */
  #young: Uint32Array;
  #old: Uint32Array;
  #count = 0;
  #first = 0;
  #second = 0;

  /** @param capacity ids, 1 to 16,777,216. @throws {AnomalyError} BAD_SETTING. */
  constructor(capacity: number) {
    checkWhole('capacity', capacity, 1, 2 ** 24);
    this.capacity = capacity;
    this.#slots = 2 ** Math.ceil(Math.log2(2 * capacity));
    this.#young = new Uint32Array(2 * this.#slots);
    this.#old = new Uint32Array(2 * this.#slots);
  }

  get bytes(): number {
    return this.#young.byteLength + this.#old.byteLength;
  }

  /** Whether the id came before, as far as is known; afterwards it has come. */
  add(id: string): boolean {
    this.#hash(id);
    const place = this.#find(this.#young);
    const isKnown = this.#young[place] !== 0;
    if (isKnown) return true;
    const wasKnown = this.#old[this.#find(this.#old)] !== 0;
    this.#young[place] = this.#first;
    this.#young[place + 1] = this.#second;
    this.#count += 1;
    if (this.#count === this.capacity) {
      [this.#young, this.#old] = [this.#old, this.#young];
      this.#young.fill(0);
      this.#count = 0;
    }
    return wasKnown;
  }

  /** Place of the hash, or the free one where it would stand. */
  #find(table: Uint32Array): number {
    const last = this.#slots - 1;
    let slot = this.#second & last;
    while (table[2 * slot] !== 0 && (table[2 * slot] !== this.#first || table[2 * slot + 1] !== this.#second))
      slot = (slot + 1) & last;
    return 2 * slot;
  }

  /** Two FNV-1a hashes of different primes and seeds, finished by MurmurHash3's mixer. */
  #hash(id: string): void {
    let a = 0x811c_9dc5;
    let b = 0x9747_b28c;
    for (let i = 0; i < id.length; i += 1) {
      const code = id.charCodeAt(i);
      a = Math.imul(a ^ code, 0x0100_0193);
      b = Math.imul(b ^ code, 0x85eb_ca6b) + code;
    }
    this.#first = mix(a) || 1;
    this.#second = mix(b ^ id.length);
  }

  write(writer: StateWriter): void {
    writer.u32(this.capacity);
    writer.u32(this.#count);
    writer.numbers(this.#young);
    writer.numbers(this.#old);
  }

  /** @throws {AnomalyError} BAD_STATE, BAD_SETTING. */
  static read(reader: StateReader): RecentIds {
    const ids = new RecentIds(reader.u32());
    ids.#count = reader.u32();
    if (ids.#count >= ids.capacity) throw reader.refusal(`counts ${ids.#count} ids of ${ids.capacity}`);
    reader.numbers(ids.#young);
    reader.numbers(ids.#old);
    return ids;
  }
}
