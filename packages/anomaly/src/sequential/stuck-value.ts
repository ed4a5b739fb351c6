import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

/** Where repeats are this frequent, a run says nothing about a fault. */
const MAX_REPEAT_SHARE = 0.99;
/** A fault is over after so many times the limit without another run. */
const HOLD = 10;

/**
 * Run of equal values, longer than chance allows. A run that has begun reaches length r with probability share^(r − 1), so that r with
 * share^(r − 1) ≤ 1/A gives at most one false alarm per A events when repeats are independent; a run of the reference, doubled, is the
 * least that counts as long, which serves where they are not. O(1).
 */
export class StuckValue {
  /** Length at which a run is a fault; Infinity where the reference itself repeats too often to tell. */
  readonly limit: number;
  #value = Number.NaN;
  #run = 0;
  /** Values since the last run that was too long; Infinity = there was none. */
  #since = Infinity;

  /** @param repeatShare values of the reference that equal the one before; @param longestRun of the reference, in values. */
  constructor(repeatShare: number, longestRun: number, eventsPerFalseAlarm: number) {
    const share = Math.max(repeatShare, 1e-6);
    const chance = 1 + Math.ceil(Math.log(eventsPerFalseAlarm) / -Math.log(share));
    this.limit = repeatShare > MAX_REPEAT_SHARE ? Infinity : Math.max(chance, 2 * longestRun, 3);
  }

  /** Length of the run that goes on. */
  get run(): number {
    return this.#run;
  }

  /** Until so many values have come without a run that is too long: one that comes and goes is one fault. */
  get open(): boolean {
    return this.#since < HOLD * this.limit;
  }

  /** One present value; true when it is the one that makes the run too long. */
  add(value: number): boolean {
    this.#since += 1;
    if (value !== this.#value) {
      this.#value = value;
      this.#run = 1;
      return false;
    }
    this.#run += 1;
    if (this.#run < this.limit) return false;
    const isNew = !this.open;
    this.#since = 0;
    return isNew;
  }

  write(writer: StateWriter): void {
    writer.f64(this.#value);
    writer.f64(this.#run);
    writer.f64(this.#since);
  }

  read(reader: StateReader): void {
    this.#value = reader.f64();
    this.#run = reader.f64();
    this.#since = reader.f64();
  }
}
