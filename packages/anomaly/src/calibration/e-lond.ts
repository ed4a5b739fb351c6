import { checkBetween } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { gammaAt } from './gamma-sequence.ts';

/**
 * Guarantee `fdr` for dependent evidence, e-LOND: event t is an alarm when e_t ≥ 1/α_t, α_t = q·γ_t·(alarms before + 1). The expected
 * share of false alarms among all alarms is at most q whatever the dependence is, for e-values with E(e) ≤ 1 given the past. O(1).
 * Source: Xu & Ramdas (2024), Online multiple testing with e-values.
 */
export class ELond {
  readonly q: number;
  #events = 0;
  #rejections = 0;

  /** @param q expected share of false alarms among alarms, in (0, 1). @throws {AnomalyError} BAD_SETTING. */
  constructor(q: number) {
    checkBetween('q', q, 0, 1);
    this.q = q;
  }

  /** Whether the event with this e-value is an alarm. NaN is none. */
  add(eValue: number): boolean {
    this.#events += 1;
    const level = this.q * gammaAt(this.#events) * (this.#rejections + 1);
    const alarm = eValue >= 1 / level;
    if (alarm) this.#rejections += 1;
    return alarm;
  }

  write(writer: StateWriter): void {
    writer.f64(this.#events);
    writer.f64(this.#rejections);
  }

  read(reader: StateReader): void {
    this.#events = reader.f64();
    this.#rejections = reader.f64();
  }
}
