import { type Dependence, dependenceOf } from '@weir/stats/serial-dependence';
import { checkBetween } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { RecentScores } from './recent-scores.ts';

/** γ, in units of surprise: an alarm makes the next one about a fifth rarer. */
const STEP = 0.25;
/** Surprise counts up to −ln α plus this: it bounds how many alarms a sudden shift can raise, to 2/γ. */
const HEADROOM = 2;
const RECENT = 1_024;
/** Scores before the first alarm. */
const WARM_UP = 32;

/**
 * Guarantee `budget`: the share of alarms is α under any drift, whatever the scores are. Online quantile tracking
 * q ← q + γ(1{u > q} − α) on the score's surprise u among the last 1,024 scores, which is scale-free, so that γ needs no setting.
 * With u and q in [0, B], B = −ln α + 2: |alarms/T − α| ≤ (B + γ)/(γ·T). Every score takes part: there is no way to leave flagged ones
 * out, which would let the alarm rate run away. NaN is no alarm and makes no step.
 * Source: Angelopoulos, Candès & Tibshirani (2023), Conformal PID control for time series prediction, proposition 1.
 */
export class BudgetCalibration {
  /** Alarms per event. */
  readonly alpha: number;
  readonly #recent = new RecentScores(RECENT);
  readonly #largest: number;
  #level: number;
  #surprise = 0;

  /** @param alpha alarms per event, in (0, 0.5). @throws {AnomalyError} BAD_SETTING. */
  constructor(alpha: number) {
    checkBetween('alpha', alpha, 0, 0.5);
    this.alpha = alpha;
    this.#level = -Math.log(alpha);
    this.#largest = this.#level + HEADROOM;
  }

  /** The bound on |alarm rate − α| after T events. */
  slackAfter(events: number): number {
    return (this.#largest + STEP) / (STEP * events);
  }

  /** q, the surprise above which an event is an alarm now. */
  get level(): number {
    return this.#level;
  }

  /** Surprise of the last score, in [0, −ln α + 2]. */
  get surprise(): number {
    return this.#surprise;
  }

  /** Whether the last 1,024 scores depend on those before them: then alarms come in clusters, whatever their share is. O(1,024 log 1,024). */
  get dependence(): Dependence {
    return dependenceOf(this.#recent.ranks());
  }

  /** Whether this score is an alarm. O(log 1,024) plus one move of ≤ 8 KB. */
  add(score: number): boolean {
    if (Number.isNaN(score)) return false;
    const isWarm = this.#recent.size >= WARM_UP;
    this.#surprise = isWarm ? Math.min(this.#largest, this.#recent.surprise(score)) : 0;
    this.#recent.push(score);
    const alarm = this.#surprise > this.#level;
    this.#level += STEP * ((alarm ? 1 : 0) - this.alpha);
    return alarm;
  }

  write(writer: StateWriter): void {
    writer.f64(this.#level);
    writer.f64(this.#surprise);
    this.#recent.write(writer);
  }

  read(reader: StateReader): void {
    this.#level = reader.f64();
    this.#surprise = reader.f64();
    this.#recent.read(reader);
  }
}
