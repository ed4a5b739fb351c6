/**
 * Open-addressing table from (treelet, pattern) to a number, in one Int32Array: a `Map` of the same content is slower by an order of magnitude
 * and cannot be bounded in bytes.
 */
const STRIDE = 4;
const FIRST_CAPACITY = 1 << 12;

export class PatternTable {
  /** Rows of [treelet + 1, pattern, value, unused]; 0 in the first = free. */
  slots: Int32Array = new Int32Array(FIRST_CAPACITY * STRIDE);
  size = 0;
  #shift = 20;

  /** Index of the row that holds the pair, or of the free row where it belongs. */
  row(treelet: number, pattern: number): number {
    const { slots } = this;
    const end = slots.length - STRIDE;
    let at = (hash(treelet, pattern) >>> this.#shift) * STRIDE;
    while (slots[at] !== 0 && (slots[at] !== treelet + 1 || slots[at + 1] !== pattern))
      at = at === end ? 0 : at + STRIDE;
    return at;
  }

  /** Value of the pair, −1 when it is not there. O(1). */
  get(treelet: number, pattern: number): number {
    const at = this.row(treelet, pattern);
    return this.slots[at] === 0 ? -1 : this.slots[at + 2]!;
  }

  /** Adds a pair that is not there. Amortised O(1). */
  add(treelet: number, pattern: number, value: number): void {
    if (this.size * 2 >= this.slots.length / STRIDE) this.#grow();
    this.#place(treelet, pattern, value);
    this.size += 1;
  }

  clear(): void {
    this.slots = new Int32Array(FIRST_CAPACITY * STRIDE);
    this.size = 0;
    this.#shift = 20;
  }

  #place(treelet: number, pattern: number, value: number): void {
    const at = this.row(treelet, pattern);
    this.slots[at] = treelet + 1;
    this.slots[at + 1] = pattern;
    this.slots[at + 2] = value;
  }

  #grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    this.#shift -= 1;
    for (let at = 0; at < old.length; at += STRIDE) {
      if (old[at] !== 0) this.#place(old[at]! - 1, old[at + 1]!, old[at + 2]!);
    }
  }
}

/** Multiplicative hash; the upper bits are the good ones. */
function hash(treelet: number, pattern: number): number {
  let mixed = Math.imul(treelet, 0x9e3779b1) ^ Math.imul(pattern, 0x85ebca6b);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x2c1b3c6d);
}
