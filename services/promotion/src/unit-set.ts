/**
 * Units that a test has counted: repeated requests of one unit are not independent, so its first prediction counts and no other. A unit is kept
 * as 64 bits of its SHA-256, in a table with linear probing; 16 bytes a unit at the most.
 */
const FIRST_PLACES = 1_024;
/** Beyond so many units a new one cannot be told from a known one and does not count. */
export const MAX_UNITS: number = 1 << 20;

export class UnitSet {
  /** Two words for each place; two zeros are an empty one. */
  #table: Uint32Array;
  #size = 0;

  constructor(table: Uint32Array = new Uint32Array(2 * FIRST_PLACES)) {
    this.#table = table;
    for (let at = 0; at < table.length; at += 2) if (table[at] !== 0 || table[at + 1] !== 0) this.#size += 1;
  }

  get size(): number {
    return this.#size;
  }

  /** The places as they lie in memory: what the constructor takes. */
  get table(): Uint32Array {
    return this.#table;
  }

  /** @param high @param low words of the hash, not both 0. @returns true when the unit is new, and is known from now on */
  add(high: number, low: number): boolean {
    const at = this.#placeOf(high, low);
    const isKnown = this.#table[at] === high && this.#table[at + 1] === low;
    if (isKnown || this.#size === MAX_UNITS) return false;
    this.#table[at] = high;
    this.#table[at + 1] = low;
    this.#size += 1;
    if (4 * this.#size > this.#table.length) this.#grow();
    return true;
  }

  /** Where the unit is, or the empty place where it belongs. */
  #placeOf(high: number, low: number): number {
    const table = this.#table;
    const mask = table.length / 2 - 1;
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const at = 2 * place;
      if (table[at] === high && table[at + 1] === low) return at;
      if (table[at] === 0 && table[at + 1] === 0) return at;
    }
  }

  #grow(): void {
    const before = this.#table;
    this.#table = new Uint32Array(2 * before.length);
    for (let from = 0; from < before.length; from += 2) {
      const [high, low] = [before[from] as number, before[from + 1] as number];
      if (high === 0 && low === 0) continue;
      const at = this.#placeOf(high, low);
      this.#table[at] = high;
      this.#table[at + 1] = low;
    }
  }
}
