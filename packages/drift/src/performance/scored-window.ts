/** The last W outcomes with the probabilities that they judge: sums of whole numbers, so that a restored window equals one that never stopped. */
import { METRICS, type Metric, scoresOf } from './scores.ts';

/** Scores are summed in steps of 2⁻³⁰; sums stay exact for windows of up to a million. */
const STEPS = 2 ** 30;
const BINS = 10;

/** Predictions of one tenth of the probabilities. */
export interface CalibrationBin {
  /** Ends of the tenth. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean probability, and share of labels 1; null without predictions. */
  readonly predicted: number | null;
  readonly observed: number | null;
}

/** Outcomes of a window from some time on. */
export interface Stretch {
  readonly count: number;
  readonly mean: number;
  /** 1.96 standard errors, for values that do not depend on each other; a single look. */
  readonly halfWidth: number;
  /** Share of labels 1, and mean probability. */
  readonly observed: number;
  readonly predicted: number;
}

export class ScoredWindow {
  readonly capacity: number;
  readonly #probabilities: Float64Array;
  readonly #labels: Uint8Array;
  readonly #timesMs: Float64Array;
  #next = 0;
  #size = 0;
  #labelSum = 0;
  #probabilitySum = 0;
  readonly #sums = METRICS.map(() => 0);

  /** @param capacity outcomes, from 1 to 1,000,000; 17 bytes each */
  constructor(capacity: number) {
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= 1_000_000))
      throw new RangeError(`a window of ${capacity} outcomes; it must be a whole number from 1 to 1000000`);
    this.capacity = capacity;
    this.#probabilities = new Float64Array(capacity);
    this.#labels = new Uint8Array(capacity);
    this.#timesMs = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size === this.capacity;
  }

  /** Event time of the outcome that came first, ms; NaN when empty. */
  get fromMs(): number {
    return this.#size === 0 ? Number.NaN : (this.#timesMs[this.isFull ? this.#next : 0] as number);
  }

  /** Event time of the outcome that came last, ms; NaN when empty. */
  get toMs(): number {
    return this.#size === 0 ? Number.NaN : (this.#timesMs[(this.#next + this.capacity - 1) % this.capacity] as number);
  }

  /** Share of labels 1, mean probability, and means of the scores; NaN when empty. */
  get observed(): number {
    return this.#labelSum / this.#size;
  }

  get predicted(): number {
    return this.#probabilitySum / STEPS / this.#size;
  }

  mean(metric: Metric): number {
    return (this.#sums[METRICS.indexOf(metric)] as number) / STEPS / this.#size;
  }

  /** O(1). @param y 0 or 1 */
  add(p: number, y: number, timeMs: number): void {
    const at = this.#next;
    if (this.isFull) this.#count(this.#probabilities[at] as number, this.#labels[at] as number, -1);
    else this.#size += 1;
    this.#probabilities[at] = p;
    this.#labels[at] = y;
    this.#timesMs[at] = timeMs;
    this.#count(p, y, 1);
    this.#next = at + 1 === this.capacity ? 0 : at + 1;
  }

  /** Of outcomes at or after a time; of all when there is none. O(W). */
  since(metric: Metric, fromMs: number): Stretch {
    const at = METRICS.indexOf(metric);
    let [count, sum, squares, observed, predicted] = [0, 0, 0, 0, 0];
    for (const slot of this.#oldestFirst()) {
      if ((this.#timesMs[slot] as number) < fromMs) continue;
      const [p, y] = [this.#probabilities[slot] as number, this.#labels[slot] as number];
      const score = scoresOf(p, y)[at] as number;
      count += 1;
      sum += score;
      squares += score * score;
      observed += y;
      predicted += p;
    }
    if (count === 0 && this.#size > 0) return this.since(metric, Number.NEGATIVE_INFINITY);
    const mean = sum / count;
    const halfWidth = 1.96 * Math.sqrt(Math.max(0, squares / count - mean * mean) / count);
    return { count, mean, halfWidth, observed: observed / count, predicted: predicted / count };
  }

  /** Reliability by tenths of the probability. O(W). */
  bins(): readonly CalibrationBin[] {
    const counts = new Float64Array(BINS);
    const predicted = new Float64Array(BINS);
    const observed = new Float64Array(BINS);
    for (const at of this.#oldestFirst()) {
      const p = this.#probabilities[at] as number;
      const bin = Math.min(BINS - 1, Math.floor(p * BINS));
      counts[bin] = (counts[bin] as number) + 1;
      predicted[bin] = (predicted[bin] as number) + p;
      observed[bin] = (observed[bin] as number) + (this.#labels[at] as number);
    }
    return Array.from(counts, (count, bin) => ({
      from: bin / BINS,
      to: (bin + 1) / BINS,
      count,
      predicted: count === 0 ? null : (predicted[bin] as number) / count,
      observed: count === 0 ? null : (observed[bin] as number) / count,
    }));
  }

  /** Probabilities and labels of the newest outcomes, oldest first, at most `count`. */
  *newest(count: number): Generator<{ readonly p: number; readonly y: number; readonly timeMs: number }> {
    let skipped = Math.max(0, this.#size - count);
    for (const at of this.#oldestFirst()) {
      if (skipped-- > 0) continue;
      yield {
        p: this.#probabilities[at] as number,
        y: this.#labels[at] as number,
        timeMs: this.#timesMs[at] as number,
      };
    }
  }

  /** Oldest first. */
  save(): {
    readonly probabilities: Float64Array;
    readonly labels: Uint8Array<ArrayBuffer>;
    readonly timesMs: Float64Array;
  } {
    const order = [...this.#oldestFirst()];
    return {
      probabilities: Float64Array.from(order, (at) => this.#probabilities[at] as number),
      labels: Uint8Array.from(order, (at) => this.#labels[at] as number),
      timesMs: Float64Array.from(order, (at) => this.#timesMs[at] as number),
    };
  }

  /** What a window held, perhaps one of another size: the newest of it. */
  restore(probabilities: Float64Array, labels: Uint8Array, timesMs: Float64Array): void {
    for (let at = Math.max(0, labels.length - this.capacity); at < labels.length; at += 1)
      this.add(probabilities[at] as number, labels[at] as number, timesMs[at] as number);
  }

  /** Slots in the order of arrival, wherever the ring begins: sums of rounded numbers depend on their order. */
  *#oldestFirst(): Generator<number> {
    const first = this.isFull ? this.#next : 0;
    for (let index = 0; index < this.#size; index += 1) yield (first + index) % this.capacity;
  }

  #count(p: number, y: number, sign: 1 | -1): void {
    this.#labelSum += sign * y;
    this.#probabilitySum += sign * Math.round(p * STEPS);
    for (const [at, score] of scoresOf(p, y).entries())
      this.#sums[at] = (this.#sums[at] as number) + sign * Math.round(score * STEPS);
  }
}
