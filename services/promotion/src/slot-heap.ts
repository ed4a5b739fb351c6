/** Slots of predictions, the earliest first: a binary heap that allocates nothing for each entry. */
import type { PredictionColumns } from './prediction-columns.ts';

export class SlotHeap {
  readonly #columns: PredictionColumns;
  #slots = new Int32Array(256);
  #size = 0;

  constructor(columns: PredictionColumns) {
    this.#columns = columns;
  }

  /** The earliest slot; −1 when there is none. */
  get top(): number {
    return this.#size === 0 ? -1 : (this.#slots[0] as number);
  }

  push(slot: number): void {
    if (this.#size === this.#slots.length) {
      const larger = new Int32Array(2 * this.#size);
      larger.set(this.#slots);
      this.#slots = larger;
    }
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#slots[parent] as number;
      if (!this.#columns.isBefore(slot, above)) break;
      this.#slots[at] = above;
      at = parent;
    }
    this.#slots[at] = slot;
  }

  /** Takes out the earliest slot; there must be one. */
  pop(): number {
    const slots = this.#slots;
    const top = slots[0] as number;
    const last = slots[--this.#size] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#columns.isBefore(slots[child + 1] as number, slots[child] as number))
        child += 1;
      if (!this.#columns.isBefore(slots[child] as number, last)) break;
      slots[at] = slots[child] as number;
      at = child;
    }
    slots[at] = last;
    return top;
  }

  inOrder(): number[] {
    const slots = [...this.#slots.subarray(0, this.#size)];
    return slots.sort((a, b) => (this.#columns.isBefore(a, b) ? -1 : 1));
  }
}
