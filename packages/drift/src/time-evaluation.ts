import { distanceOfBins } from './bin-distance.ts';
import type { EvaluationRule, OpenEvaluation, Transition } from './evaluation.ts';
import { PANES, PanedWindow, type SavedPane } from './paned-window.ts';
import type { Reference } from './reference.ts';
import { threshold } from './threshold.ts';

export interface TimeRule extends EvaluationRule {
  /** A window with fewer values is not evaluated, at least 1. */
  readonly minValues: number;
}

export interface SavedTimeEvaluation {
  readonly panes: readonly SavedPane[];
  /** Panes by their number; null before the first close. */
  readonly closed: number | null;
  readonly firstPane: number | null;
  readonly open: OpenEvaluation | null;
  /** End of the pane at which the recovery began, ms; null while D has not fallen below its level, or nothing is open. */
  readonly recoveringSinceMs: number | null;
  /** What was told of last; null while nothing is open, and where it is not known. */
  readonly told: ToldSpan | null;
}

/** What an open evaluation was last told of: the first whole span after that. */
export interface ToldSpan {
  /** When it was told, and once the span is over, its end, ms. */
  readonly atMs: number;
  /** Values of that span per bin; null before it is over. */
  readonly counts: Uint32Array | null;
  readonly statistic: number;
  readonly direction: number;
}

/**
 * The values of the last `spanMs` of a column, evaluated when a pane closes: raised at the first one at which D is at least the threshold for
 * as many values, resolved after a whole span below `resolveShare` of it. In between it escalates when the values have moved again: when two
 * spans that do not overlap, the first after it was told and a later one, differ by the level for two samples of their sizes.
 */
export class TimeEvaluation {
  readonly window: PanedWindow;
  readonly rule: TimeRule;
  /** False for a window that only waits for its open evaluation to resolve. */
  readonly canRaise: boolean;
  #firstPane: number | null = null;
  #open: OpenEvaluation | null = null;
  #recoveringSinceMs: number | null = null;
  #told: ToldSpan | null = null;

  /** @param spanMs as `PanedWindow` */
  constructor(reference: Reference, spanMs: number, rule: TimeRule, canRaise = true) {
    this.window = new PanedWindow(reference, spanMs);
    this.rule = rule;
    this.canRaise = canRaise;
  }

  get open(): OpenEvaluation | null {
    return this.#open;
  }

  /** No outcome on less than a whole span: half a day beside a reference of whole days would be drift of nothing but the hour. */
  get isWarmingUp(): boolean {
    const { closed, windowSize } = this.window;
    return this.#firstPane === null || closed - this.#firstPane < PANES - 1 || windowSize < this.rule.minValues;
  }

  /** D that raises, for the values in the window; 1 while it is empty. */
  get threshold(): number {
    const { reference, windowSize } = this.window;
    return windowSize === 0 ? 1 : threshold(reference.m, windowSize, this.rule);
  }

  /** A present value by its bin id, and its time. False when its pane has closed. O(1). */
  add(bin: number, timeMs: number): boolean {
    return this.window.add(bin, timeMs);
  }

  /** Closes what the watermark allows, and tells of each pane that changes the outcome while the window is as it was then. O(k) a pane. */
  close(watermarkMs: number, visit: (transition: Transition, endMs: number) => void): void {
    this.window.close(watermarkMs, (endMs) => {
      this.#firstPane ??= this.window.closed;
      if (this.isWarmingUp) return;
      const transition = this.#evaluate(endMs);
      if (transition !== undefined) visit(transition, endMs);
    });
  }

  /** What `restore` needs, copied. O(k) a pane. */
  save(): SavedTimeEvaluation {
    const { closed } = this.window;
    return {
      panes: this.window.save(),
      closed: Number.isFinite(closed) ? closed : null,
      firstPane: this.#firstPane,
      open: this.#open,
      recoveringSinceMs: this.#recoveringSinceMs,
      told: this.#told,
    };
  }

  /** Into a new evaluation: what `save` gave. */
  restore({ panes, closed, firstPane, open, recoveringSinceMs, told }: SavedTimeEvaluation): void {
    this.window.restore(panes, closed ?? Number.NEGATIVE_INFINITY);
    this.#firstPane = firstPane;
    this.#open = open === null ? null : { raisedAtMs: open.raisedAtMs, sinceMs: open.sinceMs };
    this.#recoveringSinceMs = recoveringSinceMs;
    this.#told = told ?? (open === null ? null : toldAt(this.window.endMs));
  }

  #evaluate(endMs: number): Transition | undefined {
    const { statistic } = this.window.read();
    const level = this.threshold;
    if (this.#open === null) {
      if (!this.canRaise || statistic < level) return undefined;
      this.#open = { raisedAtMs: endMs, sinceMs: this.window.onsetMs() };
      this.#told = toldAt(endMs);
      return 'raised';
    }
    const isNews = this.#moved(endMs);
    if (statistic >= level * this.rule.resolveShare) {
      this.#recoveringSinceMs = null;
      if (!isNews || statistic < level) return undefined;
      this.#open = { ...this.#open, sinceMs: this.window.onsetMs() };
      return 'escalated';
    }
    this.#recoveringSinceMs ??= endMs;
    if (endMs - this.#recoveringSinceMs < this.window.spanMs) return undefined;
    this.#open = null;
    this.#told = null;
    this.#recoveringSinceMs = null;
    return 'resolved';
  }

  /** Whether the window has moved from the span that was told of, and not only back towards the reference. */
  #moved(endMs: number): boolean {
    const told = this.#told as ToldSpan;
    if (endMs < told.atMs + this.window.spanMs) return false;
    const { statistic, direction, windowSize } = this.window.read();
    const counts = this.window.counts();
    if (told.counts === null) {
      this.#told = { atMs: endMs, counts, statistic, direction };
      return false;
    }
    const { distance, size } = distanceOfBins(told.counts, counts);
    if (distance < threshold(size, windowSize, this.rule)) return false;
    this.#told = toldAt(endMs);
    return statistic >= told.statistic || direction !== told.direction;
  }
}

function toldAt(atMs: number): ToldSpan {
  return { atMs, counts: null, statistic: 0, direction: 0 };
}
