/** Scores of rows by the anomaly detector's own forest and calibration, which a reference file takes through their warm-up. */
import { chanceOfOdd } from '@weir/anomaly/calibration/odd-count';
import { RecentScores } from '@weir/anomaly/calibration/recent-scores';
import { RuleTable } from '@weir/anomaly/quality/rule-table';
import type { Rules } from '@weir/anomaly/quality/rules';
import { ANOMALY_DEFAULTS } from '@weir/anomaly-detector/config';
import { featuresOf } from '@weir/anomaly-detector/observe-outliers';
import { Outliers } from '@weir/anomaly-detector/outliers';
import { type Dependence, dependenceOf } from '@weir/stats/serial-dependence';
import type { FileColumns } from '../rules/file-columns.ts';
import type { ScoreOptions } from './options.ts';
import { finestLevel, leastRows, type ScoreSplit, splitOf } from './score-split.ts';

export interface RowScore {
  /** In (0, 1), higher is odder. */
  readonly score: number;
  /** Against the held-out rows, in (0, 1]. */
  readonly pValue: number;
  /** p ≤ α. */
  readonly isOdd: boolean;
}

export interface OddFeature {
  readonly feature: string;
  /** Too high or too low for the rest of the row; of a category: rarer or more usual. */
  readonly direction: 'high' | 'low';
  /** Part of the score that it explains, in [0, 1]. */
  readonly share: number;
  /** Null = missing, or pairs of categories; infinite numbers as text, which JSON has no number for. */
  readonly observed: number | string | null;
  /** The middle nine tenths of the rows that were learnt, of columns that do not go together given the other one; null of categories. */
  readonly expected: readonly [number, number] | null;
}

/** Of all rows that were scored. */
export interface ScoreCounts {
  readonly alpha: number;
  readonly rows: number;
  readonly odd: number;
  /** Odd rows under no change: rows · α; beyond the largest held-out score the tail may give fewer. */
  readonly expected: number;
  /** Probability of so many or more under no change. */
  readonly chance: number;
  readonly split: ScoreSplit;
}

/** One pass over the reference, then a row at a time. Memory is that of the forest. */
export class RowScores {
  readonly alpha: number;
  readonly split: ScoreSplit;
  /** Of the held-out scores on those before them. */
  readonly dependence: Dependence;
  readonly #outliers: Outliers;
  readonly #columns: FileColumns;
  #rows = 0;
  #odd = 0;

  /** @param outliers `ready` after the rows of `split`. */
  private constructor(outliers: Outliers, columns: FileColumns, alpha: number, split: ScoreSplit, held: RecentScores) {
    this.alpha = alpha;
    this.split = split;
    this.dependence = dependenceOf(held.ranks());
    this.#outliers = outliers;
    this.#columns = columns;
  }

  /**
   * Warmed up as the detector is on a stream of the reference's rows: those that break a rule are left out, the others come in file order.
   * @param reference with the outputs last of its numbers; @param rules of it; @param model whose forest it is: its name is the seed.
   * O(rows · columns)
   * @returns why there are no scores, where there can be none
   */
  static of(reference: FileColumns, rules: Rules, { alpha, model, outputs }: ScoreOptions): RowScores | string {
    const names = {
      numbers: [...reference.numbers.keys()],
      outputs: new Set(outputs).size,
      texts: [...reference.texts.keys()],
    };
    const { path } = reference;
    if (!Outliers.isPossible(names))
      return `${path} has more columns, or only columns of text and too many, for a forest`;
    const isClean = cleanRows(reference, rules);
    const count = isClean.reduce((sum, each) => sum + each, 0);
    const split = splitOf(count, alpha);
    if (split === undefined) return tooFewRows(path, count, alpha);
    const outliers = new Outliers(model, names, {
      ...ANOMALY_DEFAULTS,
      learnEvents: split.learn,
      heldOutEvents: split.heldOut,
      eventsPerAlarm: 1 / alpha,
    });
    const held = new RecentScores(split.heldOut);
    const numbers = new Float64Array(names.numbers.length);
    const texts: (string | null)[] = names.texts.map(() => null);
    let clean = 0;
    for (let row = 0; outliers.phase !== 'ready'; row += 1) {
      if (isClean[row] !== 1) continue;
      clean += 1;
      if ((clean - 1) % split.stride !== 0) continue;
      loadRow(reference, row, numbers, texts);
      if (outliers.phase === 'scoring') held.push(outliers.score(numbers, 0, texts, 0));
      outliers.warm(numbers, 0, texts, 0);
    }
    return new RowScores(outliers, reference, alpha, split, held);
  }

  /** The next row: values in the order of the reference's columns, NaN or null = missing. */
  add(numbers: Float64Array, texts: readonly (string | null)[]): RowScore {
    const score = this.#outliers.score(numbers, 0, texts, 0);
    const pValue = this.#outliers.referencePValue(score);
    const isOdd = this.#outliers.isOdd(pValue);
    this.#rows += 1;
    if (isOdd) this.#odd += 1;
    return { score, pValue, isOdd };
  }

  /** What makes a row odd, as alerts say it: the largest shares first. It allocates, for rows that are told of. */
  featuresOf(numbers: Float64Array, texts: readonly (string | null)[]): readonly OddFeature[] {
    this.#outliers.score(numbers, 0, texts, 0);
    const values = new Map<string, number | string | null>();
    for (const [at, name] of [...this.#columns.numbers.keys()].entries()) values.set(name, toldNumber(numbers[at]));
    for (const [at, name] of [...this.#columns.texts.keys()].entries()) values.set(name, texts[at] ?? null);
    return featuresOf(this.#outliers).map(({ feature, direction, share, expectedLow, expectedHigh }) => ({
      feature,
      direction: direction > 0 ? 'high' : 'low',
      share,
      observed: values.get(feature) ?? null,
      expected: Number.isNaN(expectedLow) ? null : [expectedLow, expectedHigh],
    }));
  }

  get counts(): ScoreCounts {
    const { alpha, split } = this;
    const [rows, odd] = [this.#rows, this.#odd];
    return { alpha, rows, odd, expected: rows * alpha, chance: chanceOfOdd(alpha, split.heldOut, rows, odd), split };
  }
}

function toldNumber(value: number | undefined): number | string | null {
  if (value === undefined || Number.isNaN(value)) return null;
  return Number.isFinite(value) ? value : String(value);
}

/** 1 for each row that breaks no rule. */
function cleanRows(reference: FileColumns, rules: Rules): Uint8Array {
  const table = new RuleTable(rules);
  const numeric = new Float64Array(reference.numbers.size);
  const categorical: (string | null)[] = Array.from({ length: reference.texts.size }, () => null);
  return Uint8Array.from({ length: reference.rows }, (_, row) => {
    loadRow(reference, row, numeric, categorical);
    return table.check({ numeric, categorical }) === 0 ? 1 : 0;
  });
}

function loadRow(
  { numbers, texts }: FileColumns,
  row: number,
  intoNumbers: Float64Array,
  intoTexts: (string | null)[],
) {
  let at = 0;
  for (const column of numbers.values()) intoNumbers[at++] = column[row] as number;
  at = 0;
  for (const column of texts.values()) intoTexts[at++] = column[row] as string | null;
}

function tooFewRows(path: string, rows: number, alpha: number): string {
  const finest = finestLevel(rows);
  const cure = finest === undefined ? 'give more rows' : `give more rows, or --alpha ${finest}`;
  return `${path} has ${rows} rows that break no rule; p ≤ ${alpha} needs ${leastRows(alpha)}: ${cure}`;
}
