/**
 * Predictions that wait for their outcomes, as columns: no object for each of them. An id is kept as the first 128 bits of its SHA-256 and
 * found by open addressing with linear probing; two ids that share them do not happen by chance. About 80 bytes a prediction.
 */

/** Places without a prediction hold this in the table. */
const EMPTY = -1;
const FIRST_CAPACITY = 1_024;

/** The first 128 bits of the SHA-256 of a prediction id, as four words. */
export type IdHash = readonly [number, number, number, number];

export class PredictionColumns {
  size = 0;
  #capacity = FIRST_CAPACITY;
  /** Four words for each slot. */
  hash: Uint32Array = new Uint32Array(4 * FIRST_CAPACITY);
  /** Event time, ms. */
  timeMs: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** First model output; NaN = none. */
  output: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** ms; NaN = not measured. */
  latencyMs: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** Logged probability of the arm that answered; NaN = not routed by Weir. */
  propensity: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** What its outcomes add up to; meaningless while `revisions` is 0. */
  value: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** Under `first` the highest revision plus 1, else one bit for each revision seen. */
  revisions: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** Epoch of the split that it was routed by; 0 = not routed by Weir. */
  epoch: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** 64 bits of the hash of the unit; 0 = unknown, or a unit of its own. */
  unitHigh: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  unitLow: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** Index of the version. */
  version: Uint16Array = new Uint16Array(FIRST_CAPACITY);
  /** Index of the segment. */
  segment: Uint16Array = new Uint16Array(FIRST_CAPACITY);
  /** Slot by place; twice the capacity, so that probes stay short. */
  #table = new Int32Array(2 * FIRST_CAPACITY).fill(EMPTY);
  #free: Int32Array = new Int32Array(FIRST_CAPACITY);
  #freed = 0;
  #used = 0;

  /** Slot of the id; −1 when it is not there. */
  find(id: IdHash): number {
    const mask = this.#table.length - 1;
    for (let place = id[0] & mask; ; place = (place + 1) & mask) {
      const slot = this.#table[place] as number;
      if (slot === EMPTY || this.#holds(slot, id)) return slot;
    }
  }

  /** A new slot for an id that is not there; its columns are the caller's to fill. */
  add(id: IdHash): number {
    if (this.size === this.#capacity) this.#grow();
    const slot = this.#freed > 0 ? (this.#free[--this.#freed] as number) : this.#used++;
    this.hash.set(id, 4 * slot);
    this.size += 1;
    this.#place(slot);
    return slot;
  }

  remove(slot: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let hole = this.#home(slot);
    while (table[hole] !== slot) hole = (hole + 1) & mask;
    // Entries behind the hole move up when their home does not lie between it and them.
    for (let place = (hole + 1) & mask; table[place] !== EMPTY; place = (place + 1) & mask) {
      const home = this.#home(table[place] as number);
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      table[hole] = table[place] as number;
      hole = place;
    }
    table[hole] = EMPTY;
    this.#free[this.#freed++] = slot;
    this.size -= 1;
  }

  /** Order of event time, then of the hash: the same whatever order the predictions came in. */
  isBefore(a: number, b: number): boolean {
    const [timeA, timeB] = [this.timeMs[a] as number, this.timeMs[b] as number];
    if (timeA !== timeB) return timeA < timeB;
    for (let word = 0; word < 4; word += 1) {
      const [wordA, wordB] = [this.hash[4 * a + word] as number, this.hash[4 * b + word] as number];
      if (wordA !== wordB) return wordA < wordB;
    }
    return false;
  }

  hashOf(slot: number): IdHash {
    const { hash } = this;
    const at = 4 * slot;
    return [hash[at] as number, hash[at + 1] as number, hash[at + 2] as number, hash[at + 3] as number];
  }

  /** Columns of these slots in this order. */
  gather(slots: Int32Array): ArrayBufferView[] {
    const hash = new Uint32Array(4 * slots.length);
    for (const [at, slot] of slots.entries()) hash.set(this.hash.subarray(4 * slot, 4 * slot + 4), 4 * at);
    return [
      hash,
      ...this.#columns().map((column) => {
        const picked = new (column.constructor as Float64ArrayConstructor)(slots.length);
        for (const [at, slot] of slots.entries()) picked[at] = column[slot] as number;
        return picked;
      }),
    ];
  }

  /** What `gather` gave, in slots 0, 1, …; to be called on a new object. */
  scatter(count: number, part: (index: number) => ArrayBuffer): void {
    while (this.#capacity < count) this.#grow();
    this.hash.set(new Uint32Array(part(0)));
    for (const [at, column] of this.#columns().entries())
      column.set(new (column.constructor as Float64ArrayConstructor)(part(at + 1)));
    for (let slot = 0; slot < count; slot += 1) this.#place(slot);
    this.#used = count;
    this.size = count;
  }

  static readonly PARTS = 12;

  #columns(): (Float64Array | Uint32Array | Uint16Array)[] {
    const { timeMs, output, latencyMs, propensity, value, revisions, epoch, version, segment } = this;
    const { unitHigh, unitLow } = this;
    return [timeMs, output, latencyMs, propensity, value, revisions, epoch, unitHigh, unitLow, version, segment];
  }

  #home(slot: number): number {
    return (this.hash[4 * slot] as number) & (this.#table.length - 1);
  }

  #holds(slot: number, id: IdHash): boolean {
    const { hash } = this;
    const at = 4 * slot;
    return hash[at] === id[0] && hash[at + 1] === id[1] && hash[at + 2] === id[2] && hash[at + 3] === id[3];
  }

  #place(slot: number): void {
    const mask = this.#table.length - 1;
    let place = this.#home(slot);
    while (this.#table[place] !== EMPTY) place = (place + 1) & mask;
    this.#table[place] = slot;
  }

  #grow(): void {
    const to = 2 * this.#capacity;
    this.#capacity = to;
    this.hash = grown(this.hash, 4 * to);
    this.timeMs = grown(this.timeMs, to);
    this.output = grown(this.output, to);
    this.latencyMs = grown(this.latencyMs, to);
    this.propensity = grown(this.propensity, to);
    this.value = grown(this.value, to);
    this.revisions = grown(this.revisions, to);
    this.epoch = grown(this.epoch, to);
    this.unitHigh = grown(this.unitHigh, to);
    this.unitLow = grown(this.unitLow, to);
    this.version = grown(this.version, to);
    this.segment = grown(this.segment, to);
    this.#free = grown(this.#free, to);
    const slots = this.#table.filter((slot) => slot !== EMPTY);
    this.#table = new Int32Array(2 * to).fill(EMPTY);
    for (const slot of slots) this.#place(slot);
  }
}

function grown<Column extends Float64Array | Uint32Array | Uint16Array | Int32Array>(
  column: Column,
  to: number,
): Column {
  const larger = new (column.constructor as new (length: number) => Column)(to);
  larger.set(column);
  return larger;
}
