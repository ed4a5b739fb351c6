/** One column of a scan: its window as a service would evaluate it, and the whole file. */
import { CountEvaluation } from '@weir/drift/count-evaluation';
import type { EvaluationRule, OpenEvaluation, Transition } from '@weir/drift/evaluation';
import { expectedMissingShare, MissingEvaluation } from '@weir/drift/missing-evaluation';
import { kolmogorovPValue } from '@weir/stats/kolmogorov-exact';
import type { ReferenceSample } from '../../tables/reference-sample.ts';
import type { Values } from '../../tables/table.ts';

/** Cells of the exact law, about 3 ns each. */
export const EXACT_CELLS = 200_000;

/** D of the window at one row. */
export interface Evaluation {
  readonly row: number;
  readonly column: string;
  readonly d: number;
  /** In JSON null where it is infinite. */
  readonly at: number;
  readonly p: number;
  readonly n: number;
  readonly m: number;
}

/** What a window raised, by rows of CUR from 1. */
export interface Alert {
  /** As a service names it: ks-1000, missing-1000. */
  readonly rule: string;
  readonly raisedRow: number;
  /** Where what it tells of most probably began. */
  readonly sinceRow: number;
  /** Null while it is open at the last row. */
  resolvedRow: number | null;
}

/** An alert that has just been raised or resolved. */
export interface Change {
  readonly transition: Transition;
  readonly row: number;
  readonly alert: Alert;
}

export class ColumnScan {
  readonly name: string;
  readonly sample: ReferenceSample;
  readonly alerts: Alert[] = [];
  /** Of the whole file, per bin of the reference. */
  readonly counts: Uint32Array;
  /** Of the window at the first row that raised; undefined when none did. */
  raisedCounts: Uint32Array | undefined;
  present = 0;
  missing = 0;
  infinite = 0;
  /** With the largest D; undefined when there was none. */
  worst: Evaluation | undefined;
  readonly #window: CountEvaluation;
  readonly #missingWindow: MissingEvaluation;
  /** p-values of the full window by height: few differ. */
  readonly #pValues = new Map<number, number>();
  #evaluatedRow = 0;

  /** @throws {RangeError} when reference and window are too large for D to be exact */
  constructor(name: string, sample: ReferenceSample, window: number, rule: EvaluationRule) {
    this.name = name;
    this.sample = sample;
    const { reference, missing } = sample;
    this.#window = new CountEvaluation(reference, window, rule);
    this.#missingWindow = new MissingEvaluation(window, expectedMissingShare(reference.m, missing), rule);
    this.counts = new Uint32Array(2 * reference.values.length + 1);
  }

  /** Cells [start, end) of `values`, of which the first stands in `row`. */
  add(values: Values, start: number, end: number, row: number, tell: (change: Change) => void): void {
    for (let index = start; index < end; index += 1) {
      const value = values[index] as number | bigint;
      const at = row + index - start;
      const isMissing = Number.isNaN(value);
      if (isMissing || this.#missingWindow.open !== null) this.#addToMissing(at, isMissing, tell);
      if (isMissing) continue;
      if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) this.infinite += 1;
      const bin = this.sample.binOf(value);
      this.counts[bin] = (this.counts[bin] as number) + 1;
      this.present += 1;
      const transition = this.#window.add(bin, at);
      if (transition === undefined) continue;
      if (transition === 'raised') this.raisedCounts ??= this.#window.ks.counts();
      this.#note(`ks-${this.#window.ks.capacity}`, transition, at, this.#window.open, tell);
    }
  }

  /** D of the window as it is at `row`, or undefined while it is not full; a window that never filled is evaluated at the last row. */
  evaluate(row: number, isLast: boolean): Evaluation | undefined {
    const { full, windowSize, height } = this.#window.ks;
    const isDue = full ? row > this.#evaluatedRow : isLast && windowSize > 0;
    if (!isDue) return undefined;
    this.#evaluatedRow = row;
    const { m } = this.sample.reference;
    const { statistic: d, at } = this.#window.ks.read();
    let p = full ? this.#pValues.get(height) : undefined;
    if (p === undefined) {
      p = kolmogorovPValue(m, windowSize, height, EXACT_CELLS);
      if (full) this.#pValues.set(height, p);
    }
    const evaluation = { row, column: this.name, d, at: this.sample.valueOf(at), p, n: windowSize, m };
    if (this.worst === undefined || d > this.worst.d) this.worst = evaluation;
    return evaluation;
  }

  #addToMissing(row: number, isMissing: boolean, tell: (change: Change) => void): void {
    if (isMissing) this.missing += 1;
    const transition = this.#missingWindow.add(row, isMissing, row);
    if (transition !== undefined)
      this.#note(`missing-${this.#missingWindow.missing.capacity}`, transition, row, this.#missingWindow.open, tell);
  }

  #note(
    rule: string,
    transition: Transition,
    row: number,
    open: OpenEvaluation | null,
    tell: (change: Change) => void,
  ): void {
    if (transition === 'raised')
      this.alerts.push({ rule, raisedRow: row, sinceRow: open?.sinceMs ?? row, resolvedRow: null });
    const alert = this.alerts.findLast((each) => each.rule === rule) as Alert;
    if (transition === 'resolved') alert.resolvedRow = row;
    tell({ transition, row, alert });
  }
}
