import { mix } from '../counter-random.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

/** Values of a window, and slots of its hash set: at most half of them are used. */
export const DISTINCT_WINDOW = 512;
const SLOTS = 2 * DISTINCT_WINDOW;

/** 32-bit hash of a text, never 0 (FNV-1a, then MurmurHash3's finaliser). */
export function hashText(text: string): number {
  let h = 0x811c_9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x0100_0193);
  return mix(h) || 1;
}

/**
 * Distinct values among each 512, against the mean of the reference's windows. One value changes the count by at most one, so by
 * McDiarmid's inequality (1989) a window of independent values strays from its mean by t with probability ≤ 2·exp(−2t²/512), and the mean
 * of the reference's m windows by t/√m: `slack` covers both for one false alarm per `eventsPerFalseAlarm` events. O(1) per value.
 */
export class DistinctRate {
  readonly expected: number;
  readonly slack: number;
  readonly #slots = new Uint32Array(SLOTS);
  #filled = 0;
  #distinct = 0;
  #last = 0;
  #open = false;

  /** @param expected mean distinct values of the reference's windows; @param windows how many those were, at least 1. */
  constructor(expected: number, windows: number, eventsPerFalseAlarm: number) {
    this.expected = expected;
    const level = DISTINCT_WINDOW / eventsPerFalseAlarm;
    this.slack = Math.sqrt((DISTINCT_WINDOW / 2) * Math.log(4 / Math.min(1, level))) * (1 + 1 / Math.sqrt(windows));
  }

  /** Distinct values of the last whole window. */
  get distinct(): number {
    return this.#last;
  }

  get open(): boolean {
    return this.#open;
  }

  /** One present value by its hash (not 0); true when it ends the first window that is a fault. */
  add(hash: number): boolean {
    const slots = this.#slots;
    let slot = hash & (SLOTS - 1);
    while (slots[slot] !== 0 && slots[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
    if (slots[slot] === 0) {
      slots[slot] = hash;
      this.#distinct += 1;
    }
    this.#filled += 1;
    if (this.#filled < DISTINCT_WINDOW) return false;
    const strays = Math.abs(this.#distinct - this.expected) > this.slack;
    const raises = strays && !this.#open;
    this.#open = strays;
    this.#last = this.#distinct;
    this.#filled = 0;
    this.#distinct = 0;
    slots.fill(0);
    return raises;
  }

  write(writer: StateWriter): void {
    for (const value of [this.#filled, this.#distinct, this.#last]) writer.u32(value);
    writer.flag(this.#open);
    writer.numbers(this.#slots);
  }

  read(reader: StateReader): void {
    this.#filled = reader.u32();
    this.#distinct = reader.u32();
    this.#last = reader.u32();
    this.#open = reader.flag();
    reader.numbers(this.#slots);
    if (this.#filled >= DISTINCT_WINDOW || this.#distinct > this.#filled)
      throw reader.refusal(`counts ${this.#distinct} distinct among ${this.#filled} of ${DISTINCT_WINDOW} values`);
  }
}
