/**
 * Whether one metric of a model's predictions, over the last W outcomes, has become worse than over its reference. It raises when an e-detector of
 * the metric's mean has reached its level and the window differs by an effect that a person cares about; the second can only make it later.
 */
import type { Transition } from '../evaluation.ts';
import { MeanAbove, type SavedMeanAbove } from './mean-above.ts';
import type { ReferenceScores } from './reference-scores.ts';
import type { ScoredWindow, Stretch } from './scored-window.ts';
import type { Metric } from './scores.ts';

export interface PerformanceRule {
  /** Outcomes between false alarms of one metric and window, on average, at least. */
  readonly outcomesPerFalseAlarm: number;
  /** Change of the metric that a person cares about: share of predictions, or nats of log loss; above 0. */
  readonly minPerformanceEffect: number;
  /** What is open resolves after a whole window in which the effect stayed below this share of the least one. */
  readonly resolveShare: number;
}

export interface OpenPerformance {
  readonly raisedAtMs: number;
  readonly sinceMs: number;
  /** 1: the metric rose, −1: it fell. */
  readonly direction: 1 | -1;
  /** Mean of the metric since then, as it was last told. */
  readonly told: number;
  /** Outcomes in a row with an effect below the recovery level. */
  recovered: number;
}

export interface SavedPerformance {
  readonly open: OpenPerformance | null;
  /** Null while the reference is being made. */
  readonly detectors: readonly SavedMeanAbove[] | null;
}

/** What an alert says in numbers. */
export interface PerformanceFigures {
  /** Means over the window, and over the reference. */
  readonly current: number;
  readonly reference: number;
  /** Of what came since the change began: mean, and how far from the reference it lies for sure, at 95 % of a single look. */
  readonly since: Stretch;
  readonly effect: number;
}

export class PerformanceEvaluation {
  readonly metric: Metric;
  readonly window: ScoredWindow;
  /** False for a window that is no longer configured: it stays until what is open has resolved. */
  readonly canRaise: boolean;
  readonly #rule: PerformanceRule;
  #reference: ReferenceScores;
  /** Up, and for calibration down: more events than predicted are as bad as fewer. */
  readonly #directions: readonly (1 | -1)[];
  #detectors: readonly MeanAbove[] | null = null;
  open: OpenPerformance | null = null;

  /** @param window is filled by the caller, before `add` */
  constructor(
    metric: Metric,
    window: ScoredWindow,
    reference: ReferenceScores,
    rule: PerformanceRule,
    canRaise = true,
  ) {
    this.canRaise = canRaise;
    this.metric = metric;
    this.window = window;
    this.#reference = reference;
    this.#rule = rule;
    this.#directions = metric === 'calibration' ? [1, -1] : [1];
  }

  /** Statistic that raises: each direction has its share of the false alarms. */
  get threshold(): number {
    return this.#rule.outcomesPerFalseAlarm * this.#directions.length;
  }

  get statistic(): number {
    return Math.max(0, ...(this.#detectors ?? []).map((each) => each.statistic));
  }

  /** Change of the window against the reference; NaN when empty. */
  get effect(): number {
    return this.window.mean(this.metric) - this.#reference.mean(this.metric);
  }

  /** The reference is complete and its tolerance known: from here on outcomes are tested. */
  begin(): void {
    this.#detectors = this.#directions.map((sign) => {
      const level = this.#levelFrom(this.#reference.mean(this.metric), sign) + this.#reference.tolerance(this.metric);
      return new MeanAbove(this.#floor(sign), level);
    });
  }

  /** Tests nothing until `begin`, and then against this reference; what was open is over. */
  rebase(reference: ReferenceScores): void {
    this.#reference = reference;
    this.#detectors = null;
    this.open = null;
  }

  /** O(1), but O(W) when it raises. @param score of an outcome that is in the window already */
  add(score: number, timeMs: number): Transition | undefined {
    const detectors = this.#detectors;
    if (detectors === null) return undefined;
    for (const [at, sign] of this.#directions.entries()) (detectors[at] as MeanAbove).add(sign * score, timeMs);
    if (this.open !== null && this.#hasRecovered()) {
      this.open = null;
      this.begin();
      return 'resolved';
    }
    for (const [at, sign] of this.#directions.entries())
      if (this.#tells(detectors[at] as MeanAbove, sign)) return this.#tell(detectors[at] as MeanAbove, sign, timeMs);
    return undefined;
  }

  figures(): PerformanceFigures {
    const current = this.window.mean(this.metric);
    const reference = this.#reference.mean(this.metric);
    const since = this.window.since(this.metric, this.open?.sinceMs ?? Number.NEGATIVE_INFINITY);
    const sure = Math.max(0, Math.abs(since.mean - reference) - since.halfWidth);
    return { current, reference, since, effect: Math.max(Math.abs(current - reference), sure) };
  }

  save(): SavedPerformance {
    return {
      open: this.open === null ? null : { ...this.open },
      detectors: this.#detectors?.map((each) => each.save()) ?? null,
    };
  }

  restore({ open, detectors }: SavedPerformance): void {
    this.open = open === null ? null : { ...open };
    if (detectors === null) return;
    this.begin();
    for (const [at, saved] of detectors.entries()) this.#detectors?.[at]?.restore(saved);
  }

  #tells(detector: MeanAbove, sign: 1 | -1): boolean {
    if (!this.canRaise && this.open === null) return false;
    if (!this.window.isFull || detector.statistic < this.threshold) return false;
    if (this.open !== null && this.open.direction !== sign) return false;
    const from = this.open?.told ?? this.#reference.mean(this.metric);
    return sign * (this.window.mean(this.metric) - from) >= this.#rule.minPerformanceEffect;
  }

  #tell(detector: MeanAbove, direction: 1 | -1, timeMs: number): Transition {
    const { sinceMs } = detector;
    const { mean } = this.window.since(this.metric, sinceMs);
    const transition = this.open === null ? 'raised' : 'escalated';
    this.open = { raisedAtMs: this.open?.raisedAtMs ?? timeMs, sinceMs, direction, told: mean, recovered: 0 };
    // Told again only when it is worse than this, by a test of the same kind.
    detector.restart(this.#levelFrom(mean, direction));
    return transition;
  }

  #hasRecovered(): boolean {
    const open = this.open as OpenPerformance;
    const { resolveShare, minPerformanceEffect } = this.#rule;
    open.recovered = open.direction * this.effect < resolveShare * minPerformanceEffect ? open.recovered + 1 : 0;
    return open.recovered >= this.window.capacity;
  }

  #levelFrom(mean: number, sign: 1 | -1): number {
    return sign * mean + this.#rule.minPerformanceEffect;
  }

  #floor(sign: 1 | -1): number {
    return this.metric === 'calibration' || sign < 0 ? -1 : 0;
  }
}
