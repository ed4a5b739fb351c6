import { checkWhole } from '../anomaly-error.ts';
import { MEAN_TAIL } from '../forest/feature-tails.ts';
import type { RollingForest } from '../forest/rolling-forest.ts';
import { creditFeatures } from './credits.ts';

export interface Attribution {
  /** Index of the feature. */
  readonly feature: number;
  /** Whether its value is too high or too low for the rest of the row. */
  readonly direction: 'high' | 'low';
  /** Part of the score that it explains, in [0, 1]. */
  readonly share: number;
  /** The middle nine tenths of the feature in the reservoir; NaN when it holds none. */
  readonly expected: readonly [number, number];
  /** Score of the row with this feature at its median. */
  readonly counterfactual: number;
}

export interface Attributions {
  /** Share of every feature; they sum to 1 within 1e-9. */
  readonly shares: Float64Array;
  /** The features with the largest shares, descending. */
  readonly top: readonly Attribution[];
}

/**
 * Which features make a row odd. For flagged events: it allocates, and costs O(trees · leaves + top · rows · log rows).
 * A row that no feature makes odd has equal shares. @throws {AnomalyError} BAD_ROW, BAD_SETTING.
 */
export function attribute(forest: RollingForest, row: ArrayLike<number>, top: number): Attributions {
  const { dimensions } = forest.settings;
  checkWhole('top', top, 1, 4_096);
  const point = forest.pointOf(row);
  const [high, low] = [new Float64Array(dimensions), new Float64Array(dimensions)];
  creditFeatures(forest.trees, forest.places[2] as number, point, high, low);
  creditTails(forest, point, high, low);
  const shares = high.map((credit, feature) => Math.max(0, credit + (low[feature] as number)));
  const total = shares.reduce((sum, credit) => sum + credit, 0);
  for (let feature = 0; feature < dimensions; feature += 1)
    shares[feature] = total > 0 ? (shares[feature] as number) / total : 1 / dimensions;
  const order = Array.from(shares.keys()).sort((a, b) => (shares[b] as number) - (shares[a] as number) || a - b);
  const describe = (feature: number): Attribution => {
    const column = columnOf(forest, feature);
    const at = (share: number): number => column[Math.round(share * (column.length - 1))] ?? Number.NaN;
    return {
      feature,
      direction: (high[feature] as number) >= (low[feature] as number) ? 'high' : 'low',
      share: shares[feature] as number,
      expected: [at(0.05), at(0.95)],
      counterfactual: forest.score(point.with(feature, at(0.5))),
    };
  };
  return { shares, top: order.slice(0, top).map(describe) };
}

/** What the tails add to the score beyond what is usual, in the units of the trees' credits. */
function creditTails(forest: RollingForest, point: Float64Array, high: Float64Array, low: Float64Array): void {
  const present = point.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  const weight = ((forest.places[2] as number) * forest.settings.tailWeight) / Math.max(1, present);
  for (const [feature, value] of point.entries()) {
    const tail = forest.tails?.signedTail(feature, value) ?? 0;
    const side = tail > 0 ? high : low;
    side[feature] = (side[feature] as number) + weight * Math.max(0, Math.abs(tail) - MEAN_TAIL);
  }
}

/** Values of a feature in the reservoir, ascending, without missing ones. */
function columnOf(forest: RollingForest, feature: number): Float32Array {
  const { dimensions } = forest.settings;
  const filled = forest.places[0] as number;
  const column = new Float32Array(filled);
  let present = 0;
  for (let slot = 0; slot < filled; slot += 1) {
    const value = forest.rows[slot * dimensions + feature] as number;
    if (!Number.isNaN(value)) column[present++] = value;
  }
  return column.subarray(0, present).sort();
}
