import type { StateReader } from '@weir/anomaly/state/state-reader';
import type { StateWriter } from '@weir/anomaly/state/state-writer';

/** One of so many events is kept, and so many of these: the last 16,384 events to 16 events. */
const STRIDE = 16;
const KEPT = 1_024;

/** When recent events happened, by their number: tests name the event at which something began. 8 KB. */
export class EventTimes {
  readonly #times = new Float64Array(KEPT);
  #count = 0;

  /** The next event; the first has number 1. */
  add(eventTimeMs: number): void {
    if (this.#count % STRIDE === 0) this.#times[(this.#count / STRIDE) % KEPT] = eventTimeMs;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Event time of event `number` or one up to 15 before it, ms; the oldest that is kept where it is older. */
  at(number: number): number {
    const newest = Math.floor((this.#count - 1) / STRIDE);
    const slot = Math.min(newest, Math.max(0, newest - KEPT + 1, Math.floor((number - 1) / STRIDE)));
    return this.#times[slot % KEPT] as number;
  }

  write(writer: StateWriter): void {
    writer.f64(this.#count);
    writer.numbers(this.#times);
  }

  read(reader: StateReader): void {
    this.#count = reader.f64();
    reader.numbers(this.#times);
  }
}
