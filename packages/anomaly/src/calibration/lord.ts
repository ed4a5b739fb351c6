import { checkBetween } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { gammaAt } from './gamma-sequence.ts';

/** Rejections that go on earning; older ones are given up, which makes the test stricter and keeps memory fixed. */
const KEPT = 128;

/**
 * Guarantee `fdr`, LORD++: among all alarms so far the expected share of false ones is at most q, for independent p-values that are
 * valid (P(p ≤ u) ≤ u). Level of event t: w₀·γ_t + (q − w₀)·γ_{t−τ₁} + q·Σ γ_{t−τⱼ} over the times τ of rejections, w₀ = q/2.
 * O(kept rejections) per event, at most 128.
 * Source: Ramdas, Yang, Wainwright & Jordan (2017), Online control of the false discovery rate with decaying memory.
 */
export class LordPlusPlus {
  readonly q: number;
  readonly #times = new Float64Array(KEPT);
  #events = 0;
  #rejections = 0;

  /** @param q expected share of false alarms among alarms, in (0, 1). @throws {AnomalyError} BAD_SETTING. */
  constructor(q: number) {
    checkBetween('q', q, 0, 1);
    this.q = q;
  }

  /** The level that the next p-value has to reach. */
  get level(): number {
    const t = this.#events + 1;
    let sum = 0;
    const kept = Math.min(KEPT, this.#rejections);
    for (let i = 0; i < kept; i += 1) sum += this.q * gammaAt(t - (this.#times[i] as number));
    // The first rejection earns q − w₀. Once its place is taken by a later one, it has no part in the sum.
    if (kept > 0 && this.#rejections <= KEPT) sum -= (this.q / 2) * gammaAt(t - (this.#times[0] as number));
    return (this.q / 2) * gammaAt(t) + sum;
  }

  /** Whether the event with this p-value is an alarm. NaN is none. */
  add(pValue: number): boolean {
    const alarm = pValue <= this.level;
    this.#events += 1;
    if (alarm) {
      this.#times[this.#rejections % KEPT] = this.#events;
      this.#rejections += 1;
    }
    return alarm;
  }

  write(writer: StateWriter): void {
    writer.f64(this.#events);
    writer.f64(this.#rejections);
    writer.numbers(this.#times);
  }

  read(reader: StateReader): void {
    this.#events = reader.f64();
    this.#rejections = reader.f64();
    reader.numbers(this.#times);
  }
}
