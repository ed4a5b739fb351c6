import { checkWhole } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

/** Numbers that a series has, in this order. */
export const CHANNELS = ['range', 'difference', 'deviation', 'residual'] as const;

/** Values before the first channel speaks. */
const WARM_UP = 8;

/**
 * Light channels of one series, each a number that is 0 while nothing is new and grows with oddness, free of scale:
 *
 *   range        how far the value left all values so far, over their range
 *   difference   the same of its change since the value before
 *   deviation    the same of the standard deviation of the last `window` values
 *   residual     |value − moving mean| over the moving mean absolute residual, less 3, where positive
 *
 * O(1) per value; memory is the window. NaN gives NaN and is not learnt.
 */
export class Channels {
  readonly window: number;
  readonly #ring: Float64Array;
  /** [seen, previous, low, high, low change, high change, low deviation, high deviation, mean of window, squares, moving mean, residual]. */
  readonly #values = Float64Array.of(
    0,
    Number.NaN,
    Infinity,
    -Infinity,
    Infinity,
    -Infinity,
    Infinity,
    -Infinity,
    0,
    0,
    Number.NaN,
    0,
  );

  /** @param window values, 2 to 100,000; also the half-life of the moving mean. @throws {AnomalyError} BAD_SETTING. */
  constructor(window: number) {
    checkWhole('window', window, 2, 100_000);
    this.window = window;
    this.#ring = new Float64Array(window);
  }

  get bytes(): number {
    return this.#ring.byteLength + this.#values.byteLength;
  }

  /** Writes the four channels of `value` to `into` from `offset` on, then learns it. */
  push(value: number, into: Float64Array, offset: number): void {
    if (!Number.isFinite(value)) {
      into.fill(Number.NaN, offset, offset + CHANNELS.length);
      return;
    }
    const values = this.#values;
    const seen = values[SEEN] as number;
    const isWarm = seen >= WARM_UP;
    const change = seen === 0 ? 0 : value - (values[PREVIOUS] as number);
    const residual = seen === 0 ? 0 : Math.abs(value - (values[MEAN] as number));
    const usual = values[RESIDUAL] as number;
    const deviation = this.#deviate(value, seen);
    const isFull = seen >= this.window + WARM_UP;
    into[offset] = isWarm ? this.#margin(LOW, value) : 0;
    into[offset + 1] = isWarm ? this.#margin(LOW + 2, change) : 0;
    into[offset + 2] = isFull ? this.#margin(LOW + 4, deviation) : 0;
    into[offset + 3] = isWarm && usual > 0 ? Math.max(0, residual / usual - 3) : 0;
    this.#stretch(LOW, value);
    if (seen > 0) this.#stretch(LOW + 2, change);
    if (seen >= this.window) this.#stretch(LOW + 4, deviation);
    const keep = 2 ** (-1 / Math.min(this.window, seen + 1));
    values[MEAN] = seen === 0 ? value : value + keep * ((values[MEAN] as number) - value);
    values[RESIDUAL] = residual + keep * (usual - residual);
    values[PREVIOUS] = value;
    values[SEEN] = seen + 1;
  }

  /** Standard deviation of the window with the new value: Welford's update, and its inverse for the value that leaves. */
  #deviate(value: number, seen: number): number {
    const values = this.#values;
    const place = seen % this.window;
    const old = this.#ring[place] as number;
    this.#ring[place] = value;
    const mean = values[WINDOW_MEAN] as number;
    if (seen < this.window) {
      const next = mean + (value - mean) / (seen + 1);
      values[SQUARES] = (values[SQUARES] as number) + (value - mean) * (value - next);
      values[WINDOW_MEAN] = next;
      return Math.sqrt(Math.max(0, values[SQUARES] as number) / (seen + 1));
    }
    const next = mean + (value - old) / this.window;
    const squares = (values[SQUARES] as number) + (value - old) * (value - next + old - mean);
    values[SQUARES] = Math.max(0, squares);
    values[WINDOW_MEAN] = next;
    return Math.sqrt((values[SQUARES] as number) / this.window);
  }

  /** How far outside of the record at `at` a value lies, over the record's range; over the value's own size where that is 0. */
  #margin(at: number, value: number): number {
    const low = this.#values[at] as number;
    const high = this.#values[at + 1] as number;
    const outside = Math.max(0, value - high, low - value);
    if (!(outside > 0)) return 0;
    return outside / (high - low + Math.abs(value) * 1e-6);
  }

  #stretch(at: number, value: number): void {
    this.#values[at] = Math.min(this.#values[at] as number, value);
    this.#values[at + 1] = Math.max(this.#values[at + 1] as number, value);
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

const SEEN = 0;
const PREVIOUS = 1;
const LOW = 2;
const WINDOW_MEAN = 8;
const SQUARES = 9;
const MEAN = 10;
const RESIDUAL = 11;
