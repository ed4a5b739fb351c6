import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

/**
 * Shiryaev–Roberts procedure over a mixture of alternatives: R ← (1 + R)·L per alternative, alarm when their mean reaches A.
 * While the null hypothesis holds, mean R − (events) is a martingale (a supermartingale where E L ≤ 1), so that the mean number of
 * events to a false alarm is at least A, whatever the alternatives are.
 * Source: Roberts (1966), A comparison of some control chart procedures; Shin, Ramdas & Rinaldo (2022), E-detectors, for composite nulls.
 */
export class ShiryaevRoberts {
  /** A. */
  readonly threshold: number;
  /** Per alternative {R, sum of log ratios since the likeliest start, that start}. */
  readonly #values: Float64Array;

  /** @param alternatives how many there are, at least 1. */
  constructor(alternatives: number, threshold: number) {
    this.threshold = threshold;
    this.#values = new Float64Array(alternatives * 3);
  }

  /** Event `position` came with this log likelihood ratio under an alternative. */
  add(alternative: number, logRatio: number, position: number): void {
    const values = this.#values;
    const at = alternative * 3;
    values[at] = Math.min(1e300, (1 + (values[at] as number)) * Math.exp(logRatio));
    const sum = (values[at + 1] as number) + logRatio;
    if ((values[at + 1] as number) === 0) values[at + 2] = position;
    values[at + 1] = Math.max(0, sum);
  }

  /** Whether the evidence has reached A. */
  get fires(): boolean {
    const values = this.#values;
    let sum = 0;
    for (let at = 0; at < values.length; at += 3) sum += values[at] as number;
    return sum * 3 >= this.threshold * values.length;
  }

  /** Position from which on the alternative with the most evidence is likeliest. */
  get since(): number {
    const values = this.#values;
    let best = 0;
    for (let at = 3; at < values.length; at += 3) if ((values[at] as number) > (values[best] as number)) best = at;
    return values[best + 2] as number;
  }

  restart(): void {
    this.#values.fill(0);
  }

  write(writer: StateWriter): void {
    writer.numbers(this.#values);
  }

  read(reader: StateReader): void {
    reader.numbers(this.#values);
  }
}
