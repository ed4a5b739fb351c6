import { checkWhole } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

export interface LagSettings {
  /** Events over which the moving mean forgets half. */
  readonly halfLife: number;
  /** Periods in events, such as a day and a week of samples; for each the value one period ago is subtracted. */
  readonly periods: readonly number[];
}

/**
 * What makes a course visible in a single value: change since the previous value, distance from the moving mean, and change since one
 * period ago. 2 + periods numbers per value; NaN where the past is not there yet. One series per instance. O(periods) per value.
 */
export class Lags {
  readonly settings: LagSettings;
  /** [previous value, moving mean, values seen]. */
  readonly #values = Float64Array.of(Number.NaN, Number.NaN, 0);
  readonly #ring: Float64Array;
  readonly #keep: number;

  /** @throws {AnomalyError} BAD_SETTING. */
  constructor(settings: LagSettings) {
    checkWhole('halfLife', settings.halfLife, 1, 1_000_000_000);
    for (const period of settings.periods) checkWhole('period', period, 1, 1_000_000);
    this.settings = settings;
    this.#keep = 2 ** (-1 / settings.halfLife);
    this.#ring = new Float64Array(Math.max(1, ...settings.periods)).fill(Number.NaN);
  }

  /** Numbers that `push` writes. */
  get size(): number {
    return 2 + this.settings.periods.length;
  }

  get bytes(): number {
    return this.#ring.byteLength + this.#values.byteLength;
  }

  /** Writes the lag features of `value` to `into` from `offset` on, then learns it. A missing value gives NaN and is not learnt. */
  push(value: number, into: Float64Array, offset: number): void {
    const previous = this.#values[0] as number;
    const mean = this.#values[1] as number;
    const seen = this.#values[2] as number;
    const ring = this.#ring;
    const { periods } = this.settings;
    into[offset] = value - previous;
    into[offset + 1] = value - mean;
    for (let i = 0; i < periods.length; i += 1) {
      const place = (seen - (periods[i] as number)) % ring.length;
      into[offset + 2 + i] = place < 0 ? Number.NaN : value - (ring[place] as number);
    }
    ring[seen % ring.length] = value;
    this.#values[2] = seen + 1;
    if (Number.isNaN(value)) return;
    this.#values[0] = value;
    this.#values[1] = Number.isNaN(mean) ? value : value + this.#keep * (mean - value);
  }

  write(writer: StateWriter): void {
    writer.numbers(this.#values);
    writer.numbers(this.#ring);
  }

  read(reader: StateReader): void {
    reader.numbers(this.#values);
    reader.numbers(this.#ring);
  }
}
